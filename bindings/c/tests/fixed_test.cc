// The provider for tests.
#include <cstring>

#include "handles.hh"

namespace {

Answer<Provider> open(const Fixed& fixed) {
  return ask<Provider>([&](auto** out, auto** error) { return kmsak_fixed_open(fixed.get(), out, error); });
}

TEST(Fixed, HandsOutWhatItWasGivenAndRotates) {
  const Fixed fixed(kmsak_fixed_new());
  EXPECT_EQ(kmsak_fixed_access_key(fixed.get(), "acs/ram/user/app", "LTAI1", "one"), KMSAK_OK);
  EXPECT_EQ(kmsak_fixed_access_key(fixed.get(), "acs/ram/user/app", "LTAI2", "two"), KMSAK_OK);
  EXPECT_EQ(kmsak_fixed_secret(fixed.get(), "db", "\xff\0", 2), KMSAK_OK);
  for (int again = 0; again < 2; ++again) {
    const Provider provider = open(fixed).value;
    ASSERT_NE(provider, nullptr);
    const auto first = credentials(provider);
    EXPECT_EQ(id_of(first.value), "LTAI1");
    EXPECT_STREQ(kmsak_credentials_access_key_secret(first.value.get()), "one");
    EXPECT_EQ(id_of(renew(provider, "LTAI1").value), "LTAI2");
    EXPECT_EQ(id_of(credentials(provider).value), "LTAI2");
    std::size_t length = 0;
    const auto db = secret(provider, "db");
    const void* bytes = kmsak_secret_bytes(db.value.get(), &length);
    EXPECT_EQ(std::string(static_cast<const char*>(bytes), length), std::string("\xff\0", 2));
    EXPECT_TRUE(kmsak_secret_is_binary(db.value.get()));
    EXPECT_EQ(kmsak_secret_create_time(db.value.get()), nullptr);
    EXPECT_STREQ(kmsak_secret_request_id(db.value.get()), "");
    EXPECT_EQ(secret(provider, "nothing").status, KMSAK_NOT_FOUND);
  }
}

TEST(Fixed, TellsWhatCannotBe) {
  const auto status_of = [](auto add) {
    const Fixed fixed(kmsak_fixed_new());
    const kmsak_status added = add(fixed.get());
    const kmsak_status opened = open(fixed).status;
    EXPECT_EQ(added == KMSAK_OK ? KMSAK_CONFIGURATION : KMSAK_INVALID_ARGUMENT, opened);
    return opened;
  };
  EXPECT_EQ(status_of([](auto* fixed) { return kmsak_fixed_access_key(fixed, "a b", "LTAI1", "one"); }), KMSAK_CONFIGURATION);
  EXPECT_EQ(status_of([](auto* fixed) { return kmsak_fixed_access_key(fixed, "a", "", "one"); }), KMSAK_CONFIGURATION);
  constexpr const char* kBad = "\xc3\x28";
  for (const char* bad : {static_cast<const char*>(nullptr), kBad}) {
    EXPECT_EQ(status_of([&](auto* fixed) { return kmsak_fixed_access_key(fixed, bad, "a", "b"); }), KMSAK_INVALID_ARGUMENT);
    EXPECT_EQ(status_of([&](auto* fixed) { return kmsak_fixed_access_key(fixed, "a", bad, "b"); }), KMSAK_INVALID_ARGUMENT);
    EXPECT_EQ(status_of([&](auto* fixed) { return kmsak_fixed_access_key(fixed, "a", "b", bad); }), KMSAK_INVALID_ARGUMENT);
    EXPECT_EQ(status_of([&](auto* fixed) { return kmsak_fixed_secret(fixed, bad, "b", 1); }), KMSAK_INVALID_ARGUMENT);
  }
  EXPECT_EQ(status_of([](auto* fixed) { return kmsak_fixed_secret(fixed, "a", nullptr, 1); }), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_fixed_access_key(nullptr, "a", "b", "c"), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_fixed_secret(nullptr, "a", "b", 1), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(open(Fixed()).status, KMSAK_INVALID_ARGUMENT);
  kmsak_fixed_free(nullptr);
}

}  // namespace
