/* The hot paths of libkmsak, each REPEATS times, for callgrind to count: see benches/README.md. hot_paths CONFIG SECRET */
#include <stdio.h>
#include <stdlib.h>

#include <kmsak.h>
#include <valgrind/callgrind.h>

#define REPEATS 1000

static kmsak_provider *provider;
static const char *config, *secret;
static char rejected[64];

static void check(kmsak_status status, kmsak_error *error) {
  if (status == KMSAK_OK) return;
  fprintf(stderr, "%s\n", kmsak_error_message(error));
  exit(1);
}

static void cached_credentials(void) {
  kmsak_credentials *credentials = NULL;
  kmsak_error *error = NULL;
  check(kmsak_provider_credentials(provider, secret, &credentials, &error), error);
  kmsak_credentials_free(credentials);
}

static void cached_secret(void) {
  kmsak_secret *value = NULL;
  kmsak_error *error = NULL;
  check(kmsak_provider_secret(provider, secret, &value, &error), error);
  kmsak_secret_free(value);
}

/* Another thread was rejected, too, and the newer AccessKey is here already. */
static void renewed_already(void) {
  kmsak_credentials *credentials = NULL;
  kmsak_error *error = NULL;
  check(kmsak_provider_renew(provider, secret, rejected, &credentials, &error), error);
  kmsak_credentials_free(credentials);
}

static void is_rejection(void) {
  if (!kmsak_is_rejection("InvalidAccessKeyId.NotFound", NULL)) exit(1);
}

/* Reads the configuration and opens the ClientKey; no network. */
static void open_and_close(void) {
  kmsak_provider *opened = NULL;
  kmsak_error *error = NULL;
  check(kmsak_provider_from_file(config, &opened, &error), error);
  kmsak_provider_free(opened);
}

/* Warms up, then counts the instructions of this thread in each of the repeats. */
#define COUNT(path, repeats)              \
  do {                                    \
    path();                               \
    CALLGRIND_TOGGLE_COLLECT;             \
    for (int i = 0; i < (repeats); ++i)   \
      path();                             \
    CALLGRIND_TOGGLE_COLLECT;             \
    printf("%s %d\n", #path, (repeats));  \
    fflush(stdout);                       \
    CALLGRIND_DUMP_STATS_AT(#path);       \
  } while (0)

int main(int count, char **argument) {
  if (count != 3) {
    fprintf(stderr, "usage: hot_paths CONFIG SECRET\n");
    return 1;
  }
  config = argument[1];
  secret = argument[2];
  kmsak_error *error = NULL;
  check(kmsak_provider_from_file(config, &provider, &error), error);
  snprintf(rejected, sizeof rejected, "LTAI-of-last-week");
  COUNT(cached_credentials, REPEATS);
  COUNT(cached_secret, REPEATS);
  COUNT(renewed_already, REPEATS);
  COUNT(is_rejection, REPEATS);
  COUNT(open_and_close, 10);
  kmsak_provider_free(provider);
  return 0;
}
