// What a host process does to a library: forks, signals, broken pipes.
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "handles.hh"
#include "memcheck.hh"

// What the parent's other threads held is lost in a child, and no leak of ours.
static bool leaks_count = true;
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return leaks_count ? 0 : 1; }

namespace {

// What a child does; the answer says where it failed. No assertions: they would be lost.
int in_the_child(kmsak_provider* inherited, const std::string& rejected) {
  kmsak_credentials* credentials = nullptr;
  kmsak_secret* secret = nullptr;
  if (kmsak_provider_credentials(inherited, emulator::kSecret.c_str(), &credentials, nullptr) != KMSAK_OK) return 1;
  kmsak_credentials_free(credentials);
  if (kmsak_provider_renew(inherited, emulator::kSecret.c_str(), rejected.c_str(), &credentials, nullptr) != KMSAK_OK) {
    return 2;
  }
  const bool renewed = rejected != kmsak_credentials_access_key_id(credentials);
  kmsak_credentials_free(credentials);
  if (!renewed) return 3;
  if (kmsak_provider_refresh(inherited, emulator::kSecret.c_str(), &secret, nullptr) != KMSAK_OK) return 6;
  kmsak_secret_free(secret);
  kmsak_provider* own = nullptr;
  if (kmsak_provider_from_file(emulator::on_the_cloud().c_str(), &own, nullptr) != KMSAK_OK) return 4;
  if (kmsak_provider_credentials(own, emulator::kSecret.c_str(), &credentials, nullptr) != KMSAK_OK) return 5;
  kmsak_credentials_free(credentials);
  kmsak_provider_free(own);
  kmsak_provider_close(inherited);
  return 0;
}

// A hundred in a row are more than leaks explain.
Provider provider_with_many_renewals() {
  Config config(kmsak_config_new());
  EXPECT_EQ(kmsak_config_properties_file(config.get(), emulator::on_the_cloud().c_str()), KMSAK_OK);
  EXPECT_EQ(kmsak_config_renew_tokens(config.get(), 1000), KMSAK_OK);
  return ask<Provider>([&](auto** out, auto** error) { return kmsak_provider_open(config.get(), out, error); }).value;
}

// Forks, and gives the step that failed in the child, 0 for none.
int step_that_failed(const Provider& provider, const std::string& rejected) {
  void* memory = mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int* result = static_cast<int*>(memory);
  *result = -1;
  const pid_t child = fork();
  if (child == 0) {
    // Whatever hangs ends here, and fails the test.
    alarm(300);
    const auto errors = VALGRIND_COUNT_ERRORS;
    const int step = in_the_child(provider.get(), rejected);
    *result = VALGRIND_COUNT_ERRORS == errors ? step : 100;
    // No ordinary end: what the parent's other threads held is lost in the child, and no leak of ours.
    raise(SIGKILL);
  }
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  const int step = *result;
  munmap(memory, sizeof(int));
  return step;
}

TEST(Process, ForksWhileItsThreadsAreAtWork) {
#ifdef __SANITIZE_ADDRESS__
  // Under memcheck this runs as it is; the next two fork under AddressSanitizer as well, with no thread in their way.
  GTEST_SKIP() << "AddressSanitizer's own allocator cannot: a child inherits its locks as other threads held them";
#endif
  emulator::admin("POST", "/secrets", R"({"name": "forked", "text": "value"})");
  Provider provider = provider_with_many_renewals();
  std::string old_id = id_of(credentials(provider).value);
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      while (!done) {
        EXPECT_EQ((i == 0 ? refresh(provider, "forked").status : secret(provider).status), KMSAK_OK);
        std::this_thread::yield();
      }
    });
  }
  const int children = emulator::rounds(100);
  for (int i = 0; i < children; ++i) {
    const std::string new_id = emulator::rotate();
    EXPECT_EQ(step_that_failed(provider, old_id), 0) << "in child " << i;
    EXPECT_EQ(id_of(credentials(provider).value), old_id) << "the parent is as it was";
    EXPECT_EQ(id_of(renew(provider, old_id).value), new_id);
    old_id = new_id;
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

TEST(Process, ForksAndRenewsInTheChildAfterARotation) {
  Provider provider = ::provider();
  const std::string old_id = id_of(credentials(provider).value);
  emulator::rotate();
  EXPECT_EQ(step_that_failed(provider, old_id), 0);
  EXPECT_EQ(renew(provider, old_id).status, KMSAK_OK);
}

// What the child makes of what it inherited, and then the ordinary end of a program.
[[noreturn]] void free_and_exit(kmsak_provider* provider, kmsak_subscription* subscription, bool provider_first) {
  // Whatever hangs ends here, and fails the test.
  alarm(300);
  leaks_count = false;
  const auto errors = VALGRIND_COUNT_ERRORS;
  if (provider_first) kmsak_provider_free(provider);
  kmsak_subscription_free(subscription);
  if (!provider_first) kmsak_provider_free(provider);
  if (VALGRIND_COUNT_ERRORS != errors) _exit(100);
  exit(0);
}

TEST(Process, FreesInTheChildWhatTheParentOpenedAndExits) {
  Provider provider = ::provider();
  const auto subscription = ask<Subscription>([&](auto** out, auto** error) {
    const auto listener = [](const kmsak_event*, void*) {};
    return kmsak_provider_subscribe(provider.get(), listener, nullptr, [](void*) {}, out, error);
  });
  ASSERT_EQ(credentials(provider).status, KMSAK_OK);
  std::atomic<bool> done{false};
  std::thread fetching([&] {
#ifndef __SANITIZE_ADDRESS__  // for the reason above
    while (!done) EXPECT_EQ(refresh(provider).status, KMSAK_OK);
#endif
  });
  for (int i = 0; i < emulator::rounds(40); ++i) {
    fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) free_and_exit(provider.get(), subscription.value.get(), i % 2 == 0);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(step_of(status), 0) << "in child " << i;
  }
  done = true;
  fetching.join();
}

// What an exit handler does, after the thread's own variables are gone; its step that failed is the program's exit code.
kmsak_provider* at_exit_inherited;
unsigned at_exit_errors;

void in_an_exit_handler() {
  const auto read = [](kmsak_provider* provider) {
    kmsak_credentials* credentials = nullptr;
    if (kmsak_provider_credentials(provider, emulator::kSecret.c_str(), &credentials, nullptr) != KMSAK_OK) return false;
    kmsak_credentials_free(credentials);
    return true;
  };
  if (!read(at_exit_inherited)) _exit(1);
  kmsak_secret* secret = nullptr;
  if (kmsak_provider_refresh(at_exit_inherited, emulator::kSecret.c_str(), &secret, nullptr) != KMSAK_OK) _exit(2);
  kmsak_secret_free(secret);
  kmsak_provider* own = nullptr;
  if (kmsak_provider_from_file(emulator::on_the_cloud().c_str(), &own, nullptr) != KMSAK_OK) _exit(3);
  if (!read(own)) _exit(4);
  kmsak_pending* pending = kmsak_provider_begin_refresh(own, emulator::kSecret.c_str(), 60'000);
  if (kmsak_pending_secret(pending, &secret, nullptr) != KMSAK_OK) _exit(5);
  kmsak_secret_free(secret);
  kmsak_pending_free(pending);
  kmsak_provider_free(own);
  kmsak_provider_close(at_exit_inherited);
  _exit(VALGRIND_COUNT_ERRORS == at_exit_errors ? 0 : 100);
}

TEST(Process, ServesExitHandlers) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer's own allocator cannot: a child inherits its locks as other threads held them";
#endif
  Provider provider = ::provider();
  ASSERT_EQ(credentials(provider).status, KMSAK_OK);
  // The child's very first use is in the handler, or comes before it.
  for (const bool used_before : {false, true}) {
    fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      alarm(300);
      leaks_count = false;
      at_exit_inherited = provider.get();
      at_exit_errors = VALGRIND_COUNT_ERRORS;
      if (used_before && refresh(provider).status != KMSAK_OK) _exit(6);
      atexit(in_an_exit_handler);
      exit(7);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(step_of(status), 0);
  }
}

std::atomic<int> handled{0};
std::atomic<bool> on_another_thread{false};
pthread_t waiting_thread;

TEST(Process, TakesSignalsDuringAFetch) {
  struct sigaction action = {};
  struct sigaction before = {};
  action.sa_handler = [](int) {
    ++handled;
    if (!pthread_equal(pthread_self(), waiting_thread)) on_another_thread = true;
  };
  // No SA_RESTART: system calls are interrupted.
  sigaction(SIGUSR1, &action, &before);
  emulator::fault(R"({"kind": "hang"})");
  Provider provider = ::provider();
  std::atomic<bool> done{false};
  std::atomic<bool> started{false};
  kmsak_status status = KMSAK_INTERNAL;
  std::thread fetching([&] {
    waiting_thread = pthread_self();
    started = true;
    status = credentials(provider).status;
    done = true;
    while (done) std::this_thread::yield();
  });
  while (!started) std::this_thread::yield();
  const int before_signals = handled;
  bool hangs = true;
  while (!done) {
    pthread_kill(fetching.native_handle(), SIGUSR1);
    std::this_thread::yield();
    // After some more signals KMS answers.
    if (hangs && handled > before_signals + 100) {
      emulator::clear_faults();
      hangs = false;
    }
  }
  done = false;
  fetching.join();
  emulator::clear_faults();
  sigaction(SIGUSR1, &before, nullptr);
  EXPECT_EQ(status, KMSAK_OK);
  EXPECT_GT(handled, before_signals);
  EXPECT_FALSE(on_another_thread);
}

TEST(Process, NeverRunsTheHostsHandlersOnItsOwnThread) {
  static std::atomic<int> seen;
  seen = 0;
  Provider provider = ::provider();
  ASSERT_EQ(credentials(provider).status, KMSAK_OK);
  struct sigaction action = {};
  struct sigaction before = {};
  action.sa_handler = [](int) { ++seen; };
  sigaction(SIGUSR2, &action, &before);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // With the only other thread blocking it, the signal stays pending: kmsak's thread does not take it.
  kill(getpid(), SIGUSR2);
  EXPECT_EQ(refresh(provider).status, KMSAK_OK);
  EXPECT_EQ(seen, 0);
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGUSR2), 1);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  EXPECT_EQ(seen, 1);
  sigaction(SIGUSR2, &before, nullptr);
}

TEST(Process, SurvivesBrokenConnectionsWhateverItDoesWithSigpipe) {
  for (auto handler : {SIG_DFL, SIG_IGN}) {
    struct sigaction action = {};
    struct sigaction before = {};
    action.sa_handler = handler;
    sigaction(SIGPIPE, &action, &before);
    Provider provider = ::provider();
    ASSERT_EQ(credentials(provider).status, KMSAK_OK);
    for (const char* kind : {"drop_connection", "refuse", "truncated_body"}) {
      emulator::fault(std::string(R"({"times": 2, "kind": ")") + kind + "\"}");
      EXPECT_EQ(refresh(provider).status, KMSAK_OK) << kind;
      emulator::clear_faults();
    }
    struct sigaction after = {};
    sigaction(SIGPIPE, &before, &after);
    EXPECT_EQ(after.sa_handler, handler) << "the host's choice stands";
  }
}

TEST(Process, LeavesTheSignalMaskAlone) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  Provider provider = ::provider();
  ASSERT_EQ(credentials(provider).status, KMSAK_OK);
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < NSIG; ++signal) {
    EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
  }
}

}  // namespace
