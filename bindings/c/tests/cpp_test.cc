// kmsak.hpp: what C++ makes of the C API.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <kmsak.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "emulator.hh"

namespace {

using emulator::kSecret;

kmsak::Provider provider() { return kmsak::Provider::from_file(emulator::on_the_cloud()); }

std::string id(const kmsak::Credentials& credentials) { return std::string(credentials.access_key_id()); }

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
  const kmsak::Secret refreshed = opened.refresh(kSecret);
  EXPECT_EQ(refreshed.version_id(), secret.version_id());
  const kmsak::Secret origin = credentials.secret();
  EXPECT_EQ(origin.name(), kSecret);
  EXPECT_FALSE(credentials.refresh_interval().has_value());
  EXPECT_FALSE(credentials.schedule_rotate_timestamp().has_value());
  EXPECT_TRUE(opened.cached_secret(kSecret).has_value());
  EXPECT_FALSE(opened.cached_secret("acs/ram/user/nobody").has_value());
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
  const std::string old_id = id(opened.credentials(kSecret));
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
    const std::string old_id = id(opened.credentials(kSecret));
    const std::string new_id = emulator::rotate();
    EXPECT_EQ(id(opened.renew(kSecret, old_id)), new_id);
    EXPECT_TRUE(events.has("fetched " + kSecret));
    EXPECT_TRUE(events.has("rotated " + kSecret + " " + new_id));
    EXPECT_TRUE(lines.has("a kmsak listener threw: oh no"));
    EXPECT_TRUE(lines.has("a kmsak listener threw something"));
    throwing.unsubscribe();
    throwing.unsubscribe();
    EXPECT_THROW((void)opened.subscribe(nullptr), kmsak::InvalidArgumentError);
  }
  EXPECT_EQ(held.use_count(), 1) << "the listener is gone";
  kmsak::set_log_callback(KMSAK_LOG_ERROR, nullptr);
}

// A listener works on members that go with the subscription.
TEST(Cpp, WaitsForTheListenerThatRuns) {
  struct Owner {
    std::atomic<bool> begun{false};
    std::atomic<bool> finished{false};
    kmsak::Subscription subscription;

    explicit Owner(const kmsak::Provider& opened)
        : subscription(opened.subscribe([this, &opened](const kmsak::Event&) {
            if (begun.exchange(true)) return;
            // Takes a while: whoever does not wait for it is noticed.
            (void)opened.refresh(kSecret);
            finished = true;
          })) {}
  };
  const kmsak::Provider opened = provider();
  for (const bool by_hand : {false, true}) {
    Owner owner(opened);
    (void)opened.refresh(kSecret);
    while (!owner.begun) std::this_thread::yield();
    if (by_hand) {
      owner.subscription.unsubscribe();
    } else {
      const kmsak::Subscription ends = std::move(owner.subscription);
    }
    EXPECT_TRUE(owner.finished);
  }
}

TEST(Cpp, LetsAListenerEndItsOwnSubscription) {
  const kmsak::Provider opened = provider();
  for (const bool destroys : {true, false}) {
    auto held = std::make_shared<std::atomic<int>>(0);
    std::mutex handles;
    std::optional<kmsak::Subscription> subscription;
    {
      const std::lock_guard<std::mutex> lock(handles);
      subscription = opened.subscribe([&, held](const kmsak::Event&) {
        const std::lock_guard<std::mutex> wait(handles);
        destroys ? subscription.reset() : subscription->unsubscribe();
        ++*held;
      });
      (void)opened.refresh(kSecret);
    }
    while (*held == 0) std::this_thread::yield();
    // What the owner does meanwhile waits for the listener all the same.
    if (subscription) subscription->unsubscribe();
    while (held.use_count() > 1) std::this_thread::yield();
    EXPECT_EQ(*held, 1);
  }
}

TEST(Cpp, NestsTheCause) {
  kmsak::Config config;
  config.client_key_file(emulator::folder() + "/clientKey.json")
      .client_key_password_file(emulator::folder() + "/clientKey_Password.txt")
      .gateway(kmsak::Gateway::instance().ca_file(emulator::folder() + "/ca.pem").endpoint("127.0.0.1:1"))
      .fetch_deadline(std::chrono::milliseconds(1000));
  kmsak::Provider opened = config.open();
  Box events;
  const kmsak::Subscription subscription = opened.subscribe([&](const kmsak::Event& event) {
    const std::optional<kmsak::Error> error = event.error();
    if (error) events.put(std::string(event.name()) + " " + std::to_string(error->os_code()));
  });
  const auto refused = [&] {
    // On a busy machine the deadline may have passed before anything was tried.
    for (int i = 0; i < 60; ++i) {
      try {
        (void)opened.credentials(kSecret);
        ADD_FAILURE() << "nobody listens there";
      } catch (const kmsak::NetworkError& error) {
        if (error.os_code() != 0) throw;
      }
    }
  };
  try {
    refused();
    FAIL() << "the refusal is told";
  } catch (const kmsak::NetworkError& error) {
    EXPECT_FALSE(error.cause().empty());
    EXPECT_EQ(error.os_code(), ECONNREFUSED);
    try {
      std::rethrow_if_nested(error);
      FAIL() << "the cause is known";
    } catch (const std::system_error& cause) {
      EXPECT_EQ(cause.code(), std::errc::connection_refused);
      EXPECT_NE(std::string(cause.what()).find(error.cause()), std::string::npos);
    }
    // A copy says the same, and so does what was moved from.
    kmsak::Error copy = error;
    const kmsak::Error moved = std::move(copy);
    EXPECT_EQ(copy.cause(), moved.cause());
    EXPECT_EQ(copy.status(), KMSAK_NETWORK);
  }
  try {
    (void)provider().credentials("acs/ram/user/nobody");
    FAIL() << "there is no such secret";
  } catch (const kmsak::NotFoundError& error) {
    EXPECT_TRUE(error.cause().empty());
    EXPECT_NO_THROW(std::rethrow_if_nested(error));
  }
  EXPECT_TRUE(events.has("refresh_failed " + std::to_string(ECONNREFUSED)));
}

TEST(Cpp, BeginsCalls) {
  const kmsak::Provider opened = provider();
  const kmsak::Pending<kmsak::Credentials> cold = opened.begin_credentials(kSecret);
  const std::string old_id = id(cold.get());
  EXPECT_TRUE(cold.is_done());
  EXPECT_EQ(id(cold.get()), old_id);
  const std::string new_id = emulator::rotate();
  EXPECT_EQ(id(opened.begin_renew(kSecret, old_id).get()), new_id);
  const kmsak::Secret secret = opened.begin_secret(kSecret).get();
  const kmsak::Secret refreshed = opened.begin_refresh(kSecret).get();
  EXPECT_EQ(refreshed.version_id(), secret.version_id());
  const kmsak::Secret previous = opened.begin_secret_at_stage(kSecret, "ACSPrevious").get();
  EXPECT_NE(previous.version_id(), secret.version_id());
  EXPECT_THROW((void)opened.begin_credentials("acs/ram/user/nobody").get(), kmsak::NotFoundError);
  EXPECT_THROW((void)opened.begin_credentials(kSecret, std::chrono::milliseconds(-1)), kmsak::ConfigurationError);

  Box answers;
  opened.begin_refresh(kSecret).then([&](const kmsak::Pending<kmsak::Secret>& done) {
    const kmsak::Secret answer = done.get();
    answers.put(std::string(answer.name()));
  });
  EXPECT_TRUE(answers.has(kSecret));
  opened.begin_credentials("acs/ram/user/nobody").then([&](const kmsak::Pending<kmsak::Credentials>& done) {
    try {
      (void)done.get();
    } catch (const kmsak::NotFoundError& error) {
      answers.put(error.code());
    }
  });
  EXPECT_TRUE(answers.has("NotFound"));

  emulator::fault(R"({"kind": "hang"})");
  EXPECT_THROW((void)opened.begin_refresh(kSecret, std::chrono::milliseconds(20)).get(), kmsak::NetworkError);
  kmsak::Pending<kmsak::Secret> hanging = opened.begin_refresh(kSecret);
  std::thread cancels([&] { hanging.cancel(); });
  EXPECT_THROW((void)hanging.get(), kmsak::CancelledError);
  cancels.join();
  emulator::clear_faults();
  const kmsak::Pending<kmsak::Secret> moved = std::move(hanging);
  EXPECT_TRUE(moved.is_done());
  EXPECT_THROW((void)hanging.get(), kmsak::InvalidArgumentError) << "moved from";
  EXPECT_THROW(hanging.then([](const kmsak::Pending<kmsak::Secret>&) {}), kmsak::InvalidArgumentError);
}

TEST(Cpp, WaitsForTheLogReceiverThatRuns) {
  const kmsak::Provider opened = provider();
  auto held = std::make_shared<int>(1);
  std::atomic<bool> begun{false};
  std::atomic<bool> ending{false};
  std::atomic<bool> finished{false};
  kmsak::set_log_callback(KMSAK_LOG_DEBUG, [&, held](kmsak_log_level, std::string_view) {
    if (begun.exchange(true)) return;
    while (!ending) std::this_thread::yield();
    // Takes a while: whoever does not wait for it is noticed.
    for (int i = 0; i < 100; ++i) (void)opened.stats();
    finished = true;
  });
  const kmsak::Pending<kmsak::Secret> logs = opened.begin_refresh(kSecret);
  while (!begun) std::this_thread::yield();
  ending = true;
  kmsak::set_log_callback(KMSAK_LOG_ERROR, nullptr);
  EXPECT_TRUE(finished);
  EXPECT_EQ(held.use_count(), 1) << "the receiver is gone";
  (void)logs.get();

  // One that ends itself waits for nothing.
  std::atomic<bool> ended{false};
  kmsak::set_log_callback(KMSAK_LOG_DEBUG, [&](kmsak_log_level, std::string_view) {
    kmsak::set_log_callback(KMSAK_LOG_ERROR, nullptr);
    ended = true;
  });
  (void)opened.refresh(kSecret);
  while (!ended) std::this_thread::yield();
  // Replacing nothing waits for nothing.
  kmsak::set_log_callback(KMSAK_LOG_ERROR, nullptr);
}

TEST(Cpp, LogsWhatAFunctionLetsOut) {
  Box lines;
  kmsak::set_log_callback(KMSAK_LOG_WARN, [&](kmsak_log_level, std::string_view line) { lines.put(std::string(line)); });
  provider().begin_credentials(kSecret).then(
      [](const kmsak::Pending<kmsak::Credentials>&) -> void { throw std::runtime_error("oh no"); });
  EXPECT_TRUE(lines.has("oh no"));
  kmsak::set_log_callback(KMSAK_LOG_ERROR, nullptr);
}

TEST(Cpp, HasAProviderForTests) {
  kmsak::Fixed fixed;
  fixed.access_key(kSecret, "LTAI1", "one").access_key(kSecret, "LTAI2", "two").secret("db", "password");
  const kmsak::Provider opened = fixed.open();
  int runs = 0;
  const std::string used = opened.call(kSecret, [&](const kmsak::Credentials& credentials) {
    if (++runs == 1) throw kmsak::ServiceError("InvalidAccessKeyId");
    return id(credentials);
  });
  EXPECT_EQ(used, "LTAI2");
  const kmsak::Secret db = opened.secret("db");
  EXPECT_EQ(db.bytes(), "password");
  EXPECT_THROW((void)opened.secret("nothing"), kmsak::NotFoundError);
  EXPECT_THROW((void)kmsak::Fixed().access_key("a b", "LTAI1", "one").open(), kmsak::ConfigurationError);
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
