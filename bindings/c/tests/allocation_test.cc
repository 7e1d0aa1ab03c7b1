// A cached read allocates nothing: every allocation of the process passes through here and is counted.
#include <atomic>
#include <cstddef>
#include <cstring>

#include "handles.hh"

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {
thread_local bool counting = false;
std::atomic<long> allocations{0};
void count() {
  if (counting) ++allocations;
}
}  // namespace

extern "C" {
void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
  count();
  return __libc_calloc(number, size);
}
void* realloc(void* old, std::size_t size) {
  count();
  return __libc_realloc(old, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  count();
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? 12 : 0;
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
}

namespace {

TEST(Allocation, IsNoneInACachedRead) {
  Provider provider = ::provider();
  ASSERT_EQ(credentials(provider).status, KMSAK_OK);
  kmsak_error* error = nullptr;
  const auto read = [&] {
    kmsak_credentials* read = nullptr;
    const kmsak_status status = kmsak_provider_credentials(provider.get(), "acs/ram/user/app", &read, &error);
    const bool good = status == KMSAK_OK && kmsak_credentials_access_key_id(read)[0] == 'L' &&
                      kmsak_credentials_access_key_secret(read)[0] != '\0' &&
                      kmsak_credentials_version_id(read)[0] != '\0';
    kmsak_secret* whole = kmsak_credentials_secret(read);
    kmsak_secret* cached = kmsak_provider_cached_secret(provider.get(), "acs/ram/user/app");
    const bool same = std::strcmp(kmsak_secret_version_id(whole), kmsak_secret_version_id(cached)) == 0;
    kmsak_secret_free(cached);
    kmsak_secret_free(whole);
    kmsak_credentials_free(read);
    // What a service's error means is asked in its hot path, mostly without a message.
    const bool mine = kmsak_is_rejection("InvalidAccessKeyId", nullptr) && !kmsak_is_rejection("Throttling", nullptr);
    return good && same && mine;
  };
  // What a thread sets up for itself at its first read does not count.
  ASSERT_TRUE(read());
  bool good = true;
  counting = true;
  for (int i = 0; i < 1000; ++i) good = good && read();
  counting = false;
  EXPECT_TRUE(good);
  EXPECT_EQ(allocations, 0);

  // The counter does count.
  counting = true;
  Stats stats(kmsak_provider_stats(provider.get()));
  counting = false;
  EXPECT_GT(allocations, 0);
}

}  // namespace
