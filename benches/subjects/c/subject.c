/* libkmsak as a subject of the benchmarks: see benches/README.md for the protocol. Takes the library from KMSAK_LIBRARY. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <kmsak.h>

#define MOST_WORDS 1024

static struct {
  __typeof__(kmsak_provider_from_file) *from_file;
  __typeof__(kmsak_provider_credentials) *credentials;
  __typeof__(kmsak_provider_renew) *renew;
  __typeof__(kmsak_provider_refresh) *refresh;
  __typeof__(kmsak_provider_free) *provider_free;
  __typeof__(kmsak_credentials_free) *credentials_free;
  __typeof__(kmsak_credentials_access_key_id) *access_key_id;
  __typeof__(kmsak_secret_free) *secret_free;
  __typeof__(kmsak_error_message) *error_message;
} library;

static kmsak_provider *provider;
static const char *secret;

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static void fail_with(kmsak_error *error) { fail(library.error_message(error)); }

static long long now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void phase(const char *name) {
  printf("{\"phase\": \"%s\", \"at\": %lld}\n", name, now(CLOCK_REALTIME));
  fflush(stdout);
}

static void *symbol(void *handle, const char *name) {
  void *found = dlsym(handle, name);
  if (found == NULL) fail(dlerror());
  return found;
}

static void load(void) {
  const char *path = getenv("KMSAK_LIBRARY");
  void *handle = dlopen(path == NULL ? "libkmsak.so.0" : path, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) fail(dlerror());
  *(void **)&library.from_file = symbol(handle, "kmsak_provider_from_file");
  *(void **)&library.credentials = symbol(handle, "kmsak_provider_credentials");
  *(void **)&library.renew = symbol(handle, "kmsak_provider_renew");
  *(void **)&library.refresh = symbol(handle, "kmsak_provider_refresh");
  *(void **)&library.provider_free = symbol(handle, "kmsak_provider_free");
  *(void **)&library.credentials_free = symbol(handle, "kmsak_credentials_free");
  *(void **)&library.access_key_id = symbol(handle, "kmsak_credentials_access_key_id");
  *(void **)&library.secret_free = symbol(handle, "kmsak_secret_free");
  *(void **)&library.error_message = symbol(handle, "kmsak_error_message");
}

static void read_once(void) {
  kmsak_credentials *credentials = NULL;
  kmsak_error *error = NULL;
  if (library.credentials(provider, secret, &credentials, &error) != KMSAK_OK) fail_with(error);
  library.credentials_free(credentials);
}

/* What a crowd of threads does: each goes through all names, or reads. */
struct work {
  pthread_barrier_t barrier;
  long reads;
  int names;
  char **name;
  /* The ids that were rejected, or NULL. */
  char **rejected;
};

static int succeeds(const struct work *work, int number) {
  kmsak_credentials *credentials = NULL;
  kmsak_error *error = NULL;
  const char *name = work->name[number];
  kmsak_status status =
      work->rejected == NULL
          ? library.credentials(provider, name, &credentials, &error)
          : library.renew(provider, name, work->rejected[number], &credentials, &error);
  if (status != KMSAK_OK) {
    fprintf(stderr, "%s\n", library.error_message(error));
    return 0;
  }
  int good = work->rejected == NULL || strcmp(library.access_key_id(credentials), work->rejected[number]) != 0;
  library.credentials_free(credentials);
  return good;
}

static void *take_part(void *argument) {
  struct work *work = argument;
  long failed = 0;
  pthread_barrier_wait(&work->barrier);
  for (long i = 0; i < work->reads; ++i) read_once();
  for (int i = 0; i < work->names; ++i) failed += !succeeds(work, i);
  return (void *)failed;
}

/* Returns nanoseconds; *failed is how many calls failed. */
static long long crowd(int threads, struct work *work, long *failed) {
  pthread_t *thread = calloc((size_t)threads, sizeof *thread);
  if (thread == NULL) fail("no memory");
  pthread_barrier_init(&work->barrier, NULL, (unsigned)threads + 1);
  for (int i = 0; i < threads; ++i)
    if (pthread_create(&thread[i], NULL, take_part, work) != 0) fail("no thread");
  long long began = now(CLOCK_MONOTONIC);
  pthread_barrier_wait(&work->barrier);
  *failed = 0;
  for (int i = 0; i < threads; ++i) {
    void *answer;
    pthread_join(thread[i], &answer);
    *failed += (long)answer;
  }
  long long took = now(CLOCK_MONOTONIC) - began;
  pthread_barrier_destroy(&work->barrier);
  free(thread);
  return took;
}

static void *refresh(void *unused) {
  kmsak_secret *fetched = NULL;
  (void)unused;
  if (library.refresh(provider, secret, &fetched, NULL) == KMSAK_OK) library.secret_free(fetched);
  return NULL;
}

static void hang(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, refresh, NULL) != 0) fail("no thread");
  pthread_detach(thread);
  printf("{\"begun\": true}\n");
  fflush(stdout);
}

static void slowest(long reads) {
  long long most = 0;
  for (long i = 0; i < reads; ++i) {
    long long began = now(CLOCK_MONOTONIC);
    read_once();
    long long took = now(CLOCK_MONOTONIC) - began;
    if (took > most) most = took;
  }
  printf("{\"nanoseconds\": %lld}\n", most);
  fflush(stdout);
}

static void go_through(int threads, int names, char **name, int renewing) {
  struct work work = {.reads = 0, .names = names, .name = name};
  char *rejected[MOST_WORDS];
  for (int i = 0; renewing && i < names; ++i) {
    kmsak_credentials *credentials = NULL;
    kmsak_error *error = NULL;
    if (library.credentials(provider, name[i], &credentials, &error) != KMSAK_OK) fail_with(error);
    rejected[i] = strdup(library.access_key_id(credentials));
    library.credentials_free(credentials);
  }
  if (renewing) work.rejected = rejected;
  long failed;
  long long took = crowd(threads, &work, &failed);
  printf("{\"seconds\": %.9f, \"failed\": %ld}\n", (double)took / 1e9, failed);
  fflush(stdout);
  for (int i = 0; renewing && i < names; ++i) free(rejected[i]);
}

static int split(char *line, char **word) {
  int words = 0;
  char *rest = NULL;
  for (char *next = strtok_r(line, " \n", &rest); next != NULL; next = strtok_r(NULL, " \n", &rest)) {
    if (words == MOST_WORDS) fail("too many words");
    word[words++] = next;
  }
  return words;
}

int main(int count, char **argument) {
  phase("started");
  if (count != 3) fail("usage: subject CONFIG SECRET");
  secret = argument[2];
  char *line = NULL;
  size_t room = 0;
  char *word[MOST_WORDS];
  while (getline(&line, &room, stdin) > 0) {
    int words = split(line, word);
    if (words == 0) continue;
    if (strcmp(word[0], "load") == 0) {
      load();
      phase("loaded");
    } else if (strcmp(word[0], "open") == 0) {
      kmsak_error *error = NULL;
      if (library.from_file(argument[1], &provider, &error) != KMSAK_OK) fail_with(error);
      phase("opened");
    } else if (strcmp(word[0], "first") == 0) {
      read_once();
      phase("first");
    } else if (strcmp(word[0], "read") == 0 && words == 3) {
      struct work work = {.reads = atol(word[2])};
      long failed;
      long long took = crowd(atoi(word[1]), &work, &failed);
      printf("{\"nanoseconds\": %lld}\n", took);
      fflush(stdout);
    } else if (strcmp(word[0], "slowest") == 0 && words == 2) {
      slowest(atol(word[1]));
    } else if (strcmp(word[0], "hang") == 0) {
      hang();
    } else if (strcmp(word[0], "many") == 0 && words > 2) {
      go_through(atoi(word[1]), words - 2, word + 2, 0);
    } else if (strcmp(word[0], "renew") == 0 && words > 2) {
      go_through(atoi(word[1]), words - 2, word + 2, 1);
    } else if (strcmp(word[0], "quit") == 0) {
      break;
    } else {
      fail("no such command");
    }
  }
  if (provider != NULL) library.provider_free(provider);
  free(line);
  return 0;
}
