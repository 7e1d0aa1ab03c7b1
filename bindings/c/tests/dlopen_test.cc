// A plug-in host: loads libkmsak, uses it, lets go of it, again and again.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <kmsak.h>

#include "emulator.hh"

namespace {

template <typename F>
F* symbol(void* library, const char* name) {
  return reinterpret_cast<F*>(dlsym(library, name));
}

TEST(Dlopen, LoadsAndUnloadsAgainAndAgain) {
  for (int i = 0; i < emulator::rounds(50); ++i) {
    void* library = dlopen(KMSAK_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    auto* from_file = symbol<decltype(kmsak_provider_from_file)>(library, "kmsak_provider_from_file");
    auto* read = symbol<decltype(kmsak_provider_credentials)>(library, "kmsak_provider_credentials");
    auto* free_credentials = symbol<decltype(kmsak_credentials_free)>(library, "kmsak_credentials_free");
    auto* free_provider = symbol<decltype(kmsak_provider_free)>(library, "kmsak_provider_free");
    kmsak_provider* provider = nullptr;
    kmsak_credentials* credentials = nullptr;
    ASSERT_EQ(from_file(emulator::on_the_cloud().c_str(), &provider, nullptr), KMSAK_OK);
    EXPECT_EQ(read(provider, emulator::kSecret.c_str(), &credentials, nullptr), KMSAK_OK);
    free_credentials(credentials);
    if (i % 2 == 0) {
      free_provider(provider);
      dlclose(library);
    } else {
      // Too early, with kmsak's thread at work: the code stays, so that nothing crashes.
      dlclose(library);
      free_provider(provider);
    }
  }
}

}  // namespace
