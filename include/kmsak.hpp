// kmsak for C++17: header only, over the C ABI of libkmsak. docs/c.md is the user's guide.
//
// Handles are move-only and free themselves. Failures are thrown as kmsak::Error or a class derived from it. Everything but
// moving, assigning and destroying a handle may be done from any thread. What is moved from may only be destroyed or
// assigned to.
//
//   kmsak::Provider provider = kmsak::Provider::from_file("managed_credentials_providers.properties");
//   kmsak::Credentials credentials = provider.credentials("acs/ram/user/app");
//   use(credentials.access_key_id(), credentials.access_key_secret());

#ifndef KMSAK_HPP
#define KMSAK_HPP

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>
#if !defined(_WIN32)
#include <unistd.h>
#endif
#if defined(__cpp_impl_coroutine)
#include <coroutine>
#endif
#if __cplusplus >= 202002L && __has_include(<stop_token>)
#include <stop_token>
#endif

#include "kmsak.h"

// Has compilers that know the attribute warn of views that outlive what they look at.
#if defined(__has_cpp_attribute)
#if __has_cpp_attribute(clang::lifetimebound)
#define KMSAK_LIFETIMEBOUND [[clang::lifetimebound]]
#elif __has_cpp_attribute(msvc::lifetimebound)
#define KMSAK_LIFETIMEBOUND [[msvc::lifetimebound]]
#endif
#endif
#ifndef KMSAK_LIFETIMEBOUND
#define KMSAK_LIFETIMEBOUND
#endif

namespace kmsak {

/// Points in time, with whole seconds.
using TimePoint = std::chrono::system_clock::time_point;

/// How long a call may take; none for no limit but the configuration's.
using Timeout = std::optional<std::chrono::milliseconds>;

/// A failure: what sort it is, KMS's own code and request id where KMS answered, whether trying again can help, and, as
/// what(), one sentence that says what to do. Never holds a secret. Every exception that kmsak throws of its own derives from
/// this. Where the system or a library said what the cause is, the exception that is thrown is a std::nested_exception as well:
/// std::rethrow_if_nested() throws a std::system_error with the system's number, or a std::runtime_error where there is none.
/// Copying throws nothing.
class Error : public std::runtime_error {
 public:
  /// Copies what `error` says and leaves it to the caller.
  explicit Error(const kmsak_error* error)
      : std::runtime_error(kmsak_error_message(error)),
        parts_(std::make_shared<const Parts>(Parts{
            kmsak_error_status(error), text(kmsak_error_code(error)), text(kmsak_error_request_id(error)),
            kmsak_error_retryable(error), kmsak_error_http_status(error), text(kmsak_error_cause(error)),
            kmsak_error_os_code(error)})) {}

  /// A failure found on this side of the C ABI.
  Error(kmsak_status status, const std::string& message)
      : std::runtime_error(message), parts_(std::make_shared<const Parts>(Parts{status, {}, {}, false, 0, {}, 0})) {}

  // Moving copies, so that what is moved from can be read all the same.
  Error(const Error&) noexcept = default;
  Error& operator=(const Error&) noexcept = default;
  ~Error() override = default;

  /// The stable number.
  kmsak_status status() const noexcept { return parts_->status; }
  /// The stable name, such as "not_found".
  std::string_view kind() const noexcept { return kmsak_status_name(status()); }
  /// KMS's own error code, such as "Forbidden.NoPermission"; empty where KMS did not answer.
  const std::string& code() const noexcept { return parts_->code; }
  /// The id under which KMS logged the request; empty where KMS did not answer.
  const std::string& request_id() const noexcept { return parts_->request_id; }
  /// Whether the same call may succeed later with nothing changed.
  bool retryable() const noexcept { return parts_->retryable; }
  /// The HTTP status of KMS's answer; 0 where KMS did not answer.
  int http_status() const noexcept { return parts_->http_status; }
  /// What the system or a library said; empty where kmsak or KMS itself found the fault.
  const std::string& cause() const noexcept { return parts_->cause; }
  /// The system's number (errno) for the cause; 0 where there is none.
  int os_code() const noexcept { return parts_->os_code; }

 private:
  struct Parts {
    kmsak_status status;
    std::string code;
    std::string request_id;
    bool retryable;
    int http_status;
    std::string cause;
    int os_code;
  };

  static std::string text(const char* text) { return text == nullptr ? std::string() : std::string(text); }

  std::shared_ptr<const Parts> parts_;
};

/// The configuration is wrong, or an argument cannot work.
class ConfigurationError : public Error { public: using Error::Error; };
/// The ClientKey file or its password cannot be used.
class ClientKeyError : public Error { public: using Error::Error; };
/// KMS could not be reached, or did not answer in time.
class NetworkError : public Error { public: using Error::Error; };
/// The peer could not be verified, or TLS failed.
class TlsError : public Error { public: using Error::Error; };
/// KMS refused: permission, signature, or an unknown ClientKey.
class DeniedError : public Error { public: using Error::Error; };
/// KMS has no such secret, version or key.
class NotFoundError : public Error { public: using Error::Error; };
/// KMS, or the token bucket for renewals, says that there were too many requests.
class ThrottledError : public Error { public: using Error::Error; };
/// KMS failed, or answered something that cannot be understood.
class ServerError : public Error { public: using Error::Error; };
/// The provider is closed.
class ClosedError : public Error { public: using Error::Error; };
/// A handle was moved from, a text is not UTF-8, or the call must not be made here.
class InvalidArgumentError : public Error { public: using Error::Error; };
/// A bug in kmsak.
class InternalError : public Error { public: using Error::Error; };
/// The call was cancelled.
class CancelledError : public Error { public: using Error::Error; };

/// What a cloud service's client throws inside Provider::call, or a class derived from it, so that kmsak sees the service's
/// error code and message.
class ServiceError : public std::runtime_error {
 public:
  /// `code` such as "InvalidAccessKeyId.NotFound".
  explicit ServiceError(std::string code, const std::string& message = "the service refused the request")
      : std::runtime_error(message), code_(std::make_shared<const std::string>(std::move(code))) {}

  // Moving copies, and copying throws nothing.
  ServiceError(const ServiceError&) noexcept = default;
  ServiceError& operator=(const ServiceError&) noexcept = default;
  ~ServiceError() override = default;

  const std::string& code() const noexcept { return *code_; }

 private:
  std::shared_ptr<const std::string> code_;
};

namespace detail {

struct NoMessage {
  template <typename Outcome>
  std::string operator()(const Outcome&) const {
    return {};
  }
};

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};

template <typename T, auto Free>
using Handle = std::unique_ptr<T, Deleter<Free>>;

using ErrorHandle = Handle<kmsak_error, kmsak_error_free>;

template <typename E>
[[noreturn]] void raise_as(const kmsak_error* error) {
  const char* cause = kmsak_error_cause(error);
  if (cause == nullptr) throw E(error);
  try {
    if (const int code = kmsak_error_os_code(error); code != 0) {
      throw std::system_error(code, std::system_category(), cause);
    }
    throw std::runtime_error(cause);
  } catch (const std::exception&) {
    std::throw_with_nested(E(error));
  }
}

[[noreturn]] inline void raise(kmsak_status status, kmsak_error* raw) {
  const ErrorHandle error(raw);
  switch (status) {
    case KMSAK_CONFIGURATION: raise_as<ConfigurationError>(error.get());
    case KMSAK_CLIENT_KEY: raise_as<ClientKeyError>(error.get());
    case KMSAK_NETWORK: raise_as<NetworkError>(error.get());
    case KMSAK_TLS: raise_as<TlsError>(error.get());
    case KMSAK_DENIED: raise_as<DeniedError>(error.get());
    case KMSAK_NOT_FOUND: raise_as<NotFoundError>(error.get());
    case KMSAK_THROTTLED: raise_as<ThrottledError>(error.get());
    case KMSAK_SERVER: raise_as<ServerError>(error.get());
    case KMSAK_CLOSED: raise_as<ClosedError>(error.get());
    case KMSAK_INVALID_ARGUMENT: raise_as<InvalidArgumentError>(error.get());
    case KMSAK_INTERNAL: raise_as<InternalError>(error.get());
    case KMSAK_CANCELLED: raise_as<CancelledError>(error.get());
    case KMSAK_OK: break;
  }
  raise_as<Error>(error.get());
}

// What a call hands out; throws what went wrong.
template <typename T, typename F>
T* made(F&& f) {
  T* out = nullptr;
  kmsak_error* error = nullptr;
  const kmsak_status status = f(&out, &error);
  if (status != KMSAK_OK) raise(status, error);
  return out;
}

// C would read no further than the NUL.
inline void refuse_nul(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    throw InvalidArgumentError(KMSAK_INVALID_ARGUMENT, "a text has a NUL inside: take it out");
  }
}

// A view as C reads it: copied, without an allocation for anything as short as a secret's name.
class CString {
 public:
  explicit CString(std::string_view text) {
    refuse_nul(text);
    char* to = short_;
    if (text.size() >= sizeof short_) {
      long_.reset(new char[text.size() + 1]);
      to = long_.get();
    }
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    to[text.size()] = '\0';
    text_ = to;
  }
  CString(const CString&) = delete;
  CString& operator=(const CString&) = delete;

  const char* get() const noexcept { return text_; }

 private:
  char short_[264];
  std::unique_ptr<char[]> long_;
  const char* text_;
};

inline std::string_view view(const char* text) noexcept {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

inline std::optional<std::string_view> optional_view(const char* text) noexcept {
  return text == nullptr ? std::nullopt : std::optional<std::string_view>(text);
}

inline std::optional<TimePoint> optional_time(std::int64_t seconds) noexcept {
  if (seconds < 0) return std::nullopt;
  return TimePoint(std::chrono::duration_cast<TimePoint::duration>(std::chrono::seconds(seconds)));
}

template <typename Duration>
std::optional<Duration> optional_duration(std::int64_t count) noexcept {
  return count < 0 ? std::nullopt : std::optional<Duration>(Duration(count));
}

inline std::uint64_t count(std::chrono::milliseconds duration) {
  if (duration.count() < 0) {
    throw ConfigurationError(KMSAK_CONFIGURATION, "a duration is negative: give one that is not");
  }
  return static_cast<std::uint64_t>(duration.count());
}

inline std::int64_t timeout_ms(Timeout timeout) {
  if (!timeout) return -1;
  return static_cast<std::int64_t>(count(*timeout));
}

// Exceptions must not reach C, so they end here; the log tells of them.
template <typename F>
void keep_exceptions(const char* where, F&& f) noexcept {
  try {
    try {
      f();
    } catch (const std::exception& exception) {
      kmsak_log(KMSAK_LOG_WARN, (std::string(where) + " threw: " + exception.what()).c_str());
    } catch (...) {
      kmsak_log(KMSAK_LOG_WARN, (std::string(where) + " threw something that is no std::exception").c_str());
    }
  } catch (...) {
    kmsak_log(KMSAK_LOG_WARN, where);
  }
}

template <typename T>
void destroy(void* pointer) noexcept {
  delete static_cast<T*>(pointer);
}

}  // namespace detail

/// One version of a secret as KMS answered it. Stays as it is, and readable, when the secret rotates or the provider ends.
/// The views live as long as this object; a temporary has none to give: name it first.
class Secret {
 public:
  /// Takes over a handle from the C API.
  explicit Secret(kmsak_secret* handle) noexcept : handle_(handle) {}

  /// Another handle of the same secret, as cheap as counting.
  Secret clone() const { return Secret(kmsak_secret_clone(get())); }

  std::string_view name() const& noexcept KMSAK_LIFETIMEBOUND { return detail::view(kmsak_secret_name(get())); }
  std::string_view name() const&& = delete;
  /// As KMS writes it: "Generic", "RamCredentials", "Rds", ...
  std::string_view type() const& noexcept KMSAK_LIFETIMEBOUND { return detail::view(kmsak_secret_type(get())); }
  std::string_view type() const&& = delete;
  /// The value: text, or the decoded bytes of a binary one, in protected memory. A NUL follows it.
  std::string_view bytes() const& noexcept KMSAK_LIFETIMEBOUND {
    std::size_t length = 0;
    const void* bytes = kmsak_secret_bytes(get(), &length);
    return {static_cast<const char*>(bytes), length};
  }
  std::string_view bytes() const&& = delete;
  /// Whether the value was stored as binary.
  bool is_binary() const noexcept { return kmsak_secret_is_binary(get()); }
  std::string_view version_id() const& noexcept KMSAK_LIFETIMEBOUND {
    return detail::view(kmsak_secret_version_id(get()));
  }
  std::string_view version_id() const&& = delete;
  std::vector<std::string_view> version_stages() const& KMSAK_LIFETIMEBOUND {
    std::vector<std::string_view> stages;
    for (std::size_t i = 0; i < kmsak_secret_version_stage_count(get()); ++i) {
      stages.emplace_back(kmsak_secret_version_stage(get(), i));
    }
    return stages;
  }
  std::vector<std::string_view> version_stages() const&& = delete;
  std::optional<std::string_view> create_time() const& noexcept KMSAK_LIFETIMEBOUND {
    return detail::optional_view(kmsak_secret_create_time(get()));
  }
  std::optional<std::string_view> create_time() const&& = delete;
  std::string_view request_id() const& noexcept KMSAK_LIFETIMEBOUND {
    return detail::view(kmsak_secret_request_id(get()));
  }
  std::string_view request_id() const&& = delete;
  std::optional<TimePoint> last_rotation_date() const noexcept {
    return detail::optional_time(kmsak_secret_last_rotation_date_unix(get()));
  }
  std::optional<TimePoint> next_rotation_date() const noexcept {
    return detail::optional_time(kmsak_secret_next_rotation_date_unix(get()));
  }
  std::optional<std::chrono::milliseconds> rotation_interval() const noexcept {
    return detail::optional_duration<std::chrono::milliseconds>(kmsak_secret_rotation_interval_ms(get()));
  }
  std::optional<std::string_view> automatic_rotation() const& noexcept KMSAK_LIFETIMEBOUND {
    return detail::optional_view(kmsak_secret_automatic_rotation(get()));
  }
  std::optional<std::string_view> automatic_rotation() const&& = delete;
  std::optional<std::string_view> extended_config() const& noexcept KMSAK_LIFETIMEBOUND {
    return detail::optional_view(kmsak_secret_extended_config(get()));
  }
  std::optional<std::string_view> extended_config() const&& = delete;

  /// The handle for the C API; stays this object's.
  const kmsak_secret* get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<kmsak_secret, kmsak_secret_free> handle_;
};

/// An AccessKey. Stays as it is, and readable, when the secret rotates or the provider ends. The views live as long as this
/// object, and a NUL follows each; a temporary has none to give: name it first.
class Credentials {
 public:
  /// Takes over a handle from the C API.
  explicit Credentials(kmsak_credentials* handle) noexcept : handle_(handle) {}

  /// Another handle of the same AccessKey, as cheap as counting.
  Credentials clone() const { return Credentials(kmsak_credentials_clone(get())); }

  /// Not secret.
  std::string_view access_key_id() const& noexcept KMSAK_LIFETIMEBOUND {
    return detail::view(kmsak_credentials_access_key_id(get()));
  }
  std::string_view access_key_id() const&& = delete;
  /// In protected memory: a copy is yours to wipe.
  std::string_view access_key_secret() const& noexcept KMSAK_LIFETIMEBOUND {
    return detail::view(kmsak_credentials_access_key_secret(get()));
  }
  std::string_view access_key_secret() const&& = delete;
  std::string_view version_id() const& noexcept KMSAK_LIFETIMEBOUND {
    return detail::view(kmsak_credentials_version_id(get()));
  }
  std::string_view version_id() const&& = delete;
  std::optional<std::string_view> generate_timestamp() const& noexcept KMSAK_LIFETIMEBOUND {
    return detail::optional_view(kmsak_credentials_generate_timestamp(get()));
  }
  std::optional<std::string_view> generate_timestamp() const&& = delete;
  std::optional<std::string_view> expire_timestamp() const& noexcept KMSAK_LIFETIMEBOUND {
    return detail::optional_view(kmsak_credentials_expire_timestamp(get()));
  }
  std::optional<std::string_view> expire_timestamp() const&& = delete;
  /// How often the secret asks to be fetched again. Only older secrets have it.
  std::optional<std::chrono::milliseconds> refresh_interval() const noexcept {
    return detail::optional_duration<std::chrono::milliseconds>(kmsak_credentials_refresh_interval_ms(get()));
  }
  /// When the next rotation is due. Only older secrets have it.
  std::optional<TimePoint> schedule_rotate_timestamp() const noexcept {
    return detail::optional_time(kmsak_credentials_schedule_rotate_timestamp_unix(get()));
  }
  /// The secret that holds this AccessKey, with its stages and rotation dates.
  Secret secret() const { return Secret(kmsak_credentials_secret(get())); }

  /// The handle for the C API; stays this object's.
  const kmsak_credentials* get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<kmsak_credentials, kmsak_credentials_free> handle_;
};

/// Something that happened. Lives only during the call that got it; copy what you keep.
class Event {
 public:
  explicit Event(const kmsak_event* event) noexcept : event_(event) {}

  kmsak_event_kind kind() const noexcept { return kmsak_event_get_kind(event_); }
  /// Stable, such as "rotated".
  std::string_view name() const noexcept { return detail::view(kmsak_event_name(event_)); }
  std::optional<std::string_view> secret() const noexcept { return detail::optional_view(kmsak_event_secret(event_)); }
  std::optional<std::string_view> version_id() const noexcept {
    return detail::optional_view(kmsak_event_version_id(event_));
  }
  std::optional<std::string_view> old_access_key_id() const noexcept {
    return detail::optional_view(kmsak_event_old_access_key_id(event_));
  }
  std::optional<std::string_view> new_access_key_id() const noexcept {
    return detail::optional_view(kmsak_event_new_access_key_id(event_));
  }
  std::optional<std::string_view> endpoint() const noexcept {
    return detail::optional_view(kmsak_event_endpoint(event_));
  }
  std::optional<std::string_view> key_id() const noexcept { return detail::optional_view(kmsak_event_key_id(event_)); }
  std::optional<std::string_view> old_key_id() const noexcept {
    return detail::optional_view(kmsak_event_old_key_id(event_));
  }
  std::optional<std::string_view> new_key_id() const noexcept {
    return detail::optional_view(kmsak_event_new_key_id(event_));
  }
  /// The failure that the event tells of.
  std::optional<Error> error() const {
    const kmsak_error* error = kmsak_event_error(event_);
    return error == nullptr ? std::nullopt : std::optional<Error>(Error(error));
  }
  std::optional<std::chrono::milliseconds> stale_for() const noexcept {
    return detail::optional_duration<std::chrono::milliseconds>(kmsak_event_stale_for_ms(event_));
  }
  std::optional<std::chrono::milliseconds> next_try_in() const noexcept {
    return detail::optional_duration<std::chrono::milliseconds>(kmsak_event_next_try_in_ms(event_));
  }
  std::optional<std::chrono::milliseconds> age() const noexcept {
    return detail::optional_duration<std::chrono::milliseconds>(kmsak_event_age_ms(event_));
  }
  std::optional<TimePoint> not_after() const noexcept { return detail::optional_time(kmsak_event_not_after_unix(event_)); }
  std::optional<std::int64_t> days_left() const noexcept {
    const std::int64_t days = kmsak_event_days_left(event_);
    return days < 0 ? std::nullopt : std::optional<std::int64_t>(days);
  }
  /// Who asks KMS, such as "ecs_ram_role app".
  std::optional<std::string_view> identity() const noexcept {
    return detail::optional_view(kmsak_event_identity(event_));
  }
  std::optional<std::string_view> access_key_id() const noexcept {
    return detail::optional_view(kmsak_event_access_key_id(event_));
  }
  /// When the AccessKey that asks KMS ends, where it does.
  std::optional<TimePoint> expires() const noexcept { return detail::optional_time(kmsak_event_expires_unix(event_)); }

 private:
  const kmsak_event* event_;
};

/// Keeps a listener subscribed; destroying it ends that, and waits for a call that runs at that moment, as std::stop_callback
/// does: what the listener uses may be destroyed after it. On the listener's own thread, inside its call, nothing is waited for.
/// Do not destroy it while you hold a lock that the listener takes.
class Subscription {
 public:
  /// Takes over a handle from the C API.
  explicit Subscription(kmsak_subscription* handle) noexcept : handle_(handle) {}
  Subscription(Subscription&& other) noexcept = default;
  Subscription& operator=(Subscription&& other) noexcept {
    if (this != &other) {
      unsubscribe();
      handle_ = std::move(other.handle_);
    }
    return *this;
  }
  ~Subscription() { unsubscribe(); }

  /// Ends the subscription now, and waits as destroying it does. Again, or from several threads at a time, does nothing more.
  void unsubscribe() noexcept { kmsak_subscription_end(handle_.get()); }

 private:
  detail::Handle<kmsak_subscription, kmsak_subscription_free> handle_;
};

/// An answer that may still be on its way: a Credentials or a Secret. Get it, have a function called with it, or co_await it
/// (C++20). Destroying it gives up waiting, and what then() was given is called all the same. Any thread may use it. In a child
/// after fork() one that the parent began is of no use.
template <typename T>
class Pending {
 public:
  /// Takes over a handle from the C API.
  explicit Pending(kmsak_pending* handle) noexcept : handle_(handle) {}
  Pending(Pending&& other) noexcept = default;
  Pending& operator=(Pending&& other) noexcept {
    // What cancels the old one must be gone before it.
    stop_ = nullptr;
    handle_ = std::move(other.handle_);
    stop_ = std::move(other.stop_);
    return *this;
  }
  ~Pending() = default;

  /// Whether the answer is here, be it a failure.
  bool is_done() const noexcept { return kmsak_pending_is_done(get_handle()); }

  /// Waits for the answer; throws as the call that was begun, NetworkError when its timeout has passed, CancelledError when it
  /// was cancelled. Each call answers anew.
  T get() const {
    if constexpr (std::is_same_v<T, Credentials>) {
      return T(detail::made<kmsak_credentials>([&](kmsak_credentials** out, kmsak_error** error) {
        return kmsak_pending_credentials(get_handle(), out, error);
      }));
    } else {
      return T(detail::made<kmsak_secret>([&](kmsak_secret** out, kmsak_error** error) {
        return kmsak_pending_secret(get_handle(), out, error);
      }));
    }
  }

  /// Gives up waiting: whoever waits gets CancelledError, unless the answer came first. The fetch goes on, for whoever else
  /// waits for it and for the cache.
  void cancel() const noexcept { kmsak_pending_cancel(get_handle()); }

  /// Calls `f(const Pending<T>&)` with the answer, once: at once, on this thread, if it is here already, else on another one,
  /// which blocks all signals. get() does not wait there. An exception that `f` lets out is logged.
  template <typename F>
  void then(F&& f) const {
    using Function = std::decay_t<F>;
    auto held = std::make_unique<Function>(std::forward<F>(f));
    const auto forward = [](const kmsak_pending* raw, void* user_data) noexcept {
      const std::unique_ptr<Function> function(static_cast<Function*>(user_data));
      // Still the C side's: not freed here.
      Pending answered(const_cast<kmsak_pending*>(raw));
      detail::keep_exceptions("a function that kmsak called with an answer",
                              [&] { (*function)(std::as_const(answered)); });
      (void)answered.handle_.release();
    };
    call_when_done(forward, held.get());
    (void)held.release();
  }

#if defined(__cpp_lib_jthread)
  /// As get(), and cancels when `token` asks to stop.
  T get(std::stop_token token) const {
    const std::stop_callback cancels(std::move(token), [this] { cancel(); });
    return get();
  }

  /// Cancels when `token` asks to stop, for as long as this object lives: `co_await std::move(pending).cancelled_by(token)`.
  Pending cancelled_by(std::stop_token token) && {
    const auto cancel = [handle = get_handle()] { kmsak_pending_cancel(handle); };
    stop_ = std::make_shared<std::stop_callback<decltype(cancel)>>(std::move(token), cancel);
    return std::move(*this);
  }
#endif

#if defined(__cpp_impl_coroutine)
  /// `co_await`s the answer, without blocking; throws as get() does. The coroutine goes on on the thread that then() names: it
  /// may take its time there, and goes back to a thread of its own as its executor lets it.
  auto operator co_await() const& noexcept { return Awaiter<const Pending&>{*this}; }
  auto operator co_await() && noexcept { return Awaiter<Pending>{std::move(*this)}; }
#endif

  /// The handle for the C API; stays this object's.
  kmsak_pending* get_handle() const noexcept { return handle_.get(); }

 private:
  // `function` owns `user_data` once this returns.
  void call_when_done(kmsak_pending_callback function, void* user_data) const {
    if (kmsak_pending_then(get_handle(), function, user_data) != KMSAK_OK) {
      throw InvalidArgumentError(KMSAK_INVALID_ARGUMENT,
                                 "a Pending was moved from, or begun before a fork by the parent: begin another");
    }
  }

#if defined(__cpp_impl_coroutine)
  template <typename Held>
  struct Awaiter {
    Held pending;

    bool await_ready() const noexcept { return pending.is_done(); }
    void await_suspend(std::coroutine_handle<> waiting) const {
      const auto resume = [](const kmsak_pending*, void* address) noexcept {
        std::coroutine_handle<>::from_address(address).resume();
      };
      // The coroutine may go on, and end, before this returns.
      pending.call_when_done(resume, waiting.address());
    }
    T await_resume() const { return pending.get(); }
  };
#endif

  detail::Handle<kmsak_pending, kmsak_pending_free> handle_;
  // A std::stop_callback, where C++20 has given one; goes before the handle does.
  std::shared_ptr<void> stop_;
};

/// What goes on inside a provider at one moment; copies, without secrets.
struct Stats {
  struct Secret {
    std::string name;
    std::optional<std::string> version_id;
    std::optional<std::string> access_key_id;
    std::optional<std::chrono::milliseconds> age;
    std::chrono::milliseconds stale_for;
    std::optional<std::chrono::milliseconds> next_refresh_in;
    std::uint64_t fetches;
    std::uint64_t failures;
    std::uint64_t renewals;
    std::optional<Error> last_error;
  };
  struct Endpoint {
    std::string endpoint;
    bool down;
    std::optional<std::chrono::microseconds> latency;
    std::uint64_t requests;
    std::uint64_t failures;
    std::optional<std::chrono::milliseconds> throttled_for;
  };
  struct ClientKey {
    std::string key_id;
    std::optional<std::string> instance_id;
    TimePoint not_before;
    TimePoint not_after;
    std::uint64_t days_left;
  };
  /// Who asks KMS.
  struct Identity {
    /// As credentials_type calls it.
    std::string kind;
    /// A ClientKey's or AccessKey's id, a role's name or ARN; empty where there is nothing to tell.
    std::string name;
    /// What signs now; not for a ClientKey.
    std::optional<std::string> access_key_id;
    /// Where that came from, as the official SDKs write it, such as "default/env".
    std::optional<std::string> origin;
    std::optional<TimePoint> expires;
    /// Why no newer one could be had.
    std::optional<Error> last_error;
  };

  std::vector<Secret> secrets;
  std::vector<Endpoint> endpoints;
  std::vector<ClientKey> client_keys;
  /// The ClientKeys again, and all others.
  std::vector<Identity> identities;
  std::chrono::milliseconds clock_skew{0};
};

/// One KMS gateway of a configuration. Values are checked when the provider is opened.
class Gateway {
 public:
  /// The gateway of a KMS instance, inside its VPC; its endpoint is read off the ClientKey unless endpoint() names it.
  static Gateway instance() { return Gateway(kmsak_gateway_instance()); }
  /// The shared gateway of a region such as "cn-hangzhou".
  static Gateway shared(std::string_view region_id) {
    return Gateway(kmsak_gateway_shared(detail::CString(region_id).get()));
  }

  Gateway& region_id(std::string_view id) { return text(kmsak_gateway_region_id, id); }
  Gateway& endpoint(std::string_view endpoint) { return text(kmsak_gateway_endpoint, endpoint); }
  Gateway& vpc(bool vpc) { return done(kmsak_gateway_vpc(get(), vpc)); }
  /// Who asks this gateway, as Config::credentials_type() has it for all.
  Gateway& credentials_type(std::string_view type) { return text(kmsak_gateway_credentials_type, type); }
  Gateway& client_key_file(std::string_view path) { return text(kmsak_gateway_client_key_file, path); }
  Gateway& client_key(std::string_view json) { return done(kmsak_gateway_client_key(get(), data(json), json.size())); }
  Gateway& client_key_password_file(std::string_view path) {
    return text(kmsak_gateway_client_key_password_file, path);
  }
  Gateway& client_key_password_env(std::string_view variable) {
    return text(kmsak_gateway_client_key_password_env, variable);
  }
  Gateway& client_key_password(std::string_view password) {
    return done(kmsak_gateway_client_key_password(get(), data(password), password.size()));
  }
  Gateway& ca_file(std::string_view path) { return text(kmsak_gateway_ca_file, path); }
  Gateway& ca(std::string_view pem) { return done(kmsak_gateway_ca(get(), data(pem), pem.size())); }
  /// `true` switches verification of the peer off.
  Gateway& ignore_ssl_certs(bool ignore) { return done(kmsak_gateway_ignore_ssl_certs(get(), ignore)); }
  Gateway& connect_timeout(std::chrono::milliseconds timeout) {
    return done(kmsak_gateway_connect_timeout_ms(get(), detail::count(timeout)));
  }
  Gateway& read_timeout(std::chrono::milliseconds timeout) {
    return done(kmsak_gateway_read_timeout_ms(get(), detail::count(timeout)));
  }
  /// Checked, but without effect: KMS is spoken to over HTTPS only.
  Gateway& http_proxy(std::string_view proxy) { return text(kmsak_gateway_http_proxy, proxy); }
  Gateway& https_proxy(std::string_view proxy) { return text(kmsak_gateway_https_proxy, proxy); }
  Gateway& no_proxy(std::string_view hosts) { return text(kmsak_gateway_no_proxy, hosts); }

  /// The handle for the C API; stays this object's.
  kmsak_gateway* get() const noexcept { return handle_.get(); }

 private:
  explicit Gateway(kmsak_gateway* handle) noexcept : handle_(handle) {}

  static const char* data(std::string_view bytes) noexcept { return bytes.data() == nullptr ? "" : bytes.data(); }

  Gateway& text(kmsak_status (*set)(kmsak_gateway*, const char*), std::string_view text) {
    return done(set(get(), detail::CString(text).get()));
  }

  // Opening the provider tells what was wrong.
  Gateway& done(kmsak_status) noexcept { return *this; }

  detail::Handle<kmsak_gateway, kmsak_gateway_free> handle_;
};

class Provider;

/// Collects settings; docs/configuration.md lists them. Values are checked when the provider is opened.
class Config {
 public:
  Config() : handle_(kmsak_config_new()) {}

  /// Any setting as the text that would stand in a properties file.
  Config& property(std::string_view name, std::string_view value) {
    return done(kmsak_config_property(get(), detail::CString(name).get(), detail::CString(value).get()));
  }
  Config& properties_file(std::string_view path) { return text(kmsak_config_properties_file, path); }
  /// The content of a properties file; `base_folder` is the second place for relative paths, if it is not empty.
  Config& properties_text(std::string_view content, std::string_view base_folder = {}) {
    const detail::CString folder(base_folder);
    return done(kmsak_config_properties_text(get(), data(content), content.size(),
                                             base_folder.empty() ? nullptr : folder.get()));
  }
  Config& environment() { return done(kmsak_config_environment(get())); }
  Config& usual_places() { return done(kmsak_config_usual_places(get())); }
  /// Adds a gateway; the order is the order of preference.
  Config& gateway(const Gateway& gateway) { return done(kmsak_config_gateway(get(), gateway.get())); }
  Config& client_key_file(std::string_view path) { return text(kmsak_config_client_key_file, path); }
  Config& client_key(std::string_view json) { return done(kmsak_config_client_key(get(), data(json), json.size())); }
  Config& client_key_password_file(std::string_view path) {
    return text(kmsak_config_client_key_password_file, path);
  }
  Config& client_key_password_env(std::string_view variable) {
    return text(kmsak_config_client_key_password_env, variable);
  }
  Config& client_key_password(std::string_view password) {
    return done(kmsak_config_client_key_password(get(), data(password), password.size()));
  }
  /// Who asks the gateways that have no ClientKey of their own: "ak", "sts", "ram_role", "ecs_ram_role", "oidc_role_arn" or
  /// "default"; the settings below are for some of these, as docs/configuration.md says.
  Config& credentials_type(std::string_view type) { return text(kmsak_config_credentials_type, type); }
  Config& access_key_id(std::string_view id) { return text(kmsak_config_access_key_id, id); }
  Config& access_key_secret(std::string_view secret) {
    return done(kmsak_config_access_key_secret(get(), data(secret), secret.size()));
  }
  Config& security_token(std::string_view token) {
    return done(kmsak_config_security_token(get(), data(token), token.size()));
  }
  Config& role_name(std::string_view name) { return text(kmsak_config_role_name, name); }
  Config& role_arn(std::string_view arn) { return text(kmsak_config_role_arn, arn); }
  Config& role_session_name(std::string_view name) { return text(kmsak_config_role_session_name, name); }
  /// An hour unless told, in whole seconds.
  Config& role_session_duration(std::chrono::seconds length) {
    return duration(kmsak_config_role_session_duration_ms, length);
  }
  Config& role_policy(std::string_view policy) { return text(kmsak_config_role_policy, policy); }
  Config& role_external_id(std::string_view id) { return text(kmsak_config_role_external_id, id); }
  /// Who assumes the role: "ak" unless told, "ecs_ram_role", "oidc_role_arn" or "default".
  Config& role_source_type(std::string_view type) { return text(kmsak_config_role_source_type, type); }
  Config& oidc_provider_arn(std::string_view arn) { return text(kmsak_config_oidc_provider_arn, arn); }
  Config& oidc_token_file(std::string_view path) { return text(kmsak_config_oidc_token_file, path); }
  Config& ecs_metadata_endpoint(std::string_view endpoint) { return text(kmsak_config_ecs_metadata_endpoint, endpoint); }
  Config& sts_region_id(std::string_view id) { return text(kmsak_config_sts_region_id, id); }
  Config& sts_endpoint(std::string_view endpoint) { return text(kmsak_config_sts_endpoint, endpoint); }
  Config& sts_ca_file(std::string_view path) { return text(kmsak_config_sts_ca_file, path); }
  Config& secret_names(const std::vector<std::string>& names) { return texts(kmsak_config_secret_names, names); }
  Config& rotation_interval(std::chrono::milliseconds interval) {
    return duration(kmsak_config_rotation_interval_ms, interval);
  }
  Config& delay_interval(std::chrono::milliseconds interval) { return duration(kmsak_config_delay_interval_ms, interval); }
  Config& jitter_interval(std::chrono::milliseconds interval) {
    return duration(kmsak_config_jitter_interval_ms, interval);
  }
  /// How many processes share the account's quota of KMS; the secret's CustomData may say it instead.
  Config& fleet_size(std::uint32_t processes) { return done(kmsak_config_fleet_size(get(), processes)); }
  Config& connect_timeout(std::chrono::milliseconds timeout) { return duration(kmsak_config_connect_timeout_ms, timeout); }
  Config& read_timeout(std::chrono::milliseconds timeout) { return duration(kmsak_config_read_timeout_ms, timeout); }
  /// Checked, but without effect: KMS is spoken to over HTTPS only.
  Config& http_proxy(std::string_view proxy) { return text(kmsak_config_http_proxy, proxy); }
  Config& https_proxy(std::string_view proxy) { return text(kmsak_config_https_proxy, proxy); }
  Config& no_proxy(std::string_view hosts) { return text(kmsak_config_no_proxy, hosts); }
  Config& fetch_deadline(std::chrono::milliseconds deadline) { return duration(kmsak_config_fetch_deadline_ms, deadline); }
  Config& renew_deadline(std::chrono::milliseconds deadline) { return duration(kmsak_config_renew_deadline_ms, deadline); }
  Config& renew_tokens(std::uint32_t tokens) { return done(kmsak_config_renew_tokens(get(), tokens)); }
  Config& renew_refill_interval(std::chrono::milliseconds interval) {
    return duration(kmsak_config_renew_refill_interval_ms, interval);
  }
  Config& rejection_codes(const std::vector<std::string>& codes) {
    return texts(kmsak_config_rejection_codes, codes);
  }
  Config& max_stale(std::chrono::milliseconds age) { return duration(kmsak_config_max_stale_ms, age); }
  Config& cache_file(std::string_view path) { return text(kmsak_config_cache_file, path); }

  /// Checks everything and opens a provider, which uses the configuration up. Throws ConfigurationError or ClientKeyError.
  inline Provider open();

  /// The handle for the C API; stays this object's.
  kmsak_config* get() const noexcept { return handle_.get(); }

 private:
  static const char* data(std::string_view bytes) noexcept { return bytes.data() == nullptr ? "" : bytes.data(); }

  Config& text(kmsak_status (*set)(kmsak_config*, const char*), std::string_view text) {
    return done(set(get(), detail::CString(text).get()));
  }
  Config& duration(kmsak_status (*set)(kmsak_config*, std::uint64_t), std::chrono::milliseconds duration) {
    return done(set(get(), detail::count(duration)));
  }
  Config& texts(kmsak_status (*set)(kmsak_config*, const char* const*, std::size_t),
                const std::vector<std::string>& texts) {
    std::vector<const char*> pointers;
    for (const std::string& text : texts) {
      detail::refuse_nul(text);
      pointers.push_back(text.c_str());
    }
    return done(set(get(), pointers.data(), pointers.size()));
  }
  // Opening the provider tells what was wrong.
  Config& done(kmsak_status) noexcept { return *this; }

  detail::Handle<kmsak_config, kmsak_config_free> handle_;
};

/// Hands out managed AccessKeys and other secrets, and keeps them current. Any thread may use it, and so may a child after
/// fork().
class Provider {
 public:
  /// Opens a provider as the properties file says. Throws ConfigurationError or ClientKeyError, with what to mend.
  static Provider from_file(std::string_view path) {
    const detail::CString c_path(path);
    return Provider(detail::made<kmsak_provider>([&](kmsak_provider** out, kmsak_error** error) {
      return kmsak_provider_from_file(c_path.get(), out, error);
    }));
  }

  /// Opens a provider as the environment and the working directory say. Throws as from_file() does.
  static Provider from_env() { return Provider(detail::made<kmsak_provider>(kmsak_provider_from_env)); }

  /// Takes over a handle from the C API.
  explicit Provider(kmsak_provider* handle) noexcept : handle_(handle) {}

  /// The AccessKey in the managed RAM secret `name`: from the cache, without waiting, if it was fetched before; else from
  /// KMS. Throws Error only as long as the secret was never fetched (or with max_stale set).
  Credentials credentials(std::string_view name) const {
    const detail::CString c_name(name);
    return Credentials(detail::made<kmsak_credentials>([&](kmsak_credentials** out, kmsak_error** error) {
      return kmsak_provider_credentials(get(), c_name.get(), out, error);
    }));
  }

  /// The AccessKey in `name` if it is cached: never waits, never fetches.
  std::optional<Credentials> cached_credentials(std::string_view name) const {
    kmsak_credentials* cached = kmsak_provider_cached_credentials(get(), detail::CString(name).get());
    return cached == nullptr ? std::nullopt : std::optional<Credentials>(Credentials(cached));
  }

  /// The secret `name` of any type, from the cache if it was fetched before. Throws as credentials() does.
  Secret secret(std::string_view name) const {
    const detail::CString c_name(name);
    return Secret(detail::made<kmsak_secret>([&](kmsak_secret** out, kmsak_error** error) {
      return kmsak_provider_secret(get(), c_name.get(), out, error);
    }));
  }

  /// The version of `name` with the stage `version_stage`, such as "ACSPrevious": asked of KMS each time. Throws Error.
  Secret secret_at_stage(std::string_view name, std::string_view version_stage) const {
    const detail::CString c_name(name);
    const detail::CString c_stage(version_stage);
    return Secret(detail::made<kmsak_secret>([&](kmsak_secret** out, kmsak_error** error) {
      return kmsak_provider_secret_at_stage(get(), c_name.get(), c_stage.get(), out, error);
    }));
  }

  /// An AccessKey other than `rejected_id`, which a cloud service has just refused. Throws Error when there is none within
  /// renew_deadline, ThrottledError when the secret's renewals are used up for now.
  Credentials renew(std::string_view name, std::string_view rejected_id) const {
    const detail::CString c_name(name);
    const detail::CString c_id(rejected_id);
    return Credentials(detail::made<kmsak_credentials>([&](kmsak_credentials** out, kmsak_error** error) {
      return kmsak_provider_renew(get(), c_name.get(), c_id.get(), out, error);
    }));
  }

  /// Fetches `name` from KMS now, whatever the cache holds. Throws Error; a cached value stays in use then.
  Secret refresh(std::string_view name) const {
    const detail::CString c_name(name);
    return Secret(detail::made<kmsak_secret>([&](kmsak_secret** out, kmsak_error** error) {
      return kmsak_provider_refresh(get(), c_name.get(), out, error);
    }));
  }

  /// The secret `name` of any type if it is cached: never waits, never fetches.
  std::optional<Secret> cached_secret(std::string_view name) const {
    kmsak_secret* cached = kmsak_provider_cached_secret(get(), detail::CString(name).get());
    return cached == nullptr ? std::nullopt : std::optional<Secret>(Secret(cached));
  }

  /// Begins credentials() and waits for nothing. When no answer has come after `timeout`, it is a NetworkError; the fetch goes on
  /// for the cache. A blocking call with a deadline of its own is `begin_credentials(name, timeout).get()`.
  Pending<Credentials> begin_credentials(std::string_view name, Timeout timeout = std::nullopt) const {
    return Pending<Credentials>(
        kmsak_provider_begin_credentials(get(), detail::CString(name).get(), detail::timeout_ms(timeout)));
  }

  /// Begins secret(), as begin_credentials() does.
  Pending<Secret> begin_secret(std::string_view name, Timeout timeout = std::nullopt) const {
    return Pending<Secret>(
        kmsak_provider_begin_secret(get(), detail::CString(name).get(), detail::timeout_ms(timeout)));
  }

  /// Begins secret_at_stage(), as begin_credentials() does.
  Pending<Secret> begin_secret_at_stage(std::string_view name, std::string_view version_stage,
                                        Timeout timeout = std::nullopt) const {
    return Pending<Secret>(kmsak_provider_begin_secret_at_stage(
        get(), detail::CString(name).get(), detail::CString(version_stage).get(), detail::timeout_ms(timeout)));
  }

  /// Begins renew(), as begin_credentials() does.
  Pending<Credentials> begin_renew(std::string_view name, std::string_view rejected_id,
                                   Timeout timeout = std::nullopt) const {
    return Pending<Credentials>(kmsak_provider_begin_renew(
        get(), detail::CString(name).get(), detail::CString(rejected_id).get(), detail::timeout_ms(timeout)));
  }

  /// Begins refresh(), as begin_credentials() does.
  Pending<Secret> begin_refresh(std::string_view name, Timeout timeout = std::nullopt) const {
    return Pending<Secret>(
        kmsak_provider_begin_refresh(get(), detail::CString(name).get(), detail::timeout_ms(timeout)));
  }

  /// Runs `f(credentials)`. When it throws a ServiceError whose code is a rejection, renews the AccessKey and runs it once
  /// more. Throws what `f` threw last, or the Error of fetching a first AccessKey; when a renewal fails, the ServiceError
  /// stands.
  template <typename F>
  std::invoke_result_t<F&, const Credentials&> call(std::string_view name, F&& f) const {
    const Credentials first = credentials(name);
    std::optional<Credentials> renewed;
    try {
      return f(first);
    } catch (const ServiceError& error) {
      if (!is_rejection(error.code(), error.what())) throw;
      try {
        renewed.emplace(renew(name, first.access_key_id()));
      } catch (const Error&) {
        // The failed renewal is logged, and told as an event.
      }
      if (!renewed) throw;
    }
    return f(*renewed);
  }

  /// The same for clients that return outcomes instead of throwing: `code_of(outcome)` gives the service's error code, empty
  /// for a success, and `message_of(outcome)` its message.
  template <typename F, typename CodeOf, typename MessageOf = detail::NoMessage>
  std::invoke_result_t<F&, const Credentials&> call(std::string_view name, F&& f, CodeOf&& code_of,
                                                    MessageOf&& message_of = {}) const {
    const Credentials first = credentials(name);
    auto outcome = f(first);
    const std::string code(code_of(std::as_const(outcome)));
    if (code.empty()) return outcome;
    const std::string message(message_of(std::as_const(outcome)));
    if (!is_rejection(code, message.c_str())) return outcome;
    std::optional<Credentials> renewed;
    try {
      renewed.emplace(renew(name, first.access_key_id()));
    } catch (const Error&) {
      // The failed renewal is logged, and told as an event.
      return outcome;
    }
    return f(*renewed);
  }

  /// Whether a cloud service's error means that it does not know an AccessKey, by its code and message and the provider's
  /// rejection_codes.
  bool is_rejection(std::string_view code, std::string_view message = {}) const {
    return kmsak_provider_is_rejection(get(), detail::CString(code).get(), detail::CString(message).get());
  }

  /// Calls `listener` with everything that happens until the Subscription or the provider is destroyed; from other threads,
  /// which block all signals, one call at a time. An exception that it lets out is logged, and it stays subscribed. Throws ClosedError when the
  /// provider is closed.
  [[nodiscard]] Subscription subscribe(std::function<void(const Event&)> listener) const {
    using Listener = std::function<void(const Event&)>;
    if (!listener) throw InvalidArgumentError(KMSAK_INVALID_ARGUMENT, "the listener is empty: pass a function");
    auto held = std::make_unique<Listener>(std::move(listener));
    const auto forward = [](const kmsak_event* event, void* user_data) noexcept {
      detail::keep_exceptions("a kmsak listener", [&] { (*static_cast<Listener*>(user_data))(Event(event)); });
    };
    // The C side owns the listener from here on, whatever the outcome.
    Listener* given = held.release();
    return Subscription(detail::made<kmsak_subscription>([&](kmsak_subscription** out, kmsak_error** error) {
      return kmsak_provider_subscribe(get(), forward, given, detail::destroy<Listener>, out, error);
    }));
  }

  /// What goes on inside. Without secrets.
  Stats stats() const {
    detail::Handle<kmsak_stats, kmsak_stats_free> raw(kmsak_provider_stats(get()));
    Stats stats;
    stats.clock_skew = std::chrono::milliseconds(kmsak_stats_clock_skew_ms(raw.get()));
    const auto text = [](const char* value) {
      return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    for (std::size_t i = 0; i < kmsak_stats_secret_count(raw.get()); ++i) {
      const kmsak_secret_stats* one = kmsak_stats_secret(raw.get(), i);
      const kmsak_error* error = kmsak_secret_stats_last_error(one);
      stats.secrets.push_back(
          {kmsak_secret_stats_name(one), text(kmsak_secret_stats_version_id(one)),
           text(kmsak_secret_stats_access_key_id(one)),
           detail::optional_duration<std::chrono::milliseconds>(kmsak_secret_stats_age_ms(one)),
           std::chrono::milliseconds(kmsak_secret_stats_stale_for_ms(one)),
           detail::optional_duration<std::chrono::milliseconds>(kmsak_secret_stats_next_refresh_in_ms(one)),
           kmsak_secret_stats_fetches(one), kmsak_secret_stats_failures(one), kmsak_secret_stats_renewals(one),
           error == nullptr ? std::nullopt : std::optional<Error>(Error(error))});
    }
    for (std::size_t i = 0; i < kmsak_stats_endpoint_count(raw.get()); ++i) {
      const kmsak_endpoint_stats* one = kmsak_stats_endpoint(raw.get(), i);
      stats.endpoints.push_back(
          {kmsak_endpoint_stats_endpoint(one), kmsak_endpoint_stats_down(one),
           detail::optional_duration<std::chrono::microseconds>(kmsak_endpoint_stats_latency_us(one)),
           kmsak_endpoint_stats_requests(one), kmsak_endpoint_stats_failures(one),
           detail::optional_duration<std::chrono::milliseconds>(kmsak_endpoint_stats_throttled_for_ms(one))});
    }
    for (std::size_t i = 0; i < kmsak_stats_client_key_count(raw.get()); ++i) {
      const kmsak_client_key_stats* one = kmsak_stats_client_key(raw.get(), i);
      const auto time = [](std::int64_t seconds) { return detail::optional_time(seconds).value_or(TimePoint()); };
      stats.client_keys.push_back({kmsak_client_key_stats_key_id(one), text(kmsak_client_key_stats_instance_id(one)),
                                   time(kmsak_client_key_stats_not_before_unix(one)),
                                   time(kmsak_client_key_stats_not_after_unix(one)),
                                   kmsak_client_key_stats_days_left(one)});
    }
    for (std::size_t i = 0; i < kmsak_stats_identity_count(raw.get()); ++i) {
      const kmsak_identity_info* one = kmsak_stats_identity(raw.get(), i);
      const kmsak_error* error = kmsak_identity_info_last_error(one);
      stats.identities.push_back({kmsak_identity_info_kind(one), kmsak_identity_info_name(one),
                                  text(kmsak_identity_info_access_key_id(one)), text(kmsak_identity_info_origin(one)),
                                  detail::optional_time(kmsak_identity_info_expires_unix(one)),
                                  error == nullptr ? std::nullopt : std::optional<Error>(Error(error))});
    }
    return stats;
  }

  /// What was odd about the configuration, or a ClientKey's validity, when this was opened: a sentence each, without secrets. All
  /// of it was logged then.
  std::vector<std::string> start_warnings() const {
    std::vector<std::string> warnings;
    for (std::size_t i = 0; i < kmsak_provider_start_warning_count(get()); ++i) {
      warnings.emplace_back(kmsak_provider_start_warning(get(), i));
    }
    return warnings;
  }

  /// Ends all refreshing and forgets every value; later calls throw ClosedError. Closing again does nothing.
  void close() const noexcept { kmsak_provider_close(get()); }
  bool is_closed() const noexcept { return kmsak_provider_is_closed(get()); }

  /// The handle for the C API; stays this object's.
  kmsak_provider* get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<kmsak_provider, kmsak_provider_free> handle_;
};

inline Provider Config::open() {
  return Provider(detail::made<kmsak_provider>(
      [&](kmsak_provider** out, kmsak_error** error) { return kmsak_provider_open(get(), out, error); }));
}

/// A provider for tests: hands out what it is given, with no network, emulator or files. A secret has one version or several, in
/// the order in which they are given; each fetch but the first, by refresh() or by the renew() of an AccessKey that is in use,
/// gets the next, as if KMS had just rotated the secret, and the last one stays.
///
///   kmsak::Provider provider = kmsak::Fixed().access_key(name, "LTAI1", "one").access_key(name, "LTAI2", "two").open();
class Fixed {
 public:
  Fixed() : handle_(kmsak_fixed_new()) {}

  /// The next version of the managed RAM secret `name`: this AccessKey.
  Fixed& access_key(std::string_view name, std::string_view access_key_id, std::string_view access_key_secret) {
    // Opening the provider tells what was wrong.
    (void)kmsak_fixed_access_key(get(), detail::CString(name).get(), detail::CString(access_key_id).get(),
                                 detail::CString(access_key_secret).get());
    return *this;
  }
  /// The next version of the generic secret `name`: these bytes.
  Fixed& secret(std::string_view name, std::string_view value) {
    (void)kmsak_fixed_secret(get(), detail::CString(name).get(), value.data() == nullptr ? "" : value.data(), value.size());
    return *this;
  }

  /// Opens a provider that hands this out from the start; again for another. Throws ConfigurationError for a name that no secret
  /// can have and an AccessKey that is none.
  Provider open() const {
    return Provider(detail::made<kmsak_provider>(
        [&](kmsak_provider** out, kmsak_error** error) { return kmsak_fixed_open(get(), out, error); }));
  }

  /// The handle for the C API; stays this object's.
  kmsak_fixed* get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<kmsak_fixed, kmsak_fixed_free> handle_;
};

namespace detail {

// What receives log lines, and a way to wait until it is gone.
class LogReceiver {
 public:
  using Function = std::function<void(kmsak_log_level, std::string_view)>;

  static void set(kmsak_log_level level, Function function) {
    static std::mutex one_at_a_time;
    static std::shared_ptr<Gone> current;
    std::shared_ptr<Gone> before;
    {
      const std::lock_guard<std::mutex> lock(one_at_a_time);
      before = std::exchange(current, nullptr);
      if (function) {
        auto gone = std::make_shared<Gone>();
        auto held = std::make_unique<LogReceiver>(std::move(function), gone);
        current = std::move(gone);
        kmsak_set_log_callback(level, call, held.release(), destroy<LogReceiver>);
      } else {
        kmsak_set_log_callback(level, nullptr, nullptr, nullptr);
      }
    }
    if (before && !inside()) before->wait();
  }

  struct Gone;
  LogReceiver(Function function, std::shared_ptr<Gone> gone) : function_(std::move(function)), gone_(std::move(gone)) {}
  LogReceiver(const LogReceiver&) = delete;
  LogReceiver& operator=(const LogReceiver&) = delete;
  ~LogReceiver() {
    function_ = nullptr;
    gone_->tell();
  }

  struct Gone {
    void tell() {
      const std::lock_guard<std::mutex> lock(mutex);
      is = true;
      changed.notify_all();
    }
    void wait() {
      // A forked child may lack the thread that had a call under way, and with it the end of that call.
      if (process != process_id()) return;
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(lock, [this] { return is; });
    }

    const long process = process_id();
    std::mutex mutex;
    std::condition_variable changed;
    bool is = false;
  };

 private:
  static bool& inside() noexcept {
    thread_local bool inside = false;
    return inside;
  }

  static long process_id() noexcept {
#if defined(_WIN32)
    return 0;
#else
    return static_cast<long>(::getpid());
#endif
  }

  static void call(std::int32_t level, const char* message, void* user_data) noexcept {
    inside() = true;
    try {
      static_cast<LogReceiver*>(user_data)->function_(static_cast<kmsak_log_level>(level), message);
    } catch (...) {
    }
    inside() = false;
  }

  Function function_;
  std::shared_ptr<Gone> gone_;
};

}  // namespace detail

/// Hands every log line of the process that matters at least as much as `level` to `receiver`, until the next call; an empty
/// function ends it. Waits for calls of the one before that run at that moment, unless it is called inside one: what that one uses
/// may go then. Called from any thread, also from several at a time; it must not block. It may call kmsak: what would have to ask
/// KMS throws InvalidArgumentError there, and what these calls log is dropped. An exception that it lets out is dropped: there is
/// nobody left to tell.
inline void set_log_callback(kmsak_log_level level,
                             std::function<void(kmsak_log_level, std::string_view)> receiver) {
  detail::LogReceiver::set(level, std::move(receiver));
}

/// Whether a cloud service's error, by its code and message, is one by which Alibaba Cloud says that an AccessKey is unknown,
/// deleted or disabled.
inline bool is_rejection(std::string_view code, std::string_view message = {}) {
  return kmsak_is_rejection(detail::CString(code).get(), detail::CString(message).get());
}

/// The version of the library at run time, such as "0.1.0".
inline std::string_view version() noexcept { return kmsak_version(); }

}  // namespace kmsak

#endif
