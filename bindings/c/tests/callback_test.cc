// Callbacks that call back in, throw, take their time or outlive the provider; and the one end of their user data.
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "handles.hh"

namespace {

// What a callback gets as its user data: counts calls and ends, and lets a test wait for them.
struct Witness {
  std::function<void(const kmsak_event*)> on_event = [](const kmsak_event*) {};
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> events;
  int ends = 0;

  static void event(const kmsak_event* event, void* user_data) {
    auto* witness = static_cast<Witness*>(user_data);
    witness->on_event(event);
    const std::lock_guard<std::mutex> lock(witness->mutex);
    witness->events.emplace_back(kmsak_event_name(event));
    witness->changed.notify_all();
  }
  static void end(void* user_data) {
    auto* witness = static_cast<Witness*>(user_data);
    const std::lock_guard<std::mutex> lock(witness->mutex);
    ++witness->ends;
    witness->changed.notify_all();
  }
  bool seen(const std::string& name, std::size_t times = 1) {
    return wait([&] { return count(name) >= times; });
  }
  bool ended() {
    return wait([&] { return ends > 0; });
  }
  std::size_t count(const std::string& name) const {
    std::size_t count = 0;
    for (const std::string& event : events) count += event == name ? 1 : 0;
    return count;
  }
  template <typename F>
  bool wait(F&& f) {
    std::unique_lock<std::mutex> lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(60), f);
  }
};

Subscription subscribe(const Provider& provider, Witness& witness) {
  return ask<Subscription>([&](auto** out, auto** error) {
           return kmsak_provider_subscribe(provider.get(), Witness::event, &witness, Witness::end, out, error);
         }).value;
}

TEST(Subscription, TellsWhatHappens) {
  Witness witness;
  std::string rotated_from;
  std::string rotated_to;
  std::string failure;
  witness.on_event = [&](const kmsak_event* event) {
    if (kmsak_event_get_kind(event) == KMSAK_EVENT_ROTATED) {
      rotated_from = kmsak_event_old_access_key_id(event);
      rotated_to = kmsak_event_new_access_key_id(event);
    }
    if (kmsak_event_get_kind(event) == KMSAK_EVENT_REFRESH_FAILED) {
      const char* code = kmsak_error_code(kmsak_event_error(event));
      failure = code == nullptr ? "" : code;
      EXPECT_GE(kmsak_event_stale_for_ms(event), 0);
    }
  };
  Provider provider = ::provider();
  Subscription subscription = subscribe(provider, witness);
  const std::string old_id = id_of(credentials(provider).value);
  ASSERT_TRUE(witness.seen("fetched"));
  const std::string new_id = emulator::rotate();
  ASSERT_EQ(renew(provider, old_id).status, KMSAK_OK);
  ASSERT_TRUE(witness.seen("rotated"));
  emulator::fault(R"({"kind": "error", "status": 403, "code": "Forbidden.NoPermission"})");
  EXPECT_EQ(refresh(provider).status, KMSAK_DENIED);
  emulator::clear_faults();
  ASSERT_TRUE(witness.seen("refresh_failed"));
  subscription.reset();
  provider.reset();
  ASSERT_TRUE(witness.ended());
  EXPECT_EQ(rotated_from, old_id);
  EXPECT_EQ(rotated_to, new_id);
  EXPECT_EQ(failure, "Forbidden.NoPermission");
}

TEST(Subscription, EndsUserDataOnceWhateverIsFreedFirst) {
  for (const bool provider_first : {true, false}) {
    Witness witness;
    Provider provider = ::provider();
    Subscription subscription = subscribe(provider, witness);
    ASSERT_EQ(credentials(provider).status, KMSAK_OK);
    if (provider_first) provider.reset();
    subscription.reset();
    ASSERT_TRUE(witness.ended());
    provider.reset();
    EXPECT_EQ(witness.ends, 1);
  }
}

TEST(Subscription, EndsUserDataWhenItFails) {
  Witness witness;
  kmsak_subscription* subscription = nullptr;
  EXPECT_EQ(kmsak_provider_subscribe(nullptr, Witness::event, &witness, Witness::end, &subscription, nullptr),
            KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(witness.ends, 1);
  Provider provider = ::provider();
  EXPECT_EQ(kmsak_provider_subscribe(provider.get(), nullptr, &witness, Witness::end, &subscription, nullptr),
            KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(witness.ends, 2);
  EXPECT_EQ(kmsak_provider_subscribe(provider.get(), Witness::event, &witness, Witness::end, nullptr, nullptr),
            KMSAK_INVALID_ARGUMENT);
  EXPECT_EQ(witness.ends, 3);
  EXPECT_EQ(kmsak_provider_subscribe(provider.get(), Witness::event, nullptr, nullptr, &subscription, nullptr),
            KMSAK_OK);
  kmsak_subscription_free(subscription);
}

TEST(Subscription, IsRefusedByAClosedProvider) {
  Witness witness;
  Provider provider = ::provider();
  kmsak_provider_close(provider.get());
  const auto answer = ask<Subscription>([&](auto** out, auto** error) {
    return kmsak_provider_subscribe(provider.get(), Witness::event, &witness, Witness::end, out, error);
  });
  EXPECT_EQ(answer.status, KMSAK_CLOSED);
  EXPECT_EQ(witness.ends, 1);
}

TEST(Subscription, MayCallBackIn) {
  Witness witness;
  Provider provider = ::provider();
  std::atomic<int> worked{0};
  witness.on_event = [&](const kmsak_event* event) {
    if (kmsak_event_get_kind(event) != KMSAK_EVENT_FETCHED || worked != 0) return;
    if (credentials(provider).status != KMSAK_OK) return;
    if (refresh(provider).status != KMSAK_OK) return;
    Stats stats(kmsak_provider_stats(provider.get()));
    Witness inner;
    Subscription another = subscribe(provider, inner);
    another.reset();
    // A call may still run; it must not find its witness gone.
    if (!inner.ended()) return;
    Provider second = ::provider();
    if (credentials(second).status != KMSAK_OK) return;
    worked = 1;
  };
  Subscription subscription = subscribe(provider, witness);
  ASSERT_EQ(credentials(provider).status, KMSAK_OK);
  ASSERT_TRUE(witness.seen("fetched", 2));
  EXPECT_EQ(worked, 1);
  subscription.reset();
  provider.reset();
  ASSERT_TRUE(witness.ended());
}

TEST(Subscription, MayFreeItselfAndItsProvider) {
  Witness witness;
  Provider provider = ::provider();
  std::mutex handles;
  Subscription subscription;
  witness.on_event = [&](const kmsak_event*) {
    const std::lock_guard<std::mutex> lock(handles);
    subscription.reset();
    provider.reset();
  };
  {
    const std::lock_guard<std::mutex> lock(handles);
    subscription = subscribe(provider, witness);
    ASSERT_EQ(credentials(provider).status, KMSAK_OK);
  }
  ASSERT_TRUE(witness.ended());
  EXPECT_EQ(provider, nullptr);
  EXPECT_EQ(witness.ends, 1);
}

TEST(Subscription, MayOutliveTheProvider) {
  Witness witness;
  std::mutex gate;
  gate.lock();
  std::atomic<bool> inside{false};
  witness.on_event = [&](const kmsak_event* event) {
    inside = true;
    const std::lock_guard<std::mutex> wait(gate);
    // The event still lives, although its provider does not.
    EXPECT_STREQ(kmsak_event_secret(event), emulator::kSecret.c_str());
  };
  Provider provider = ::provider();
  Subscription subscription = subscribe(provider, witness);
  ASSERT_EQ(credentials(provider).status, KMSAK_OK);
  while (!inside) std::this_thread::yield();
  provider.reset();
  subscription.reset();
  EXPECT_EQ(witness.ends, 0) << "a call still runs";
  gate.unlock();
  ASSERT_TRUE(witness.ended());
  EXPECT_EQ(witness.ends, 1);
}

TEST(Subscription, EndsWithTheCallThatRuns) {
  Witness witness;
  Provider provider = ::provider();
  std::atomic<bool> begun{false};
  std::atomic<bool> finished{false};
  witness.on_event = [&](const kmsak_event*) {
    if (begun.exchange(true)) return;
    // Takes a while: whoever does not wait for it is noticed.
    EXPECT_EQ(refresh(provider).status, KMSAK_OK);
    finished = true;
  };
  Subscription subscription = subscribe(provider, witness);
  ASSERT_EQ(credentials(provider).status, KMSAK_OK);
  while (!begun) std::this_thread::yield();
  kmsak_subscription_end(subscription.get());
  EXPECT_TRUE(finished);
  EXPECT_EQ(witness.ends, 1) << "the user data's end has come";
  kmsak_subscription_end(subscription.get());
  subscription.reset();
  EXPECT_EQ(witness.ends, 1);
  kmsak_subscription_end(nullptr);
}

TEST(Subscription, MayEndItself) {
  Witness witness;
  Provider provider = ::provider();
  std::mutex handles;
  Subscription subscription;
  std::atomic<int> calls{0};
  witness.on_event = [&](const kmsak_event*) {
    const std::lock_guard<std::mutex> lock(handles);
    kmsak_subscription_end(subscription.get());
    EXPECT_EQ(witness.ends, 0) << "this call still runs";
    ++calls;
  };
  {
    const std::lock_guard<std::mutex> lock(handles);
    subscription = subscribe(provider, witness);
    ASSERT_EQ(credentials(provider).status, KMSAK_OK);
  }
  ASSERT_TRUE(witness.ended());
  EXPECT_EQ(refresh(provider).status, KMSAK_OK);
  EXPECT_EQ(calls, 1);
}

struct Lines {
  std::mutex mutex;
  std::vector<std::pair<int, std::string>> lines;
  std::function<void()> on_line = [] {};
  std::atomic<int> ends{0};

  static void line(std::int32_t level, const char* message, void* user_data) {
    auto* lines = static_cast<Lines*>(user_data);
    {
      const std::lock_guard<std::mutex> lock(lines->mutex);
      lines->lines.emplace_back(level, message);
    }
    lines->on_line();
  }
  static void end(void* user_data) { ++static_cast<Lines*>(user_data)->ends; }
  // Ends the logging, and waits until no call runs any more.
  void end_all() {
    kmsak_set_log_callback(KMSAK_LOG_ERROR, nullptr, nullptr, nullptr);
    while (ends == 0) std::this_thread::yield();
  }
  bool hold(const std::string& text) {
    const std::lock_guard<std::mutex> lock(mutex);
    for (const auto& line : lines) {
      if (line.second.find(text) != std::string::npos) return true;
    }
    return false;
  }
};

TEST(Log, TellsWithoutSecrets) {
  Lines lines;
  kmsak_set_log_callback(KMSAK_LOG_TRACE, Lines::line, &lines, Lines::end);
  Provider provider = ::provider();
  const auto answer = credentials(provider);
  const std::string new_id = emulator::rotate();
  ASSERT_EQ(renew(provider, id_of(answer.value)).status, KMSAK_OK);
  kmsak_log(KMSAK_LOG_WARN, "a line of the host's");
  const std::string secret = kmsak_credentials_access_key_secret(answer.value.get());
  provider.reset();
  lines.end_all();
  EXPECT_TRUE(lines.hold("fetched " + emulator::kSecret));
  EXPECT_TRUE(lines.hold(new_id));
  EXPECT_TRUE(lines.hold("a line of the host's"));
  EXPECT_FALSE(lines.hold(secret));
  EXPECT_EQ(lines.ends, 1);
  const std::size_t before = lines.lines.size();
  kmsak_log(KMSAK_LOG_ERROR, "nobody listens");
  EXPECT_EQ(lines.lines.size(), before);
}

TEST(Log, KeepsToItsLevel) {
  Lines lines;
  kmsak_set_log_callback(KMSAK_LOG_WARN, Lines::line, &lines, Lines::end);
  kmsak_log(KMSAK_LOG_ERROR, "error");
  kmsak_log(KMSAK_LOG_WARN, "warn");
  kmsak_log(KMSAK_LOG_INFO, "info");
  kmsak_set_log_callback(KMSAK_LOG_WARN, nullptr, &lines, Lines::end);
  EXPECT_EQ(lines.ends, 2) << "one for each call that gave user data";
  ASSERT_EQ(lines.lines.size(), 2u);
  EXPECT_EQ(lines.lines[0], (std::pair<int, std::string>(KMSAK_LOG_ERROR, "error")));
  EXPECT_EQ(lines.lines[1], (std::pair<int, std::string>(KMSAK_LOG_WARN, "warn")));
}

TEST(Log, TakesAnOddLevelForTheNearest) {
  const auto heard = [](std::int32_t level) {
    Lines lines;
    kmsak_set_log_callback(level, Lines::line, &lines, Lines::end);
    for (std::int32_t own : {KMSAK_LOG_ERROR, KMSAK_LOG_WARN, KMSAK_LOG_INFO, KMSAK_LOG_DEBUG, KMSAK_LOG_TRACE}) {
      kmsak_log(own, "a line");
    }
    lines.end_all();
    return lines.lines.size();
  };
  for (std::int32_t low : {INT32_MIN, -1, 0}) EXPECT_EQ(heard(low), 1u) << low;
  for (std::int32_t high : {6, 99, INT32_MAX}) EXPECT_EQ(heard(high), 5u) << high;
}

TEST(Log, MayCallBackInButNotWait) {
  Lines lines;
  Provider provider = ::provider();
  Provider closed = ::provider();
  kmsak_provider_close(closed.get());
  const std::string old_id = id_of(credentials(provider).value);
  const std::string new_id = emulator::rotate();
  ASSERT_EQ(refresh(provider).status, KMSAK_OK);
  std::atomic<int> cached{0};
  std::atomic<int> refused{0};
  std::atomic<int> others{0};
  const auto previous = [&] {
    return ask<Secret>([&](auto** out, auto** error) {
      return kmsak_provider_secret_at_stage(provider.get(), emulator::kSecret.c_str(), "ACSPrevious", out, error);
    });
  };
  const auto begun = [&] {
    const Pending pending(kmsak_provider_begin_refresh(provider.get(), emulator::kSecret.c_str(), -1));
    return ask<Secret>([&](auto** out, auto** error) { return kmsak_pending_secret(pending.get(), out, error); });
  };
  lines.on_line = [&] {
    const auto renewed = renew(provider, old_id);
    if (credentials(provider).status == KMSAK_OK && secret(provider).status == KMSAK_OK &&
        renewed.status == KMSAK_OK && id_of(renewed.value) == new_id && credentials(closed).status == KMSAK_CLOSED) {
      ++cached;
    }
    for (const kmsak_status status :
         {refresh(provider).status, renew(provider, new_id).status, previous().status, begun().status,
          credentials(provider, "acs/ram/user/uncached").status, secret(provider, "acs/ram/user/uncached").status}) {
      ++(status == KMSAK_INVALID_ARGUMENT ? refused : others);
    }
  };
  const std::uint64_t before = fetches(provider);
  kmsak_set_log_callback(KMSAK_LOG_TRACE, Lines::line, &lines, Lines::end);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(refresh(provider).status, KMSAK_OK);
  kmsak_log(KMSAK_LOG_INFO, "on the caller's own thread");
  lines.end_all();
  EXPECT_GE(cached, 11) << "once on the caller's thread, and for each fetch on kmsak's";
  EXPECT_GE(refused, 6 * 11);
  EXPECT_EQ(others, 0);
  EXPECT_EQ(fetches(provider) - before, 10u) << "what is refused is not asked";
  EXPECT_EQ(emulator::requests("acs/ram/user/uncached"), 0u);
}

TEST(Log, IsNotCalledForWhatItsOwnCallsLog) {
  const std::string file = emulator::folder() + "/odd.properties";
  std::ofstream(file) << std::ifstream(emulator::on_the_cloud()).rdbuf() << "no_such_key=1\n";
  Lines lines;
  int opened = 0;
  lines.on_line = [&] {
    kmsak_log(KMSAK_LOG_ERROR, "from inside");
    if (from_file(file).status == KMSAK_OK) ++opened;
  };
  kmsak_set_log_callback(KMSAK_LOG_WARN, Lines::line, &lines, Lines::end);
  ASSERT_EQ(from_file(file).status, KMSAK_OK);
  EXPECT_TRUE(lines.hold("no_such_key"));
  EXPECT_FALSE(lines.hold("from inside"));
  EXPECT_EQ(opened, 1);
  kmsak_log(KMSAK_LOG_WARN, "from outside");
  lines.end_all();
  EXPECT_EQ(lines.lines.size(), 2u);
  EXPECT_EQ(opened, 2);
}

}  // namespace
