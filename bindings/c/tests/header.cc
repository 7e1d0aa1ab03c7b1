// Nothing before it: the header stands alone, and twice does no harm.
#include <kmsak.hpp>
#include <kmsak.h>
#include <kmsak.hpp>

static_assert(!std::is_copy_constructible_v<kmsak::Provider> && std::is_nothrow_move_constructible_v<kmsak::Provider>);
static_assert(!std::is_copy_constructible_v<kmsak::Credentials>);
static_assert(!std::is_copy_constructible_v<kmsak::Secret>);
static_assert(!std::is_copy_constructible_v<kmsak::Subscription>);
static_assert(std::is_base_of_v<kmsak::Error, kmsak::NotFoundError>);
static_assert(!std::is_copy_constructible_v<kmsak::Pending<kmsak::Secret>> &&
              std::is_nothrow_move_constructible_v<kmsak::Pending<kmsak::Secret>>);

// An exception whose copy throws ends the program.
static_assert(std::is_nothrow_copy_constructible_v<kmsak::Error> && std::is_nothrow_copy_assignable_v<kmsak::Error>);
static_assert(std::is_nothrow_copy_constructible_v<kmsak::NetworkError>);
static_assert(std::is_nothrow_copy_constructible_v<kmsak::ServiceError>);

// A view of a temporary would look at nothing.
#define READABLE(T, getter)                                                                                   \
  template <typename U, typename = void>                                                                      \
  struct reads_##T##_##getter : std::false_type {};                                                           \
  template <typename U>                                                                                       \
  struct reads_##T##_##getter<U, std::void_t<decltype(std::declval<U>().getter())>> : std::true_type {};      \
  static_assert(reads_##T##_##getter<const kmsak::T&>::value && reads_##T##_##getter<kmsak::T&>::value);      \
  static_assert(!reads_##T##_##getter<kmsak::T>::value && !reads_##T##_##getter<const kmsak::T>::value)
READABLE(Credentials, access_key_id);
READABLE(Credentials, access_key_secret);
READABLE(Credentials, version_id);
READABLE(Credentials, generate_timestamp);
READABLE(Credentials, expire_timestamp);
READABLE(Secret, name);
READABLE(Secret, type);
READABLE(Secret, bytes);
READABLE(Secret, version_id);
READABLE(Secret, version_stages);
READABLE(Secret, create_time);
READABLE(Secret, request_id);
READABLE(Secret, automatic_rotation);
READABLE(Secret, extended_config);
