// A cached read through libkmsak, beside an atomic pointer load and an empty call of a function of the same library. Takes the
// properties file from KMSAK_BENCH_CONFIG.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <benchmark/benchmark.h>
#include <kmsak.h>

namespace {

constexpr const char *kSecret = "acs/ram/user/app";

kmsak_provider *provider;

void AtomicPointerLoad(benchmark::State &state) {
  static std::atomic<const char *> pointer{kSecret};
  for (auto _ : state) benchmark::DoNotOptimize(pointer.load(std::memory_order_acquire));
}
BENCHMARK(AtomicPointerLoad);

void EmptyCall(benchmark::State &state) {
  for (auto _ : state) benchmark::DoNotOptimize(kmsak_version());
}
BENCHMARK(EmptyCall);

void CachedCredentials(benchmark::State &state) {
  for (auto _ : state) {
    kmsak_credentials *credentials = nullptr;
    if (kmsak_provider_credentials(provider, kSecret, &credentials, nullptr) != KMSAK_OK) {
      state.SkipWithError("it is not cached");
      break;
    }
    kmsak_credentials_free(credentials);
  }
}
BENCHMARK(CachedCredentials);
BENCHMARK(CachedCredentials)->Threads(8)->UseRealTime();

}  // namespace

int main(int count, char **arguments) {
  const char *config = std::getenv("KMSAK_BENCH_CONFIG");
  kmsak_error *error = nullptr;
  kmsak_credentials *credentials = nullptr;
  if (config == nullptr || kmsak_provider_from_file(config, &provider, &error) != KMSAK_OK ||
      kmsak_provider_credentials(provider, kSecret, &credentials, &error) != KMSAK_OK) {
    std::fprintf(stderr, "%s\n", config == nullptr ? "KMSAK_BENCH_CONFIG names no file" : kmsak_error_message(error));
    return 1;
  }
  kmsak_credentials_free(credentials);
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  kmsak_provider_free(provider);
  return 0;
}
