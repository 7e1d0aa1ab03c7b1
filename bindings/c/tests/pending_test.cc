// Calls that are begun and waited for later: by whoever asks, by a callback, for a time, or not at all.
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "handles.hh"
#include "memcheck.hh"

namespace {

constexpr std::int64_t kNoLimit = -1;

Pending begin(const Provider& provider, std::int64_t timeout_ms = kNoLimit,
              const std::string& name = emulator::kSecret) {
  return Pending(kmsak_provider_begin_credentials(provider.get(), name.c_str(), timeout_ms));
}
Answer<Credentials> credentials_of(const kmsak_pending* pending) {
  return ask<Credentials>([&](auto** out, auto** error) { return kmsak_pending_credentials(pending, out, error); });
}
Answer<Secret> secret_of(const kmsak_pending* pending) {
  return ask<Secret>([&](auto** out, auto** error) { return kmsak_pending_secret(pending, out, error); });
}

// KMS hears everything and answers nothing, until this ends.
class Hang {
 public:
  Hang() { emulator::fault(R"({"kind": "hang"})"); }
  ~Hang() { emulator::clear_faults(); }
};

// What a callback gets as its user data.
struct Called {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<kmsak_status> statuses;
  std::vector<std::thread::id> threads;

  static void back(const kmsak_pending* pending, void* user_data) {
    auto* called = static_cast<Called*>(user_data);
    EXPECT_TRUE(kmsak_pending_is_done(pending));
    const kmsak_status status = credentials_of(pending).status;
    const std::lock_guard<std::mutex> lock(called->mutex);
    called->statuses.push_back(status);
    called->threads.push_back(std::this_thread::get_id());
    called->changed.notify_all();
  }
  std::vector<kmsak_status> wait(std::size_t count = 1) {
    std::unique_lock<std::mutex> lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(60), [&] { return statuses.size() >= count; }));
    return statuses;
  }
};

TEST(Pending, AnswersWhatTheBlockingCallsAnswer) {
  emulator::admin("POST", "/secrets", R"({"name": "c/pending", "text": "value"})");
  Provider provider = ::provider();
  Pending cold = begin(provider);
  const auto first = credentials_of(cold.get());
  ASSERT_EQ(first.status, KMSAK_OK);
  EXPECT_TRUE(kmsak_pending_is_done(cold.get()));
  EXPECT_EQ(id_of(credentials_of(cold.get()).value), id_of(first.value)) << "it answers again";
  EXPECT_STREQ(kmsak_secret_name(secret_of(cold.get()).value.get()), emulator::kSecret.c_str());
  // From the cache, whatever the time.
  Pending warm = begin(provider, 0);
  EXPECT_TRUE(kmsak_pending_is_done(warm.get()));
  EXPECT_EQ(id_of(credentials_of(warm.get()).value), id_of(first.value));

  Pending secret(kmsak_provider_begin_secret(provider.get(), "c/pending", kNoLimit));
  const auto value = secret_of(secret.get());
  ASSERT_EQ(value.status, KMSAK_OK);
  EXPECT_STREQ(static_cast<const char*>(kmsak_secret_bytes(value.value.get(), nullptr)), "value");
  EXPECT_EQ(credentials_of(secret.get()).status, KMSAK_INVALID_ARGUMENT) << "it was begun for a secret";

  const std::string new_id = emulator::rotate();
  Pending renewed(kmsak_provider_begin_renew(provider.get(), emulator::kSecret.c_str(), id_of(first.value).c_str(), kNoLimit));
  EXPECT_EQ(id_of(credentials_of(renewed.get()).value), new_id);
  Pending refreshed(kmsak_provider_begin_refresh(provider.get(), emulator::kSecret.c_str(), kNoLimit));
  EXPECT_EQ(secret_of(refreshed.get()).status, KMSAK_OK);
  Pending previous(
      kmsak_provider_begin_secret_at_stage(provider.get(), emulator::kSecret.c_str(), "ACSPrevious", kNoLimit));
  EXPECT_STREQ(kmsak_secret_version_id(secret_of(previous.get()).value.get()),
               kmsak_credentials_version_id(first.value.get()));

  Pending missing = begin(provider, kNoLimit, "acs/ram/user/nobody");
  EXPECT_EQ(credentials_of(missing.get()).status, KMSAK_NOT_FOUND);
  EXPECT_EQ(secret_of(missing.get()).status, KMSAK_NOT_FOUND);
}

TEST(Pending, CallsBackOnce) {
  Provider provider = ::provider();
  Called called;
  Pending cold = begin(provider);
  ASSERT_EQ(kmsak_pending_then(cold.get(), Called::back, &called), KMSAK_OK);
  ASSERT_EQ(kmsak_pending_then(cold.get(), Called::back, &called), KMSAK_OK);
  EXPECT_EQ(called.wait(2), (std::vector<kmsak_status>{KMSAK_OK, KMSAK_OK}));
  // What is here is told on this thread.
  Called at_once;
  ASSERT_EQ(kmsak_pending_then(cold.get(), Called::back, &at_once), KMSAK_OK);
  ASSERT_EQ(at_once.statuses.size(), 1u);
  EXPECT_EQ(at_once.threads[0], std::this_thread::get_id());
  kmsak_pending_cancel(cold.get());
  EXPECT_EQ(credentials_of(cold.get()).status, KMSAK_OK) << "too late to cancel";
  EXPECT_EQ(called.statuses.size(), 2u);
}

TEST(Pending, CallsBackAlthoughItWasFreed) {
  Provider provider = ::provider();
  Called called;
  {
    const Hang hang;
    Pending freed = begin(provider);
    ASSERT_EQ(kmsak_pending_then(freed.get(), Called::back, &called), KMSAK_OK);
  }
  EXPECT_EQ(called.wait(), std::vector<kmsak_status>{KMSAK_OK});
  EXPECT_NE(called.threads[0], std::this_thread::get_id());
}

// Frees itself, and asks KMS for another secret, as a callback of an event may.
struct Chain {
  kmsak_provider* provider;
  kmsak_pending* pending;
  Called called;

  static void back(const kmsak_pending*, void* user_data) {
    auto* chain = static_cast<Chain*>(user_data);
    kmsak_pending_free(chain->pending);
    kmsak_secret* secret = nullptr;
    const kmsak_status status = kmsak_provider_refresh(chain->provider, emulator::kSecret.c_str(), &secret, nullptr);
    kmsak_secret_free(secret);
    const std::lock_guard<std::mutex> lock(chain->called.mutex);
    chain->called.statuses.push_back(status);
    chain->called.changed.notify_all();
  }
};

TEST(Pending, LetsACallbackWaitForKmsAndFreeIt) {
  Provider provider = ::provider();
  for (int i = 0; i < 2; ++i) {
    Chain chain{provider.get(), begin(provider).release(), {}};
    ASSERT_EQ(kmsak_pending_then(chain.pending, Chain::back, &chain), KMSAK_OK);
    EXPECT_EQ(chain.called.wait(), std::vector<kmsak_status>{KMSAK_OK});
  }
}

TEST(Pending, EndsWhenItsTimeHasPassed) {
  Provider provider = ::provider();
  Called called;
  {
    const Hang hang;
    for (const std::int64_t timeout : {std::int64_t{0}, std::int64_t{50}}) {
      Pending limited = begin(provider, timeout);
      const auto answer = credentials_of(limited.get());
      EXPECT_EQ(answer.status, KMSAK_NETWORK);
      EXPECT_TRUE(kmsak_error_retryable(answer.error.get()));
      const std::string told = std::to_string(timeout) + " ms";
      EXPECT_NE(std::strstr(kmsak_error_message(answer.error.get()), told.c_str()), nullptr);
    }
    Pending limited = begin(provider, 50);
    ASSERT_EQ(kmsak_pending_then(limited.get(), Called::back, &called), KMSAK_OK);
    EXPECT_EQ(called.wait(), std::vector<kmsak_status>{KMSAK_NETWORK});
  }
  // The fetch has gone on.
  EXPECT_EQ(credentials(provider).status, KMSAK_OK);
}

TEST(Pending, IsCancelledFromAnotherThread) {
  Provider provider = ::provider();
  const Hang hang;
  Pending pending = begin(provider);
  Called called;
  ASSERT_EQ(kmsak_pending_then(pending.get(), Called::back, &called), KMSAK_OK);
  std::atomic<bool> waiting{false};
  kmsak_status status = KMSAK_OK;
  std::thread blocked([&] {
    waiting = true;
    status = credentials_of(pending.get()).status;
  });
  while (!waiting) std::this_thread::yield();
  EXPECT_FALSE(kmsak_pending_is_done(pending.get()));
  kmsak_pending_cancel(pending.get());
  kmsak_pending_cancel(pending.get());
  blocked.join();
  EXPECT_EQ(status, KMSAK_CANCELLED);
  EXPECT_EQ(called.statuses, std::vector<kmsak_status>{KMSAK_CANCELLED});
  EXPECT_EQ(called.threads[0], std::this_thread::get_id());
  EXPECT_STREQ(kmsak_error_kind(credentials_of(pending.get()).error.get()), "cancelled");
}

TEST(Pending, EndsWithItsProvider) {
  for (const std::int64_t timeout : {kNoLimit, std::int64_t{60'000}}) {
    const Hang hang;
    Provider provider = ::provider();
    Called called;
    Pending pending = begin(provider, timeout);
    ASSERT_EQ(kmsak_pending_then(pending.get(), Called::back, &called), KMSAK_OK);
    provider.reset();
    EXPECT_EQ(credentials_of(pending.get()).status, KMSAK_CLOSED);
    EXPECT_EQ(called.wait(), std::vector<kmsak_status>{KMSAK_CLOSED});
    EXPECT_EQ(called.statuses.size(), 1u);
  }
}

TEST(Pending, OfAParentIsOfNoUseInAChild) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer's own allocator cannot: a child inherits its locks as other threads held them";
#endif
  Provider provider = ::provider();
  ASSERT_EQ(credentials(provider).status, KMSAK_OK);
  const Hang hang;
  Pending refreshing(kmsak_provider_begin_refresh(provider.get(), emulator::kSecret.c_str(), kNoLimit));
  const pid_t child = fork();
  if (child == 0) {
    alarm(300);
    const auto errors = VALGRIND_COUNT_ERRORS;
    kmsak_secret* none = nullptr;
    if (kmsak_pending_secret(refreshing.get(), &none, nullptr) != KMSAK_INVALID_ARGUMENT) _exit(1);
    const auto callback = [](const kmsak_pending*, void*) { _exit(2); };
    if (kmsak_pending_then(refreshing.get(), callback, nullptr) != KMSAK_INVALID_ARGUMENT) _exit(3);
    if (kmsak_pending_is_done(refreshing.get())) _exit(4);
    kmsak_pending_cancel(refreshing.get());
    kmsak_pending* own = kmsak_provider_begin_credentials(provider.get(), emulator::kSecret.c_str(), kNoLimit);
    kmsak_credentials* credentials = nullptr;
    if (kmsak_pending_credentials(own, &credentials, nullptr) != KMSAK_OK) _exit(5);
    _exit(VALGRIND_COUNT_ERRORS == errors ? 0 : 100);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(step_of(status), 0);
}

TEST(Pending, RefusesWhatCannotBe) {
  constexpr const char* kBad = "\xc3\x28";
  Provider provider = ::provider();
  for (const char* bad : {static_cast<const char*>(nullptr), kBad}) {
    for (kmsak_pending* raw : {kmsak_provider_begin_credentials(provider.get(), bad, kNoLimit),
                               kmsak_provider_begin_secret(provider.get(), bad, kNoLimit),
                               kmsak_provider_begin_refresh(provider.get(), bad, 0),
                               kmsak_provider_begin_renew(provider.get(), bad, "a", kNoLimit),
                               kmsak_provider_begin_renew(provider.get(), "a", bad, kNoLimit),
                               kmsak_provider_begin_secret_at_stage(provider.get(), bad, "a", kNoLimit),
                               kmsak_provider_begin_secret_at_stage(provider.get(), "a", bad, kNoLimit)}) {
      const Pending pending(raw);
      ASSERT_NE(pending, nullptr);
      EXPECT_TRUE(kmsak_pending_is_done(pending.get()));
      EXPECT_EQ(secret_of(pending.get()).status, KMSAK_INVALID_ARGUMENT);
    }
  }
  const Pending nobody(kmsak_provider_begin_credentials(nullptr, "a", kNoLimit));
  EXPECT_EQ(credentials_of(nobody.get()).status, KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(credentials_of(nullptr).status, KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(secret_of(nullptr).status, KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_pending_credentials(nobody.get(), nullptr, nullptr), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_pending_secret(nobody.get(), nullptr, nullptr), KMSAK_INVALID_ARGUMENT);
  EXPECT_FALSE(kmsak_pending_is_done(nullptr));
  EXPECT_EQ(kmsak_pending_then(nullptr, Called::back, nullptr), KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(kmsak_pending_then(nobody.get(), nullptr, nullptr), KMSAK_INVALID_ARGUMENT);
  kmsak_pending_cancel(nullptr);
  kmsak_pending_free(nullptr);
  kmsak_provider_close(provider.get());
  EXPECT_EQ(credentials_of(begin(provider).get()).status, KMSAK_CLOSED);
}

}  // namespace
