// kmsak.hpp: what C++ makes of the C API.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <kmsak.hpp>
#include <thread>

#include "emulator.hh"

namespace {

using emulator::kSecret;

kmsak::Provider provider() { return kmsak::Provider::from_file(emulator::on_the_cloud()); }

// Waits for what other threads bring about.
class Box {
 public:
  void put(std::string text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    texts_.push_back(std::move(text));
    changed_.notify_all();
  }
  bool has(const std::string& text) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] {
      for (const std::string& one : texts_) {
        if (one.find(text) != std::string::npos) return true;
      }
      return false;
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> texts_;
};

TEST(Cpp, ReadsAnAccessKeyAndItsSecret) {
  kmsak::Provider opened = provider();
  EXPECT_FALSE(opened.cached_credentials(kSecret).has_value());
  kmsak::Credentials credentials = opened.credentials(kSecret);
  EXPECT_EQ(credentials.access_key_id().substr(0, 4), "LTAI");
  EXPECT_FALSE(credentials.access_key_secret().empty());
  EXPECT_TRUE(opened.cached_credentials(kSecret).has_value());
  kmsak::Secret secret = opened.secret(kSecret);
  EXPECT_EQ(secret.name(), kSecret);
  EXPECT_EQ(secret.version_id(), credentials.version_id());
  EXPECT_NE(secret.bytes().find(credentials.access_key_id()), std::string_view::npos);
  EXPECT_FALSE(secret.is_binary());
  EXPECT_FALSE(secret.version_stages().empty());
  EXPECT_EQ(opened.refresh(kSecret).version_id(), secret.version_id());
  EXPECT_EQ(credentials.secret().name(), kSecret);
  EXPECT_FALSE(secret.last_rotation_date().has_value() && secret.last_rotation_date() > std::chrono::system_clock::now() + std::chrono::hours(1));

  // Moved and cloned handles read the same, and outlive the provider.
  kmsak::Provider moved = std::move(opened);
  kmsak::Credentials clone = credentials.clone();
  const std::string id(credentials.access_key_id());
  kmsak::Credentials taken = std::move(credentials);
  moved = provider();
  EXPECT_EQ(clone.access_key_id(), id);
  EXPECT_EQ(taken.access_key_id(), id);
}

TEST(Cpp, ThrowsWhatItIsCalled) {
  EXPECT_THROW(kmsak::Provider::from_file("/nonexistent"), kmsak::ConfigurationError);
  EXPECT_THROW(kmsak::Provider::from_file(std::string_view("a\0b", 3)), kmsak::InvalidArgumentError);
  kmsak::Provider opened = provider();
  try {
    (void)opened.credentials("acs/ram/user/nobody");
    FAIL() << "there is no such secret";
  } catch (const kmsak::NotFoundError& error) {
    EXPECT_EQ(error.status(), KMSAK_NOT_FOUND);
    EXPECT_EQ(error.kind(), "not_found");
    EXPECT_FALSE(error.code().empty());
    EXPECT_FALSE(error.request_id().empty());
    EXPECT_FALSE(error.retryable());
    EXPECT_EQ(error.http_status(), 404);
    EXPECT_STRNE(error.what(), "");
  }
  EXPECT_THROW((void)opened.credentials("\xff"), kmsak::InvalidArgumentError);
  EXPECT_THROW((void)opened.credentials(std::string(100'000, 'a')), kmsak::ConfigurationError);
  EXPECT_THROW((void)opened.credentials(""), kmsak::Error);
  kmsak::Provider gone = std::move(opened);
  gone.close();
  EXPECT_TRUE(gone.is_closed());
  EXPECT_THROW((void)gone.credentials(kSecret), kmsak::ClosedError);
  EXPECT_THROW((void)gone.subscribe([](const kmsak::Event&) {}), kmsak::ClosedError);
  EXPECT_THROW((void)opened.credentials(kSecret), kmsak::InvalidArgumentError) << "moved from";
}

TEST(Cpp, CallRenewsOnceWhenTheServiceRejects) {
  const kmsak::Provider opened = provider();
  const std::string old_id(opened.credentials(kSecret).access_key_id());
  const std::string new_id = emulator::rotate();
  int runs = 0;
  const std::string used = opened.call(kSecret, [&](const kmsak::Credentials& credentials) {
    ++runs;
    if (credentials.access_key_id() == old_id) throw kmsak::ServiceError("InvalidAccessKeyId.NotFound");
    return std::string(credentials.access_key_id());
  });
  EXPECT_EQ(used, new_id);
  EXPECT_EQ(runs, 2);

  // Another error is not ours to mend.
  runs = 0;
  try {
    opened.call(kSecret, [&](const kmsak::Credentials&) {
      ++runs;
      throw kmsak::ServiceError("Throttling");
    });
    FAIL();
  } catch (const kmsak::ServiceError& error) {
    EXPECT_EQ(error.code(), "Throttling");
  }
  EXPECT_EQ(runs, 1);
  EXPECT_THROW(opened.call(kSecret, [](const kmsak::Credentials&) { throw std::logic_error("mine"); }), std::logic_error);

  // A function without a result, and one whose code comes in its outcome.
  opened.call(kSecret, [](const kmsak::Credentials&) {});
  const std::string newest = emulator::rotate();
  runs = 0;
  const std::pair<std::string, std::string> outcome = opened.call(
      kSecret,
      [&](const kmsak::Credentials& credentials) {
        ++runs;
        const std::string id(credentials.access_key_id());
        return std::make_pair(id, id == newest ? "" : "InvalidAccessKeyId");
      },
      [](const auto& answered) { return answered.second; });
  EXPECT_EQ(outcome.first, newest);
  EXPECT_EQ(runs, 2);
}

TEST(Cpp, CallKeepsTheServicesErrorWhenRenewingFails) {
  kmsak::Config config;
  kmsak::Provider opened = config.properties_file(emulator::on_the_cloud()).renew_deadline(std::chrono::milliseconds(50)).open();
  int runs = 0;
  const auto rejected = [&](const kmsak::Credentials&) {
    ++runs;
    throw kmsak::ServiceError("InvalidAccessKeyId");
  };
  EXPECT_THROW(opened.call(kSecret, rejected), kmsak::ServiceError);
  EXPECT_EQ(runs, 1);
  EXPECT_THROW(config.open(), kmsak::InvalidArgumentError);
}

TEST(Cpp, SubscribesAndSurvivesListenersThatThrow) {
  Box lines;
  kmsak::set_log_callback(KMSAK_LOG_DEBUG, [&](kmsak_log_level, std::string_view line) {
    lines.put(std::string(line));
    throw std::runtime_error("dropped");
  });
  Box events;
  auto held = std::make_shared<int>(1);
  {
    kmsak::Provider opened = provider();
    kmsak::Subscription throwing = opened.subscribe([](const kmsak::Event&) -> void { throw std::runtime_error("oh no"); });
    kmsak::Subscription odd = opened.subscribe([](const kmsak::Event&) -> void { throw 7; });
    kmsak::Subscription good = opened.subscribe([&events, held](const kmsak::Event& event) {
      events.put(std::string(event.name()) + " " + std::string(event.secret().value_or("")) + " " +
                 std::string(event.new_access_key_id().value_or("")));
    });
    const std::string old_id(opened.credentials(kSecret).access_key_id());
    const std::string new_id = emulator::rotate();
    EXPECT_EQ(opened.renew(kSecret, old_id).access_key_id(), new_id);
    EXPECT_TRUE(events.has("fetched " + kSecret));
    EXPECT_TRUE(events.has("rotated " + kSecret + " " + new_id));
    EXPECT_TRUE(lines.has("a kmsak listener threw: oh no"));
    EXPECT_TRUE(lines.has("a kmsak listener threw something"));
    throwing.unsubscribe();
    throwing.unsubscribe();
    EXPECT_THROW((void)opened.subscribe(nullptr), kmsak::InvalidArgumentError);
  }
  // The listener is gone once its last call has ended.
  while (held.use_count() > 1) std::this_thread::yield();
  kmsak::set_log_callback(KMSAK_LOG_ERROR, nullptr);
}

TEST(Cpp, UnsubscribesFromSeveralThreadsAtATime) {
  const kmsak::Provider opened = provider();
  for (int i = 0; i < emulator::rounds(500); ++i) {
    kmsak::Subscription subscription = opened.subscribe([](const kmsak::Event&) {});
    std::atomic<int> ready{0};
    const auto unsubscribe = [&] {
      ++ready;
      while (ready < 2) std::this_thread::yield();
      subscription.unsubscribe();
    };
    std::thread other(unsubscribe);
    unsubscribe();
    other.join();
    subscription = opened.subscribe([](const kmsak::Event&) {});
    const kmsak::Subscription moved = std::move(subscription);
  }
}

TEST(Cpp, ConfiguresFromCode) {
  kmsak::Config config;
  config.client_key_file(emulator::folder() + "/clientKey.json")
      .client_key_password_file(emulator::folder() + "/clientKey_Password.txt")
      .gateway(kmsak::Gateway::instance().ca_file(emulator::folder() + "/ca.pem").endpoint("127.0.0.1:1"))
      .fetch_deadline(std::chrono::milliseconds(100))
      .rejection_codes({"Gone"});
  kmsak::Provider opened = config.open();
  EXPECT_TRUE(opened.is_rejection("Gone"));
  EXPECT_FALSE(opened.is_rejection("InvalidAccessKeyId"));
  try {
    (void)opened.credentials(kSecret);
    FAIL() << "nobody listens there";
  } catch (const kmsak::NetworkError& error) {
    EXPECT_TRUE(error.retryable());
  }
  const kmsak::Stats stats = opened.stats();
  ASSERT_EQ(stats.endpoints.size(), 1u);
  EXPECT_EQ(stats.endpoints[0].endpoint, "127.0.0.1:1");
  ASSERT_EQ(stats.client_keys.size(), 1u);
  EXPECT_GT(stats.client_keys[0].not_after, std::chrono::system_clock::now());
  for (const kmsak::Stats::Secret& one : stats.secrets) EXPECT_EQ(one.fetches, 0u);

  EXPECT_THROW(kmsak::Config().read_timeout(std::chrono::milliseconds(-1)), kmsak::ConfigurationError);
  EXPECT_THROW(kmsak::Config().property("no_such_setting", "1").open(), kmsak::ConfigurationError);
  const std::string nul("InvalidAccessKeyId\0.NotFound", 28);
  EXPECT_THROW(kmsak::Config().rejection_codes({"a", nul}), kmsak::InvalidArgumentError);
  EXPECT_THROW(kmsak::Config().secret_names({"a", nul}), kmsak::InvalidArgumentError);
  kmsak::Config with_proxies;
  with_proxies.properties_file(emulator::on_the_cloud()).http_proxy("http://127.0.0.1:1").no_proxy("*");
  EXPECT_FALSE(with_proxies.open().is_closed());
  EXPECT_THROW(kmsak::Config().gateway(kmsak::Gateway::instance().http_proxy("no proxy")).open(),
               kmsak::ConfigurationError);
  EXPECT_EQ(kmsak::version(), KMSAK_VERSION_STRING);
  EXPECT_TRUE(kmsak::is_rejection("InvalidAccessKeyId"));
}

}  // namespace
