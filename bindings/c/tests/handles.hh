// The C API with handles that free themselves, so that a failing assertion leaks nothing.
#pragma once

#include <gtest/gtest.h>
#include <kmsak.h>

#include <cstdint>
#include <memory>
#include <string>

#include "emulator.hh"

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Provider = std::unique_ptr<kmsak_provider, Freed<kmsak_provider_free>>;
using Credentials = std::unique_ptr<kmsak_credentials, Freed<kmsak_credentials_free>>;
using Secret = std::unique_ptr<kmsak_secret, Freed<kmsak_secret_free>>;
using Error = std::unique_ptr<kmsak_error, Freed<kmsak_error_free>>;
using Config = std::unique_ptr<kmsak_config, Freed<kmsak_config_free>>;
using Gateway = std::unique_ptr<kmsak_gateway, Freed<kmsak_gateway_free>>;
using Subscription = std::unique_ptr<kmsak_subscription, Freed<kmsak_subscription_free>>;
using Fixed = std::unique_ptr<kmsak_fixed, Freed<kmsak_fixed_free>>;
using Pending = std::unique_ptr<kmsak_pending, Freed<kmsak_pending_free>>;
using Stats = std::unique_ptr<kmsak_stats, Freed<kmsak_stats_free>>;

// What a call answered, in one value.
template <typename Handle>
struct Answer {
  kmsak_status status;
  Handle value;
  Error error;
};

template <typename Handle, typename F>
Answer<Handle> ask(F&& f) {
  typename Handle::element_type* value = nullptr;
  kmsak_error* error = nullptr;
  const kmsak_status status = f(&value, &error);
  EXPECT_EQ(status == KMSAK_OK, value != nullptr);
  EXPECT_EQ(status == KMSAK_OK, error == nullptr);
  EXPECT_EQ(kmsak_error_status(error), status);
  return {status, Handle(value), Error(error)};
}

inline Answer<Provider> from_file(const std::string& path) {
  return ask<Provider>([&](auto** out, auto** error) { return kmsak_provider_from_file(path.c_str(), out, error); });
}
inline Provider provider() { return from_file(emulator::on_the_cloud()).value; }
inline Answer<Credentials> credentials(const Provider& provider, const std::string& name = emulator::kSecret) {
  return ask<Credentials>([&](auto** out, auto** error) {
    return kmsak_provider_credentials(provider.get(), name.c_str(), out, error);
  });
}
inline Answer<Credentials> renew(const Provider& provider, const std::string& rejected) {
  return ask<Credentials>([&](auto** out, auto** error) {
    return kmsak_provider_renew(provider.get(), emulator::kSecret.c_str(), rejected.c_str(), out, error);
  });
}
inline Answer<Secret> secret(const Provider& provider, const std::string& name = emulator::kSecret) {
  return ask<Secret>([&](auto** out, auto** error) {
    return kmsak_provider_secret(provider.get(), name.c_str(), out, error);
  });
}
inline Answer<Secret> refresh(const Provider& provider, const std::string& name = emulator::kSecret) {
  return ask<Secret>([&](auto** out, auto** error) {
    return kmsak_provider_refresh(provider.get(), name.c_str(), out, error);
  });
}
// How many fetches of `name` have succeeded: requests are more, where an answer is so late that another was sent beside it.
inline std::uint64_t fetches(const Provider& provider, const std::string& name = emulator::kSecret) {
  const Stats stats(kmsak_provider_stats(provider.get()));
  for (std::size_t i = 0; i < kmsak_stats_secret_count(stats.get()); ++i) {
    const kmsak_secret_stats* one = kmsak_stats_secret(stats.get(), i);
    if (name == kmsak_secret_stats_name(one)) return kmsak_secret_stats_fetches(one);
  }
  return 0;
}
inline std::string id_of(const Credentials& credentials) { return kmsak_credentials_access_key_id(credentials.get()); }
