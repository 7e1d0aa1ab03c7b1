// What an application does with the C API, and what it is told when things go wrong.
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include "handles.hh"

namespace {

TEST(Provider, HandsOutTheAccessKeyThatKmsHolds) {
  for (const std::string& file : {emulator::on_the_cloud(), emulator::off_the_cloud()}) {
    Provider provider = from_file(file).value;
    ASSERT_NE(provider, nullptr);
    EXPECT_EQ(kmsak_provider_cached_credentials(provider.get(), emulator::kSecret.c_str()), nullptr);
    const auto answer = credentials(provider);
    ASSERT_EQ(answer.status, KMSAK_OK);
    EXPECT_EQ(id_of(answer.value).rfind("LTAI", 0), 0u);
    const std::string whole = emulator::admin("GET", "/secrets?name=" + emulator::kSecret);
    EXPECT_NE(whole.find(kmsak_credentials_access_key_id(answer.value.get())), std::string::npos);
    EXPECT_NE(whole.find(kmsak_credentials_access_key_secret(answer.value.get())), std::string::npos);
    EXPECT_NE(whole.find(kmsak_credentials_version_id(answer.value.get())), std::string::npos);
    EXPECT_NE(kmsak_credentials_generate_timestamp(answer.value.get()), nullptr);
    EXPECT_EQ(kmsak_credentials_expire_timestamp(answer.value.get()), nullptr);

    EXPECT_EQ(kmsak_credentials_refresh_interval_ms(answer.value.get()), -1);
    EXPECT_EQ(kmsak_credentials_schedule_rotate_timestamp_unix(answer.value.get()), -1);
    Secret whole_secret(kmsak_provider_cached_secret(provider.get(), emulator::kSecret.c_str()));
    EXPECT_STREQ(kmsak_secret_name(whole_secret.get()), emulator::kSecret.c_str());
    EXPECT_EQ(kmsak_provider_start_warning_count(provider.get()), 0u);

    Credentials cached(kmsak_provider_cached_credentials(provider.get(), emulator::kSecret.c_str()));
    ASSERT_NE(cached, nullptr);
    EXPECT_EQ(id_of(cached), id_of(answer.value));
    Secret origin(kmsak_credentials_secret(cached.get()));
    EXPECT_STREQ(kmsak_secret_name(origin.get()), emulator::kSecret.c_str());
    EXPECT_STRCASEEQ(kmsak_secret_type(origin.get()), "RamCredentials");
    EXPECT_STREQ(kmsak_secret_version_id(origin.get()), kmsak_credentials_version_id(cached.get()));
  }
}

TEST(Provider, HandsOutSecretsOfAnyType) {
  emulator::admin("POST", "/secrets", R"({"name": "c/text", "text": "pa\u00df \u0000 word"})");
  emulator::admin("POST", "/secrets", R"({"name": "c/binary", "binary": "AP8Q"})");
  Provider provider = ::provider();
  std::size_t length = 0;

  const auto text = secret(provider, "c/text");
  ASSERT_EQ(text.status, KMSAK_OK) << kmsak_error_message(text.error.get());
  const void* bytes = kmsak_secret_bytes(text.value.get(), &length);
  const std::string expected("pa\xc3\x9f \0 word", 11);
  EXPECT_EQ(std::string(static_cast<const char*>(bytes), length), expected);
  EXPECT_EQ(static_cast<const char*>(bytes)[length], '\0');
  EXPECT_FALSE(kmsak_secret_is_binary(text.value.get()));
  EXPECT_STREQ(kmsak_secret_type(text.value.get()), "Generic");
  ASSERT_EQ(kmsak_secret_version_stage_count(text.value.get()), 1u);
  EXPECT_STREQ(kmsak_secret_version_stage(text.value.get(), 0), "ACSCurrent");
  EXPECT_EQ(kmsak_secret_version_stage(text.value.get(), 1), nullptr);
  EXPECT_NE(kmsak_secret_create_time(text.value.get()), nullptr);
  EXPECT_STRNE(kmsak_secret_request_id(text.value.get()), "");
  EXPECT_EQ(kmsak_secret_last_rotation_date_unix(text.value.get()), -1);
  EXPECT_EQ(kmsak_secret_next_rotation_date_unix(text.value.get()), -1);
  EXPECT_EQ(kmsak_secret_rotation_interval_ms(text.value.get()), -1);

  const auto binary = secret(provider, "c/binary");
  ASSERT_EQ(binary.status, KMSAK_OK);
  bytes = kmsak_secret_bytes(binary.value.get(), &length);
  EXPECT_EQ(std::string(static_cast<const char*>(bytes), length), std::string("\0\xff\x10", 3));
  EXPECT_TRUE(kmsak_secret_is_binary(binary.value.get()));

  // A secret without an AccessKey is told so, and how to read it.
  const auto wrong = credentials(provider, "c/text");
  EXPECT_EQ(wrong.status, KMSAK_CONFIGURATION);
  EXPECT_NE(std::strstr(kmsak_error_message(wrong.error.get()), "Generic"), nullptr);
}

TEST(Provider, FollowsARotation) {
  Provider provider = ::provider();
  const auto before = credentials(provider);
  const std::string new_id = emulator::rotate();
  EXPECT_EQ(id_of(credentials(provider).value), id_of(before.value)) << "the cache was asked";
  EXPECT_TRUE(kmsak_is_rejection("InvalidAccessKeyId.NotFound", nullptr));
  EXPECT_TRUE(kmsak_provider_is_rejection(provider.get(), "InvalidAccessKeyId", nullptr));
  EXPECT_FALSE(kmsak_provider_is_rejection(provider.get(), "SignatureDoesNotMatch", nullptr));
  EXPECT_TRUE(kmsak_provider_is_rejection(provider.get(), "OTSAuthFailed", "The AccessKeyID does not exist."));
  EXPECT_FALSE(kmsak_is_rejection("OTSAuthFailed", "The instance is not running."));
  EXPECT_FALSE(kmsak_is_rejection("OTSAuthFailed", nullptr));
  const auto after = renew(provider, id_of(before.value));
  ASSERT_EQ(after.status, KMSAK_OK);
  EXPECT_EQ(id_of(after.value), new_id);
  EXPECT_EQ(id_of(credentials(provider).value), new_id);
  // What was handed out stays as it was.
  EXPECT_NE(id_of(before.value), new_id);

  const auto previous = ask<Secret>([&](auto** out, auto** error) {
    return kmsak_provider_secret_at_stage(provider.get(), emulator::kSecret.c_str(), "ACSPrevious", out, error);
  });
  ASSERT_EQ(previous.status, KMSAK_OK);
  EXPECT_STREQ(kmsak_secret_version_id(previous.value.get()), kmsak_credentials_version_id(before.value.get()));
}

TEST(Provider, TellsWhatWentWrong) {
  const auto missing = from_file("/nonexistent/kmsak.properties");
  EXPECT_EQ(missing.status, KMSAK_CONFIGURATION);
  EXPECT_NE(std::strstr(kmsak_error_message(missing.error.get()), "/nonexistent/kmsak.properties"), nullptr);
  EXPECT_STREQ(kmsak_error_kind(missing.error.get()), "configuration");
  EXPECT_EQ(kmsak_error_code(missing.error.get()), nullptr);

  Provider provider = ::provider();
  const auto unknown = credentials(provider, "acs/ram/user/nobody");
  EXPECT_EQ(unknown.status, KMSAK_NOT_FOUND);
  EXPECT_STREQ(kmsak_error_kind(unknown.error.get()), "not_found");
  EXPECT_NE(kmsak_error_code(unknown.error.get()), nullptr);
  EXPECT_NE(kmsak_error_request_id(unknown.error.get()), nullptr);
  EXPECT_FALSE(kmsak_error_retryable(unknown.error.get()));
  EXPECT_EQ(kmsak_error_http_status(unknown.error.get()), 404);

  // What is below a failure is told beside it.
  EXPECT_EQ(kmsak_error_cause(unknown.error.get()), nullptr);
  EXPECT_EQ(kmsak_error_os_code(unknown.error.get()), 0);
  Config config(kmsak_config_new());
  Gateway nobody(kmsak_gateway_instance());
  kmsak_gateway_endpoint(nobody.get(), "127.0.0.1:1");
  kmsak_gateway_client_key_file(nobody.get(), (emulator::folder() + "/clientKey.json").c_str());
  kmsak_gateway_client_key_password_file(nobody.get(), (emulator::folder() + "/clientKey_Password.txt").c_str());
  kmsak_config_gateway(config.get(), nobody.get());
  kmsak_config_fetch_deadline_ms(config.get(), 1000);
  const auto alone = ask<Provider>([&](auto** out, auto** error) { return kmsak_provider_open(config.get(), out, error); });
  auto refused = credentials(alone.value);
  // On a busy machine the deadline may have passed before anything was tried.
  for (int i = 0; i < 60 && kmsak_error_os_code(refused.error.get()) == 0; ++i) refused = credentials(alone.value);
  EXPECT_EQ(refused.status, KMSAK_NETWORK);
  EXPECT_NE(kmsak_error_cause(refused.error.get()), nullptr);
  EXPECT_EQ(kmsak_error_os_code(refused.error.get()), ECONNREFUSED);

  EXPECT_EQ(credentials(provider, "").status, KMSAK_CONFIGURATION);
  EXPECT_EQ(credentials(provider, "a\nb").status, KMSAK_CONFIGURATION);

  // Nobody asks for the error: the status is answered all the same.
  kmsak_credentials* none = nullptr;
  EXPECT_EQ(kmsak_provider_credentials(provider.get(), "acs/ram/user/nobody", &none, nullptr), KMSAK_NOT_FOUND);
  EXPECT_EQ(none, nullptr);
}

TEST(Provider, ServesWhatItHasWhileKmsIsAway) {
  Provider provider = ::provider();
  const auto before = credentials(provider);
  emulator::fault(R"({"kind": "error", "status": 403, "code": "Forbidden.NoPermission"})");
  const auto refreshed = refresh(provider);
  emulator::clear_faults();
  EXPECT_EQ(refreshed.status, KMSAK_DENIED);
  EXPECT_STREQ(kmsak_error_code(refreshed.error.get()), "Forbidden.NoPermission");
  EXPECT_EQ(id_of(credentials(provider).value), id_of(before.value));

  Stats stats(kmsak_provider_stats(provider.get()));
  ASSERT_EQ(kmsak_stats_secret_count(stats.get()), 1u);
  const kmsak_secret_stats* one = kmsak_stats_secret(stats.get(), 0);
  EXPECT_STREQ(kmsak_secret_stats_name(one), emulator::kSecret.c_str());
  EXPECT_EQ(id_of(before.value), kmsak_secret_stats_access_key_id(one));
  EXPECT_STREQ(kmsak_secret_stats_version_id(one), kmsak_credentials_version_id(before.value.get()));
  EXPECT_GE(kmsak_secret_stats_age_ms(one), 0);
  EXPECT_EQ(kmsak_secret_stats_fetches(one), 1u);
  EXPECT_EQ(kmsak_secret_stats_failures(one), 1u);
  EXPECT_EQ(kmsak_error_status(kmsak_secret_stats_last_error(one)), KMSAK_DENIED);
  ASSERT_EQ(kmsak_stats_endpoint_count(stats.get()), 1u);
  EXPECT_GE(kmsak_endpoint_stats_requests(kmsak_stats_endpoint(stats.get(), 0)), 2u);
  ASSERT_EQ(kmsak_stats_client_key_count(stats.get()), 1u);
  const kmsak_client_key_stats* client_key = kmsak_stats_client_key(stats.get(), 0);
  EXPECT_EQ(std::strncmp(kmsak_client_key_stats_key_id(client_key), "KAAP.", 5), 0);
  EXPECT_GT(kmsak_client_key_stats_days_left(client_key), 365u);
  EXPECT_GT(kmsak_client_key_stats_not_after_unix(client_key), kmsak_client_key_stats_not_before_unix(client_key));
  EXPECT_EQ(kmsak_stats_secret(stats.get(), 1), nullptr);
}

TEST(Provider, IsOpenedFromCode) {
  const auto contents = [](const std::string& name) {
    std::ifstream file(emulator::folder() + "/" + name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string json = contents("clientKey.json");
  const std::string password = contents("clientKey_Password.txt");
  const std::string pem = contents("ca.pem");
  const std::string admin = contents("admin.json");
  const std::size_t at = admin.find("https://127.0.0.1:", admin.find("\"instance\"")) + std::strlen("https://");
  const std::string endpoint = admin.substr(at, admin.find('"', at) - at);

  Config config(kmsak_config_new());
  Gateway gateway(kmsak_gateway_instance());
  EXPECT_EQ(kmsak_gateway_endpoint(gateway.get(), endpoint.c_str()), KMSAK_OK);
  EXPECT_EQ(kmsak_gateway_ca(gateway.get(), pem.data(), pem.size()), KMSAK_OK);
  EXPECT_EQ(kmsak_config_gateway(config.get(), gateway.get()), KMSAK_OK);
  gateway.reset();
  EXPECT_EQ(kmsak_config_client_key(config.get(), json.data(), json.size()), KMSAK_OK);
  EXPECT_EQ(kmsak_config_client_key_password(config.get(), password.data(), password.size()), KMSAK_OK);
  EXPECT_EQ(kmsak_config_connect_timeout_ms(config.get(), 60'000), KMSAK_OK);
  EXPECT_EQ(kmsak_config_read_timeout_ms(config.get(), 60'000), KMSAK_OK);
  EXPECT_EQ(kmsak_config_fetch_deadline_ms(config.get(), 120'000), KMSAK_OK);
  EXPECT_EQ(kmsak_config_property(config.get(), "rotation_interval", "3600000"), KMSAK_OK);
  const char* codes[] = {"GoAway", "GoHome"};
  EXPECT_EQ(kmsak_config_rejection_codes(config.get(), codes, 2), KMSAK_OK);
  const auto open = [&] {
    return ask<Provider>([&](auto** out, auto** error) { return kmsak_provider_open(config.get(), out, error); });
  };
  const auto opened = open();
  ASSERT_EQ(opened.status, KMSAK_OK) << kmsak_error_message(opened.error.get());
  EXPECT_EQ(credentials(opened.value).status, KMSAK_OK);
  EXPECT_TRUE(kmsak_provider_is_rejection(opened.value.get(), "GoHome", nullptr));
  EXPECT_FALSE(kmsak_provider_is_rejection(opened.value.get(), "InvalidAccessKeyId", nullptr));

  EXPECT_EQ(open().status, KMSAK_INVALID_ARGUMENT) << "it is used up";
  EXPECT_EQ(kmsak_config_environment(config.get()), KMSAK_INVALID_ARGUMENT);
}

TEST(Provider, TellsOfABadConfiguration) {
  Config config(kmsak_config_new());
  kmsak_config_property(config.get(), "rotation_intervall", "5");
  const auto misspelt = ask<Provider>([&](auto** out, auto** error) {
    return kmsak_provider_open(config.get(), out, error);
  });
  EXPECT_EQ(misspelt.status, KMSAK_CONFIGURATION);
  EXPECT_NE(std::strstr(kmsak_error_message(misspelt.error.get()), "rotation_interval"), nullptr);

  // A setter that failed is not forgotten, although nobody looked.
  config.reset(kmsak_config_new());
  EXPECT_EQ(kmsak_config_properties_file(config.get(), "\xff"), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_config_properties_file(config.get(), emulator::on_the_cloud().c_str()), KMSAK_INVALID_ARGUMENT);
  const auto opened = ask<Provider>([&](auto** out, auto** error) {
    return kmsak_provider_open(config.get(), out, error);
  });
  EXPECT_EQ(opened.status, KMSAK_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(kmsak_error_message(opened.error.get()), "UTF-8"), nullptr);
}

TEST(Provider, TellsWhatIsOddAboutItsConfiguration) {
  const std::string file = emulator::folder() + "/strange.properties";
  std::ofstream(file) << std::ifstream(emulator::on_the_cloud()).rdbuf() << "no_such_key=1\n";
  const auto opened = from_file(file);
  ASSERT_EQ(opened.status, KMSAK_OK);
  ASSERT_EQ(kmsak_provider_start_warning_count(opened.value.get()), 1u);
  EXPECT_NE(std::strstr(kmsak_provider_start_warning(opened.value.get(), 0), "no_such_key"), nullptr);
  EXPECT_EQ(kmsak_provider_start_warning(opened.value.get(), 1), nullptr);
}

TEST(Provider, TakesTheEnvironmentBeforeTheFile) {
  setenv("KMSAK_REJECTION_CODES", "Gone", 1);
  Provider provider = ::provider();
  EXPECT_TRUE(kmsak_provider_is_rejection(provider.get(), "Gone", nullptr));
  EXPECT_FALSE(kmsak_provider_is_rejection(provider.get(), "InvalidAccessKeyId", nullptr));
  provider.reset();
  unsetenv("KMSAK_REJECTION_CODES");
}

TEST(Provider, ChecksAnHttpProxyAndGoesWithoutIt) {
  for (const char* proxy : {"http://127.0.0.1:1", "not a proxy"}) {
    Config config(kmsak_config_new());
    EXPECT_EQ(kmsak_config_properties_file(config.get(), emulator::on_the_cloud().c_str()), KMSAK_OK);
    EXPECT_EQ(kmsak_config_http_proxy(config.get(), proxy), KMSAK_OK);
    const auto opened =
        ask<Provider>([&](auto** out, auto** error) { return kmsak_provider_open(config.get(), out, error); });
    if (proxy[0] == 'h') {
      ASSERT_EQ(opened.status, KMSAK_OK);
      EXPECT_EQ(credentials(opened.value).status, KMSAK_OK);
    } else {
      EXPECT_EQ(opened.status, KMSAK_CONFIGURATION);
    }
  }
}

TEST(Provider, IsOpenedFromTheEnvironment) {
  setenv("cache_client_region_id", "[", 1);
  const auto opened = ask<Provider>([&](auto** out, auto** error) { return kmsak_provider_from_env(out, error); });
  unsetenv("cache_client_region_id");
  EXPECT_EQ(opened.status, KMSAK_CONFIGURATION);
  EXPECT_NE(std::strstr(kmsak_error_message(opened.error.get()), "cache_client_region_id"), nullptr);
}

TEST(Provider, EndsWhenClosed) {
  Provider provider = ::provider();
  const auto before = credentials(provider);
  EXPECT_FALSE(kmsak_provider_is_closed(provider.get()));
  kmsak_provider_close(provider.get());
  kmsak_provider_close(provider.get());
  EXPECT_TRUE(kmsak_provider_is_closed(provider.get()));
  EXPECT_EQ(credentials(provider).status, KMSAK_CLOSED);
  EXPECT_EQ(secret(provider).status, KMSAK_CLOSED);
  EXPECT_EQ(refresh(provider).status, KMSAK_CLOSED);
  EXPECT_EQ(renew(provider, id_of(before.value)).status, KMSAK_CLOSED);
  EXPECT_EQ(kmsak_provider_cached_credentials(provider.get(), emulator::kSecret.c_str()), nullptr);
  Stats stats(kmsak_provider_stats(provider.get()));
  EXPECT_EQ(kmsak_stats_secret_count(stats.get()), 0u);
  provider.reset();
  // Handles outlive the provider.
  Credentials clone(kmsak_credentials_clone(before.value.get()));
  EXPECT_EQ(id_of(clone), id_of(before.value));
  EXPECT_GT(std::strlen(kmsak_credentials_access_key_secret(clone.get())), 0u);
}

TEST(Provider, ClosingAnswersWhoeverWaits) {
  Provider provider = ::provider();
  emulator::fault(R"({"kind": "hang"})");
  std::atomic<bool> asking{false};
  kmsak_status status = KMSAK_OK;
  std::thread waiting([&] {
    asking = true;
    status = credentials(provider).status;
  });
  while (!asking) std::this_thread::yield();
  kmsak_provider_close(provider.get());
  waiting.join();
  emulator::clear_faults();
  EXPECT_EQ(status, KMSAK_CLOSED);
}

TEST(Provider, ServesSixtyFourThreads) {
  Provider provider = ::provider();
  std::atomic<bool> rotated{false};
  std::atomic<int> failures{0};
  std::atomic<int> started{0};
  std::atomic<int> renewed{0};
  std::string old_id = id_of(credentials(provider).value);
  std::string new_id;
  std::vector<std::thread> threads;
  // A tool that runs one thread at a time would take minutes over all of them.
  const int count = emulator::rounds(64);
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&] {
      ++started;
      do {
        const auto answer = credentials(provider);
        Secret whole(kmsak_credentials_secret(answer.value.get()));
        if (answer.status != KMSAK_OK || whole == nullptr) ++failures;
        std::this_thread::yield();
      } while (!rotated);
      const auto answer = renew(provider, old_id);
      if (answer.status == KMSAK_OK && id_of(answer.value) == new_id) ++renewed;
    });
  }
  while (started < count) std::this_thread::yield();
  const std::uint64_t before = fetches(provider);
  new_id = emulator::rotate();
  rotated = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(renewed, count);
  EXPECT_EQ(fetches(provider) - before, 1u) << "one fetch for all";
}

TEST(Version, IsTheHeaders) { EXPECT_STREQ(kmsak_version(), KMSAK_VERSION_STRING); }

TEST(Status, HasAName) {
  EXPECT_STREQ(kmsak_status_name(KMSAK_OK), "ok");
  EXPECT_STREQ(kmsak_status_name(KMSAK_CLIENT_KEY), "client_key");
  EXPECT_STREQ(kmsak_status_name(-7), "unknown");
  EXPECT_STREQ(kmsak_status_name(KMSAK_CANCELLED), "cancelled");
  EXPECT_STREQ(kmsak_status_name(13), "unknown");
}

}  // namespace
