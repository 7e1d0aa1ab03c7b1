// NULL and invalid UTF-8 everywhere: a status or an empty answer, never a crash.
#include <cstdint>

#include "handles.hh"

namespace {

constexpr const char* kBad = "\xc3\x28";

// For calls whose parameters are a handle, texts, an answer and an error.
template <typename Out, typename F>
void refused(F&& f) {
  Out* out = reinterpret_cast<Out*>(std::uintptr_t{16});
  kmsak_error* error = nullptr;
  EXPECT_EQ(f(&out, &error), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(out, nullptr);
  EXPECT_EQ(kmsak_error_status(error), KMSAK_INVALID_ARGUMENT);
  EXPECT_STRNE(kmsak_error_message(error), "");
  kmsak_error_free(error);
  kmsak_error** nowhere = nullptr;
  EXPECT_EQ(f(&out, nowhere), KMSAK_INVALID_ARGUMENT);
}

kmsak_status status_of_opening(const Config& config) {
  return ask<Provider>([&](auto** out, auto** error) { return kmsak_provider_open(config.get(), out, error); }).status;
}

TEST(Arguments, OfOpening) {
  for (const char* path : {static_cast<const char*>(nullptr), kBad}) {
    refused<kmsak_provider>([&](auto** out, auto** error) { return kmsak_provider_from_file(path, out, error); });
  }
  refused<kmsak_provider>([](auto** out, auto** error) { return kmsak_provider_open(nullptr, out, error); });
  EXPECT_EQ(kmsak_provider_from_env(nullptr, nullptr), KMSAK_INVALID_ARGUMENT);
  Config config(kmsak_config_new());
  EXPECT_EQ(kmsak_config_properties_file(config.get(), emulator::on_the_cloud().c_str()), KMSAK_OK);
  EXPECT_EQ(kmsak_provider_open(config.get(), nullptr, nullptr), KMSAK_INVALID_ARGUMENT);
  // Good parameters, but nowhere to write the answer.
  kmsak_error* error = nullptr;
  EXPECT_EQ(kmsak_provider_from_file(emulator::on_the_cloud().c_str(), nullptr, &error), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_error_status(error), KMSAK_INVALID_ARGUMENT);
  kmsak_error_free(error);
  EXPECT_EQ(kmsak_provider_from_file(emulator::on_the_cloud().c_str(), nullptr, nullptr), KMSAK_INVALID_ARGUMENT);
}

template <typename Out, typename F>
void of_named(F call) {
  Provider provider = ::provider();
  refused<Out>([&](auto** out, auto** error) { return call(nullptr, emulator::kSecret.c_str(), out, error); });
  refused<Out>([&](auto** out, auto** error) { return call(provider.get(), nullptr, out, error); });
  refused<Out>([&](auto** out, auto** error) { return call(provider.get(), kBad, out, error); });
  kmsak_error* error = nullptr;
  EXPECT_EQ(call(provider.get(), emulator::kSecret.c_str(), nullptr, &error), KMSAK_INVALID_ARGUMENT);
  kmsak_error_free(error);
}

TEST(Arguments, OfReading) {
  of_named<kmsak_credentials>(kmsak_provider_credentials);
  of_named<kmsak_secret>(kmsak_provider_secret);
  of_named<kmsak_secret>(kmsak_provider_refresh);
  Provider provider = ::provider();
  for (const char* bad : {static_cast<const char*>(nullptr), kBad}) {
    refused<kmsak_credentials>(
        [&](auto** out, auto** error) { return kmsak_provider_renew(provider.get(), "a", bad, out, error); });
    refused<kmsak_credentials>(
        [&](auto** out, auto** error) { return kmsak_provider_renew(provider.get(), bad, "a", out, error); });
    refused<kmsak_secret>(
        [&](auto** out, auto** error) { return kmsak_provider_secret_at_stage(provider.get(), "a", bad, out, error); });
    refused<kmsak_secret>(
        [&](auto** out, auto** error) { return kmsak_provider_secret_at_stage(provider.get(), bad, "a", out, error); });
    refused<kmsak_subscription>([&](auto** out, auto** error) {
      return kmsak_provider_subscribe(provider.get(), nullptr, nullptr, nullptr, out, error);
    });
    EXPECT_EQ(kmsak_provider_cached_credentials(provider.get(), bad), nullptr);
    EXPECT_EQ(kmsak_provider_cached_secret(provider.get(), bad), nullptr);
    EXPECT_FALSE(kmsak_provider_is_rejection(provider.get(), bad, nullptr));
    EXPECT_FALSE(kmsak_is_rejection(bad, "AccessKeyId"));
    EXPECT_TRUE(kmsak_is_rejection("InvalidAccessKeyId", bad));
    EXPECT_FALSE(kmsak_is_rejection("Unauthorized", bad));
  }
  refused<kmsak_credentials>([](auto** out, auto** error) { return kmsak_provider_renew(nullptr, "a", "b", out, error); });
  refused<kmsak_secret>(
      [](auto** out, auto** error) { return kmsak_provider_secret_at_stage(nullptr, "a", "b", out, error); });
  EXPECT_EQ(kmsak_provider_renew(provider.get(), "a", "b", nullptr, nullptr), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_provider_secret_at_stage(provider.get(), "a", "b", nullptr, nullptr), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_provider_cached_credentials(nullptr, "a"), nullptr);
  EXPECT_EQ(kmsak_provider_cached_secret(nullptr, "a"), nullptr);
  EXPECT_EQ(kmsak_provider_start_warning_count(nullptr), 0u);
  EXPECT_EQ(kmsak_provider_start_warning(nullptr, 0), nullptr);
  EXPECT_EQ(kmsak_provider_start_warning(provider.get(), 0), nullptr);
  EXPECT_EQ(emulator::requests("a"), 0u) << "where no answer can be written, nothing is asked";
  EXPECT_FALSE(kmsak_provider_is_rejection(nullptr, "InvalidAccessKeyId", nullptr));
  EXPECT_EQ(kmsak_provider_stats(nullptr), nullptr);
  EXPECT_TRUE(kmsak_provider_is_closed(nullptr));
  kmsak_provider_close(nullptr);
}

TEST(Arguments, OfGettersAndFrees) {
  EXPECT_EQ(kmsak_credentials_access_key_id(nullptr), nullptr);
  EXPECT_EQ(kmsak_credentials_access_key_secret(nullptr), nullptr);
  EXPECT_EQ(kmsak_credentials_version_id(nullptr), nullptr);
  EXPECT_EQ(kmsak_credentials_generate_timestamp(nullptr), nullptr);
  EXPECT_EQ(kmsak_credentials_expire_timestamp(nullptr), nullptr);
  EXPECT_EQ(kmsak_credentials_refresh_interval_ms(nullptr), -1);
  EXPECT_EQ(kmsak_credentials_schedule_rotate_timestamp_unix(nullptr), -1);
  EXPECT_EQ(kmsak_credentials_secret(nullptr), nullptr);
  EXPECT_EQ(kmsak_credentials_clone(nullptr), nullptr);
  for (auto getter : {kmsak_secret_name, kmsak_secret_type, kmsak_secret_version_id, kmsak_secret_create_time,
                      kmsak_secret_request_id, kmsak_secret_automatic_rotation, kmsak_secret_extended_config}) {
    EXPECT_EQ(getter(nullptr), nullptr);
  }
  std::size_t length = 7;
  EXPECT_EQ(kmsak_secret_bytes(nullptr, &length), nullptr);
  EXPECT_EQ(length, 0u);
  EXPECT_EQ(kmsak_secret_bytes(nullptr, nullptr), nullptr);
  EXPECT_FALSE(kmsak_secret_is_binary(nullptr));
  EXPECT_EQ(kmsak_secret_version_stage_count(nullptr), 0u);
  EXPECT_EQ(kmsak_secret_version_stage(nullptr, 0), nullptr);
  EXPECT_EQ(kmsak_secret_last_rotation_date_unix(nullptr), -1);
  EXPECT_EQ(kmsak_secret_next_rotation_date_unix(nullptr), -1);
  EXPECT_EQ(kmsak_secret_rotation_interval_ms(nullptr), -1);
  EXPECT_EQ(kmsak_secret_clone(nullptr), nullptr);
  EXPECT_EQ(kmsak_error_status(nullptr), KMSAK_OK);
  EXPECT_STREQ(kmsak_error_kind(nullptr), "ok");
  EXPECT_EQ(kmsak_error_code(nullptr), nullptr);
  EXPECT_EQ(kmsak_error_request_id(nullptr), nullptr);
  EXPECT_FALSE(kmsak_error_retryable(nullptr));
  EXPECT_EQ(kmsak_error_http_status(nullptr), 0);
  EXPECT_STREQ(kmsak_error_message(nullptr), "");
  EXPECT_EQ(kmsak_error_cause(nullptr), nullptr);
  EXPECT_EQ(kmsak_error_os_code(nullptr), 0);
  EXPECT_EQ(kmsak_event_get_kind(nullptr), KMSAK_EVENT_OTHER);
  for (auto getter : {kmsak_event_name, kmsak_event_secret, kmsak_event_version_id, kmsak_event_old_access_key_id,
                      kmsak_event_new_access_key_id, kmsak_event_endpoint, kmsak_event_key_id, kmsak_event_old_key_id,
                      kmsak_event_new_key_id, kmsak_event_identity, kmsak_event_access_key_id}) {
    EXPECT_EQ(getter(nullptr), nullptr);
  }
  EXPECT_EQ(kmsak_event_error(nullptr), nullptr);
  for (auto getter : {kmsak_event_stale_for_ms, kmsak_event_next_try_in_ms, kmsak_event_age_ms, kmsak_event_not_after_unix,
                      kmsak_event_days_left, kmsak_event_expires_unix}) {
    EXPECT_EQ(getter(nullptr), -1);
  }
  EXPECT_EQ(kmsak_stats_secret_count(nullptr), 0u);
  EXPECT_EQ(kmsak_stats_secret(nullptr, 0), nullptr);
  EXPECT_EQ(kmsak_stats_endpoint_count(nullptr), 0u);
  EXPECT_EQ(kmsak_stats_endpoint(nullptr, 0), nullptr);
  EXPECT_EQ(kmsak_stats_client_key_count(nullptr), 0u);
  EXPECT_EQ(kmsak_stats_client_key(nullptr, 0), nullptr);
  EXPECT_EQ(kmsak_stats_identity_count(nullptr), 0u);
  EXPECT_EQ(kmsak_stats_identity(nullptr, 0), nullptr);
  for (auto getter : {kmsak_identity_info_kind, kmsak_identity_info_name, kmsak_identity_info_access_key_id,
                      kmsak_identity_info_origin}) {
    EXPECT_EQ(getter(nullptr), nullptr);
  }
  EXPECT_EQ(kmsak_identity_info_expires_unix(nullptr), -1);
  EXPECT_EQ(kmsak_identity_info_last_error(nullptr), nullptr);
  EXPECT_EQ(kmsak_stats_clock_skew_ms(nullptr), 0);
  EXPECT_EQ(kmsak_secret_stats_name(nullptr), nullptr);
  EXPECT_EQ(kmsak_secret_stats_version_id(nullptr), nullptr);
  EXPECT_EQ(kmsak_secret_stats_access_key_id(nullptr), nullptr);
  EXPECT_EQ(kmsak_secret_stats_age_ms(nullptr), -1);
  EXPECT_EQ(kmsak_secret_stats_stale_for_ms(nullptr), -1);
  EXPECT_EQ(kmsak_secret_stats_next_refresh_in_ms(nullptr), -1);
  EXPECT_EQ(kmsak_secret_stats_fetches(nullptr), 0u);
  EXPECT_EQ(kmsak_secret_stats_failures(nullptr), 0u);
  EXPECT_EQ(kmsak_secret_stats_renewals(nullptr), 0u);
  EXPECT_EQ(kmsak_secret_stats_last_error(nullptr), nullptr);
  EXPECT_EQ(kmsak_endpoint_stats_endpoint(nullptr), nullptr);
  EXPECT_FALSE(kmsak_endpoint_stats_down(nullptr));
  EXPECT_EQ(kmsak_endpoint_stats_latency_us(nullptr), -1);
  EXPECT_EQ(kmsak_endpoint_stats_requests(nullptr), 0u);
  EXPECT_EQ(kmsak_endpoint_stats_failures(nullptr), 0u);
  EXPECT_EQ(kmsak_endpoint_stats_throttled_for_ms(nullptr), -1);
  EXPECT_EQ(kmsak_client_key_stats_key_id(nullptr), nullptr);
  EXPECT_EQ(kmsak_client_key_stats_instance_id(nullptr), nullptr);
  EXPECT_EQ(kmsak_client_key_stats_not_before_unix(nullptr), -1);
  EXPECT_EQ(kmsak_client_key_stats_not_after_unix(nullptr), -1);
  EXPECT_EQ(kmsak_client_key_stats_days_left(nullptr), 0u);

  kmsak_provider_free(nullptr);
  kmsak_credentials_free(nullptr);
  kmsak_secret_free(nullptr);
  kmsak_error_free(nullptr);
  kmsak_config_free(nullptr);
  kmsak_gateway_free(nullptr);
  kmsak_subscription_free(nullptr);
  kmsak_stats_free(nullptr);
  kmsak_log(KMSAK_LOG_ERROR, nullptr);
  kmsak_log(KMSAK_LOG_ERROR, kBad);
  kmsak_log(-1, "an odd level");
  kmsak_log(99, "an odd level");
}

TEST(Arguments, OfConfigurations) {
  using TextSetter = kmsak_status (*)(kmsak_config*, const char*);
  for (TextSetter set : {kmsak_config_properties_file, kmsak_config_client_key_file, kmsak_config_client_key_password_file,
                         kmsak_config_client_key_password_env, kmsak_config_http_proxy, kmsak_config_https_proxy,
                         kmsak_config_no_proxy, kmsak_config_cache_file}) {
    EXPECT_EQ(set(nullptr, "a"), KMSAK_INVALID_ARGUMENT);
    for (const char* bad : {static_cast<const char*>(nullptr), kBad}) {
      Config config(kmsak_config_new());
      EXPECT_EQ(set(config.get(), bad), KMSAK_INVALID_ARGUMENT);
    }
  }
  using NumberSetter = kmsak_status (*)(kmsak_config*, std::uint64_t);
  for (NumberSetter set :
       {kmsak_config_rotation_interval_ms, kmsak_config_delay_interval_ms, kmsak_config_jitter_interval_ms,
        kmsak_config_connect_timeout_ms, kmsak_config_read_timeout_ms, kmsak_config_fetch_deadline_ms,
        kmsak_config_renew_deadline_ms, kmsak_config_renew_refill_interval_ms, kmsak_config_max_stale_ms}) {
    EXPECT_EQ(set(nullptr, 1000), KMSAK_INVALID_ARGUMENT);
    // What makes no sense is told when the provider is opened.
    Config config(kmsak_config_new());
    EXPECT_EQ(kmsak_config_properties_file(config.get(), emulator::on_the_cloud().c_str()), KMSAK_OK);
    EXPECT_EQ(set(config.get(), UINT64_MAX), KMSAK_OK);
    EXPECT_EQ(status_of_opening(config), KMSAK_CONFIGURATION);
  }
  EXPECT_EQ(kmsak_config_renew_tokens(nullptr, 1), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_config_environment(nullptr), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_config_usual_places(nullptr), KMSAK_INVALID_ARGUMENT);
  const char* good_list[] = {"a", "b"};
  Gateway gateway(kmsak_gateway_instance());
  EXPECT_EQ(kmsak_config_property(nullptr, "rotation_interval", "1000"), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_config_properties_text(nullptr, "", 0, nullptr), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_config_gateway(nullptr, gateway.get()), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_config_client_key(nullptr, "{}", 2), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_config_client_key_password(nullptr, "a", 1), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_config_secret_names(nullptr, good_list, 2), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_config_rejection_codes(nullptr, good_list, 2), KMSAK_INVALID_ARGUMENT);

  const auto broken = [](auto set) {
    Config config(kmsak_config_new());
    EXPECT_EQ(set(config.get()), KMSAK_INVALID_ARGUMENT);
    EXPECT_EQ(status_of_opening(config), KMSAK_INVALID_ARGUMENT);
  };
  const char* bad_list[] = {"a", nullptr};
  const char* list_of_bytes[] = {"a", kBad};
  broken([](auto* config) { return kmsak_config_property(config, nullptr, "a"); });
  broken([](auto* config) { return kmsak_config_property(config, "a", nullptr); });
  broken([](auto* config) { return kmsak_config_property(config, "a", kBad); });
  broken([](auto* config) { return kmsak_config_properties_text(config, nullptr, 0, nullptr); });
  broken([](auto* config) { return kmsak_config_properties_text(config, "a", 1, kBad); });
  broken([](auto* config) { return kmsak_config_properties_text(config, "a", SIZE_MAX, nullptr); });
  broken([](auto* config) { return kmsak_config_client_key(config, nullptr, 3); });
  broken([](auto* config) { return kmsak_config_client_key_password(config, "a", SIZE_MAX); });
  broken([](auto* config) { return kmsak_config_gateway(config, nullptr); });
  broken([](auto* config) { return kmsak_config_secret_names(config, nullptr, 1); });
  broken([&](auto* config) { return kmsak_config_secret_names(config, bad_list, 2); });
  broken([&](auto* config) { return kmsak_config_secret_names(config, bad_list, SIZE_MAX); });
  broken([&](auto* config) { return kmsak_config_secret_names(config, list_of_bytes, 2); });
  broken([&](auto* config) { return kmsak_config_rejection_codes(config, bad_list, 2); });
  broken([&](auto* config) { return kmsak_config_rejection_codes(config, list_of_bytes, 2); });
}

TEST(Arguments, OfGateways) {
  using TextSetter = kmsak_status (*)(kmsak_gateway*, const char*);
  for (TextSetter set : {kmsak_gateway_region_id, kmsak_gateway_endpoint, kmsak_gateway_client_key_file,
                         kmsak_gateway_client_key_password_file, kmsak_gateway_client_key_password_env,
                         kmsak_gateway_ca_file, kmsak_gateway_http_proxy, kmsak_gateway_https_proxy,
                         kmsak_gateway_no_proxy}) {
    EXPECT_EQ(set(nullptr, "a"), KMSAK_INVALID_ARGUMENT);
    for (const char* bad : {static_cast<const char*>(nullptr), kBad}) {
      Gateway gateway(kmsak_gateway_instance());
      EXPECT_EQ(set(gateway.get(), bad), KMSAK_INVALID_ARGUMENT);
      Config config(kmsak_config_new());
      EXPECT_EQ(kmsak_config_gateway(config.get(), gateway.get()), KMSAK_INVALID_ARGUMENT);
    }
  }
  for (auto set : {kmsak_gateway_client_key, kmsak_gateway_client_key_password, kmsak_gateway_ca}) {
    EXPECT_EQ(set(nullptr, "a", 1), KMSAK_INVALID_ARGUMENT);
    Gateway gateway(kmsak_gateway_instance());
    EXPECT_EQ(set(gateway.get(), nullptr, 1), KMSAK_INVALID_ARGUMENT);
  }
  EXPECT_EQ(kmsak_gateway_vpc(nullptr, true), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_gateway_ignore_ssl_certs(nullptr, true), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_gateway_connect_timeout_ms(nullptr, 1), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_gateway_read_timeout_ms(nullptr, 1), KMSAK_INVALID_ARGUMENT);
  for (const char* bad : {static_cast<const char*>(nullptr), kBad}) {
    Gateway gateway(kmsak_gateway_shared(bad));
    Config config(kmsak_config_new());
    EXPECT_EQ(kmsak_config_gateway(config.get(), gateway.get()), KMSAK_INVALID_ARGUMENT);
  }
}

}  // namespace
