// kmsak.hpp in C++20: coroutines and stop tokens.
#include <gtest/gtest.h>

#include <condition_variable>
#include <coroutine>
#include <kmsak.hpp>
#include <mutex>
#include <stop_token>
#include <thread>

#include "emulator.hh"

namespace {

using emulator::kSecret;

kmsak::Provider provider() { return kmsak::Provider::from_file(emulator::on_the_cloud()); }

// A coroutine that begins at once, and that a test waits for.
class Task {
 public:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    std::exception_ptr thrown;
  };
  struct promise_type {
    std::shared_ptr<State> state = std::make_shared<State>();

    Task get_return_object() { return Task(state); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() { end(nullptr); }
    void unhandled_exception() { end(std::current_exception()); }
    void end(std::exception_ptr thrown) {
      const std::lock_guard<std::mutex> lock(state->mutex);
      state->thrown = std::move(thrown);
      state->done = true;
      state->changed.notify_all();
    }
  };

  void wait() {
    std::unique_lock<std::mutex> lock(state_->mutex);
    ASSERT_TRUE(state_->changed.wait_for(lock, std::chrono::seconds(60), [&] { return state_->done; }));
    if (state_->thrown) std::rethrow_exception(state_->thrown);
  }

 private:
  explicit Task(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// Parameters live in the coroutine; what a lambda captures would not.
Task read_and_renew(const kmsak::Provider& opened, std::string& used) {
  const kmsak::Credentials cold = co_await opened.begin_credentials(kSecret);
  const kmsak::Credentials cached = co_await opened.begin_credentials(kSecret);
  EXPECT_EQ(cold.access_key_id(), cached.access_key_id());
  emulator::rotate();
  // On kmsak's thread, or ours: blocking calls work on both.
  const kmsak::Secret refreshed = opened.refresh(kSecret);
  const kmsak::Credentials renewed = co_await opened.begin_renew(kSecret, cold.access_key_id());
  EXPECT_NE(renewed.access_key_id(), cold.access_key_id());
  const kmsak::Pending<kmsak::Secret> kept = opened.begin_secret(kSecret);
  const kmsak::Secret secret = co_await kept;
  EXPECT_EQ(secret.version_id(), refreshed.version_id());
  used = renewed.access_key_id();
}

Task await_nobody(const kmsak::Provider& opened) {
  try {
    (void)co_await opened.begin_credentials("acs/ram/user/nobody");
    ADD_FAILURE() << "there is no such secret";
  } catch (const kmsak::NotFoundError& error) {
    EXPECT_EQ(error.http_status(), 404);
  }
  (void)co_await opened.begin_credentials("", std::chrono::milliseconds(1));
}

Task await_until_stopped(const kmsak::Provider& opened, std::stop_token token, bool& cancelled) {
  try {
    (void)co_await opened.begin_credentials(kSecret).cancelled_by(token);
  } catch (const kmsak::CancelledError&) {
    cancelled = true;
  }
}

TEST(Coroutine, AwaitsAnswersAndFailures) {
  const kmsak::Provider opened = provider();
  std::string used;
  read_and_renew(opened, used).wait();
  EXPECT_EQ(used.substr(0, 4), "LTAI");
  EXPECT_THROW(await_nobody(opened).wait(), kmsak::ConfigurationError);
}

TEST(Coroutine, IsCancelledByAStopToken) {
  const kmsak::Provider opened = provider();
  emulator::fault(R"({"kind": "hang"})");
  std::stop_source source;
  bool cancelled = false;
  Task task = await_until_stopped(opened, source.get_token(), cancelled);
  source.request_stop();
  task.wait();
  EXPECT_TRUE(cancelled);

  // A blocking wait, on a thread that is asked to stop.
  bool stopped = false;
  {
    std::jthread thread([&](std::stop_token token) {
      try {
        (void)opened.begin_credentials(kSecret).get(std::move(token));
      } catch (const kmsak::CancelledError&) {
        stopped = true;
      }
    });
  }
  EXPECT_TRUE(stopped);
  emulator::clear_faults();
  // A stop that was asked for before cancels what is not here yet, and nothing else.
  const kmsak::Credentials credentials = opened.credentials(kSecret);
  const kmsak::Credentials again = opened.begin_credentials(kSecret).get(source.get_token());
  EXPECT_EQ(again.access_key_id(), credentials.access_key_id());
}

}  // namespace
