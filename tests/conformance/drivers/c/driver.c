/* The conformance driver of libkmsak: tests/conformance/README.md has the protocol. It decides nothing. */
#define _POSIX_C_SOURCE 200809L

#include <cjson/cJSON.h>
#include <kmsak.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static kmsak_provider *provider;
static kmsak_subscription *subscription;
/* What `shown` asks for. C prints no object: these are the texts that a program would print of the latest ones. */
static char *shown_error;
static char *shown_credentials;
static char *shown_secret;
static char *shown_event;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static cJSON *events;
static cJSON *lines;

static const char *text(const cJSON *object, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void add_text(cJSON *object, const char *name, const char *value) {
  cJSON_AddItemToObject(object, name, value == NULL ? cJSON_CreateNull() : cJSON_CreateString(value));
}

/* Seconds from milliseconds, null for none. */
static void add_seconds(cJSON *object, const char *name, int64_t milliseconds) {
  cJSON_AddItemToObject(object, name,
                        milliseconds < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double)milliseconds / 1000));
}

static cJSON *error_parts(const kmsak_error *error) {
  cJSON *parts = cJSON_CreateObject();
  add_text(parts, "kind", kmsak_error_kind(error));
  add_text(parts, "code", kmsak_error_code(error));
  add_text(parts, "request_id", kmsak_error_request_id(error));
  cJSON_AddBoolToObject(parts, "retryable", kmsak_error_retryable(error));
  add_text(parts, "message", kmsak_error_message(error));
  add_text(parts, "cause", kmsak_error_cause(error));
  return parts;
}

static void show(char **shown, const char *what, const char *value) {
  size_t size = strlen(what) + strlen(value) + 2;
  char *printed = malloc(size);
  snprintf(printed, size, "%s %s", what, value);
  pthread_mutex_lock(&mutex);
  free(*shown);
  *shown = printed;
  pthread_mutex_unlock(&mutex);
}

static cJSON *failed(kmsak_error *error) {
  cJSON *answer = cJSON_CreateObject();
  cJSON_AddItemToObject(answer, "error", error_parts(error));
  show(&shown_error, kmsak_error_kind(error), kmsak_error_message(error));
  kmsak_error_free(error);
  return answer;
}

static cJSON *failed_here(const char *kind, const char *message) {
  cJSON *answer = cJSON_CreateObject();
  cJSON *parts = cJSON_AddObjectToObject(answer, "error");
  add_text(parts, "kind", kind);
  add_text(parts, "code", NULL);
  add_text(parts, "request_id", NULL);
  cJSON_AddBoolToObject(parts, "retryable", false);
  add_text(parts, "message", message);
  return answer;
}

static cJSON *ok(cJSON *value) {
  cJSON *answer = cJSON_CreateObject();
  cJSON_AddItemToObject(answer, "ok", value);
  return answer;
}

static cJSON *ok_credentials(kmsak_credentials *credentials) {
  cJSON *value = cJSON_CreateObject();
  add_text(value, "access_key_id", kmsak_credentials_access_key_id(credentials));
  add_text(value, "access_key_secret", kmsak_credentials_access_key_secret(credentials));
  add_text(value, "version_id", kmsak_credentials_version_id(credentials));
  show(&shown_credentials, kmsak_credentials_version_id(credentials), kmsak_credentials_access_key_id(credentials));
  kmsak_credentials_free(credentials);
  return ok(value);
}

static char *base64(const unsigned char *bytes, size_t length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *encoded = malloc((length + 2) / 3 * 4 + 1);
  char *to = encoded;
  size_t i;
  for (i = 0; i < length; i += 3) {
    unsigned long group = (unsigned long)bytes[i] << 16;
    if (i + 1 < length) group |= (unsigned long)bytes[i + 1] << 8;
    if (i + 2 < length) group |= bytes[i + 2];
    *to++ = digits[group >> 18];
    *to++ = digits[group >> 12 & 63];
    *to++ = i + 1 < length ? digits[group >> 6 & 63] : '=';
    *to++ = i + 2 < length ? digits[group & 63] : '=';
  }
  *to = '\0';
  return encoded;
}

static cJSON *ok_secret(kmsak_secret *secret) {
  cJSON *value = cJSON_CreateObject();
  size_t length = 0;
  const unsigned char *bytes = kmsak_secret_bytes(secret, &length);
  char *encoded = base64(bytes, length);
  cJSON *stages;
  size_t i;
  add_text(value, "name", kmsak_secret_name(secret));
  add_text(value, "secret_type", kmsak_secret_type(secret));
  /* C has no text but bytes; what was stored as binary is not called text. */
  add_text(value, "text", kmsak_secret_is_binary(secret) ? NULL : (const char *)bytes);
  add_text(value, "base64", encoded);
  free(encoded);
  cJSON_AddBoolToObject(value, "binary", kmsak_secret_is_binary(secret));
  add_text(value, "version_id", kmsak_secret_version_id(secret));
  stages = cJSON_AddArrayToObject(value, "version_stages");
  for (i = 0; i < kmsak_secret_version_stage_count(secret); ++i) {
    cJSON_AddItemToArray(stages, cJSON_CreateString(kmsak_secret_version_stage(secret, i)));
  }
  show(&shown_secret, kmsak_secret_name(secret), kmsak_secret_version_id(secret));
  kmsak_secret_free(secret);
  return ok(value);
}

static void on_log(int32_t level, const char *message, void *user_data) {
  (void)level;
  (void)user_data;
  pthread_mutex_lock(&mutex);
  cJSON_AddItemToArray(lines, cJSON_CreateString(message));
  pthread_mutex_unlock(&mutex);
}

static void on_event(const kmsak_event *event, void *user_data) {
  cJSON *whole = cJSON_CreateObject();
  cJSON *fields = cJSON_AddObjectToObject(whole, "fields");
  const struct {
    const char *name;
    const char *value;
  } texts[] = {{"secret", kmsak_event_secret(event)},
               {"version_id", kmsak_event_version_id(event)},
               {"old_access_key_id", kmsak_event_old_access_key_id(event)},
               {"new_access_key_id", kmsak_event_new_access_key_id(event)},
               {"endpoint", kmsak_event_endpoint(event)},
               {"key_id", kmsak_event_key_id(event)},
               {"old_key_id", kmsak_event_old_key_id(event)},
               {"new_key_id", kmsak_event_new_key_id(event)},
               {"identity", kmsak_event_identity(event)},
               {"access_key_id", kmsak_event_access_key_id(event)}};
  size_t i;
  (void)user_data;
  add_text(whole, "name", kmsak_event_name(event));
  if (kmsak_event_secret(event) != NULL) show(&shown_event, kmsak_event_name(event), kmsak_event_secret(event));
  for (i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
    if (texts[i].value != NULL) add_text(fields, texts[i].name, texts[i].value);
  }
  if (kmsak_event_error(event) != NULL) cJSON_AddItemToObject(fields, "error", error_parts(kmsak_event_error(event)));
  if (kmsak_event_stale_for_ms(event) >= 0) {
    add_seconds(fields, "stale_for", kmsak_event_stale_for_ms(event));
    add_seconds(fields, "next_try_in", kmsak_event_next_try_in_ms(event));
  }
  if (kmsak_event_age_ms(event) >= 0) add_seconds(fields, "age", kmsak_event_age_ms(event));
  if (kmsak_event_days_left(event) >= 0) {
    cJSON_AddNumberToObject(fields, "not_after", (double)kmsak_event_not_after_unix(event));
    cJSON_AddNumberToObject(fields, "days_left", (double)kmsak_event_days_left(event));
  }
  if (kmsak_event_identity(event) != NULL && kmsak_event_expires_unix(event) >= 0) {
    cJSON_AddNumberToObject(fields, "expires", (double)kmsak_event_expires_unix(event));
  }
  pthread_mutex_lock(&mutex);
  cJSON_AddItemToArray(events, whole);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

static void end_provider(void) {
  kmsak_subscription_free(subscription);
  kmsak_provider_free(provider);
  subscription = NULL;
  provider = NULL;
}

static void begin_anew(void) {
  end_provider();
  pthread_mutex_lock(&mutex);
  cJSON_Delete(events);
  events = cJSON_CreateArray();
  pthread_mutex_unlock(&mutex);
}

static cJSON *opened(kmsak_status status, kmsak_error *error) {
  if (status != KMSAK_OK || kmsak_provider_subscribe(provider, on_event, NULL, NULL, &subscription, &error) != KMSAK_OK) {
    return failed(error);
  }
  return ok(cJSON_CreateObject());
}

static cJSON *op_open(const cJSON *request) {
  kmsak_error *error = NULL;
  kmsak_status status;
  begin_anew();
  status = kmsak_provider_from_file(text(request, "file"), &provider, &error);
  return opened(status, error);
}

static void set_option(kmsak_config *config, const char *name, const char *value) {
  static const struct {
    const char *name;
    kmsak_status (*set)(kmsak_config *, const char *);
  } texts[] = {{"credentials_type", kmsak_config_credentials_type},
               {"access_key_id", kmsak_config_access_key_id},
               {"role_name", kmsak_config_role_name},
               {"role_arn", kmsak_config_role_arn},
               {"role_session_name", kmsak_config_role_session_name},
               {"oidc_provider_arn", kmsak_config_oidc_provider_arn},
               {"oidc_token_file", kmsak_config_oidc_token_file},
               {"ecs_metadata_endpoint", kmsak_config_ecs_metadata_endpoint},
               {"sts_endpoint", kmsak_config_sts_endpoint},
               {"sts_ca_file", kmsak_config_sts_ca_file}};
  size_t i;
  if (strcmp(name, "access_key_secret") == 0) kmsak_config_access_key_secret(config, value, strlen(value));
  if (strcmp(name, "security_token") == 0) kmsak_config_security_token(config, value, strlen(value));
  for (i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
    if (strcmp(name, texts[i].name) == 0) texts[i].set(config, value);
  }
}

static cJSON *op_open_code(const cJSON *request) {
  const cJSON *described = cJSON_GetObjectItemCaseSensitive(request, "gateway");
  kmsak_gateway *gateway = kmsak_gateway_shared(text(described, "region_id"));
  kmsak_config *config = kmsak_config_new();
  kmsak_error *error = NULL;
  const cJSON *option = NULL;
  kmsak_status status;
  kmsak_gateway_endpoint(gateway, text(described, "endpoint"));
  kmsak_gateway_ca_file(gateway, text(described, "ca_file"));
  kmsak_config_gateway(config, gateway);
  cJSON_ArrayForEach(option, cJSON_GetObjectItemCaseSensitive(request, "options")) {
    set_option(config, option->string, cJSON_GetStringValue(option));
  }
  begin_anew();
  status = kmsak_provider_open(config, &provider, &error);
  kmsak_config_free(config);
  kmsak_gateway_free(gateway);
  return opened(status, error);
}

static cJSON *op_credentials(const cJSON *request) {
  kmsak_credentials *credentials = NULL;
  kmsak_error *error = NULL;
  if (kmsak_provider_credentials(provider, text(request, "name"), &credentials, &error) != KMSAK_OK) return failed(error);
  return ok_credentials(credentials);
}

static cJSON *op_renew(const cJSON *request) {
  kmsak_credentials *credentials = NULL;
  kmsak_error *error = NULL;
  if (kmsak_provider_renew(provider, text(request, "name"), text(request, "rejected_id"), &credentials, &error) !=
      KMSAK_OK) {
    return failed(error);
  }
  return ok_credentials(credentials);
}

static cJSON *op_secret(const cJSON *request) {
  kmsak_secret *secret = NULL;
  kmsak_error *error = NULL;
  if (kmsak_provider_secret(provider, text(request, "name"), &secret, &error) != KMSAK_OK) return failed(error);
  return ok_secret(secret);
}

static cJSON *op_refresh(const cJSON *request) {
  kmsak_secret *secret = NULL;
  kmsak_error *error = NULL;
  if (kmsak_provider_refresh(provider, text(request, "name"), &secret, &error) != KMSAK_OK) return failed(error);
  return ok_secret(secret);
}

static bool rejects(const cJSON *request, const kmsak_credentials *credentials) {
  const cJSON *id = NULL;
  cJSON_ArrayForEach(id, cJSON_GetObjectItemCaseSensitive(request, "rejects")) {
    if (strcmp(cJSON_GetStringValue(id), kmsak_credentials_access_key_id(credentials)) == 0) return true;
  }
  return false;
}

/* The loop that kmsak.h describes for C callers. */
static cJSON *op_call(const cJSON *request) {
  const char *code = text(request, "code");
  kmsak_credentials *credentials = NULL;
  kmsak_error *error = NULL;
  cJSON *value;
  int runs = 1;
  bool refused;
  if (kmsak_provider_credentials(provider, text(request, "name"), &credentials, &error) != KMSAK_OK) return failed(error);
  refused = rejects(request, credentials);
  if (refused && kmsak_provider_is_rejection(provider, code, text(request, "message"))) {
    kmsak_credentials *renewed = NULL;
    if (kmsak_provider_renew(provider, text(request, "name"), kmsak_credentials_access_key_id(credentials), &renewed,
                             NULL) == KMSAK_OK) {
      kmsak_credentials_free(credentials);
      credentials = renewed;
      refused = rejects(request, credentials);
      ++runs;
    }
  }
  value = cJSON_CreateObject();
  if (refused) {
    add_text(value, "service_error", code);
  } else {
    add_text(value, "access_key_id", kmsak_credentials_access_key_id(credentials));
  }
  cJSON_AddNumberToObject(value, "runs", runs);
  kmsak_credentials_free(credentials);
  return ok(value);
}

static cJSON *answer_to(const cJSON *request);

static void *answer_on_a_thread(void *request) { return answer_to(request); }

static cJSON *op_concurrently(const cJSON *request) {
  int count = (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(request, "threads"));
  cJSON *inner = cJSON_GetObjectItemCaseSensitive(request, "do");
  pthread_t *threads = calloc((size_t)count + 1, sizeof *threads);
  cJSON *value = cJSON_CreateObject();
  cJSON *answers = cJSON_AddArrayToObject(value, "answers");
  int i;
  for (i = 0; i < count; ++i) {
    if (pthread_create(&threads[i], NULL, answer_on_a_thread, inner) != 0) abort();
  }
  for (i = 0; i < count; ++i) {
    void *answer = NULL;
    pthread_join(threads[i], &answer);
    cJSON_AddItemToArray(answers, answer);
  }
  free(threads);
  return ok(value);
}

static cJSON *op_wait_event(const cJSON *request) {
  const char *name = text(request, "name");
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 60;
  pthread_mutex_lock(&mutex);
  for (;;) {
    int i;
    for (i = 0; i < cJSON_GetArraySize(events); ++i) {
      if (strcmp(text(cJSON_GetArrayItem(events, i), "name"), name) == 0) {
        cJSON *event = cJSON_DetachItemFromArray(events, i);
        cJSON *fields = cJSON_DetachItemFromObject(event, "fields");
        pthread_mutex_unlock(&mutex);
        cJSON_Delete(event);
        return ok(fields);
      }
    }
    if (pthread_cond_timedwait(&changed, &mutex, &until) != 0) {
      pthread_mutex_unlock(&mutex);
      return failed_here("timeout", "no such event came");
    }
  }
}

static cJSON *op_stats(void) {
  kmsak_stats *stats = kmsak_provider_stats(provider);
  cJSON *value = cJSON_CreateObject();
  cJSON *list = cJSON_AddArrayToObject(value, "secrets");
  size_t i;
  for (i = 0; i < kmsak_stats_secret_count(stats); ++i) {
    const kmsak_secret_stats *one = kmsak_stats_secret(stats, i);
    const kmsak_error *error = kmsak_secret_stats_last_error(one);
    cJSON *item = cJSON_CreateObject();
    add_text(item, "name", kmsak_secret_stats_name(one));
    add_text(item, "version_id", kmsak_secret_stats_version_id(one));
    add_text(item, "access_key_id", kmsak_secret_stats_access_key_id(one));
    add_seconds(item, "age", kmsak_secret_stats_age_ms(one));
    add_seconds(item, "stale_for", kmsak_secret_stats_stale_for_ms(one));
    add_seconds(item, "next_refresh_in", kmsak_secret_stats_next_refresh_in_ms(one));
    cJSON_AddNumberToObject(item, "fetches", (double)kmsak_secret_stats_fetches(one));
    cJSON_AddNumberToObject(item, "failures", (double)kmsak_secret_stats_failures(one));
    cJSON_AddNumberToObject(item, "renewals", (double)kmsak_secret_stats_renewals(one));
    cJSON_AddItemToObject(item, "last_error", error == NULL ? cJSON_CreateNull() : error_parts(error));
    cJSON_AddItemToArray(list, item);
  }
  list = cJSON_AddArrayToObject(value, "endpoints");
  for (i = 0; i < kmsak_stats_endpoint_count(stats); ++i) {
    const kmsak_endpoint_stats *one = kmsak_stats_endpoint(stats, i);
    int64_t latency = kmsak_endpoint_stats_latency_us(one);
    int64_t throttled = kmsak_endpoint_stats_throttled_for_ms(one);
    cJSON *item = cJSON_CreateObject();
    add_text(item, "endpoint", kmsak_endpoint_stats_endpoint(one));
    cJSON_AddBoolToObject(item, "down", kmsak_endpoint_stats_down(one));
    cJSON_AddItemToObject(item, "latency", latency < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double)latency / 1e6));
    cJSON_AddNumberToObject(item, "requests", (double)kmsak_endpoint_stats_requests(one));
    cJSON_AddNumberToObject(item, "failures", (double)kmsak_endpoint_stats_failures(one));
    cJSON_AddItemToObject(item, "throttled_for", throttled < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double)throttled / 1e3));
    cJSON_AddItemToArray(list, item);
  }
  list = cJSON_AddArrayToObject(value, "client_keys");
  for (i = 0; i < kmsak_stats_client_key_count(stats); ++i) {
    const kmsak_client_key_stats *one = kmsak_stats_client_key(stats, i);
    cJSON *item = cJSON_CreateObject();
    add_text(item, "key_id", kmsak_client_key_stats_key_id(one));
    add_text(item, "instance_id", kmsak_client_key_stats_instance_id(one));
    cJSON_AddNumberToObject(item, "not_before", (double)kmsak_client_key_stats_not_before_unix(one));
    cJSON_AddNumberToObject(item, "not_after", (double)kmsak_client_key_stats_not_after_unix(one));
    cJSON_AddNumberToObject(item, "days_left", (double)kmsak_client_key_stats_days_left(one));
    cJSON_AddItemToArray(list, item);
  }
  list = cJSON_AddArrayToObject(value, "identities");
  for (i = 0; i < kmsak_stats_identity_count(stats); ++i) {
    const kmsak_identity_info *one = kmsak_stats_identity(stats, i);
    const kmsak_error *error = kmsak_identity_info_last_error(one);
    int64_t expires = kmsak_identity_info_expires_unix(one);
    cJSON *item = cJSON_CreateObject();
    add_text(item, "kind", kmsak_identity_info_kind(one));
    add_text(item, "name", kmsak_identity_info_name(one));
    add_text(item, "access_key_id", kmsak_identity_info_access_key_id(one));
    add_text(item, "origin", kmsak_identity_info_origin(one));
    cJSON_AddItemToObject(item, "expires", expires < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double)expires));
    cJSON_AddItemToObject(item, "last_error", error == NULL ? cJSON_CreateNull() : error_parts(error));
    cJSON_AddItemToArray(list, item);
  }
  cJSON_AddNumberToObject(value, "clock_skew_milliseconds", (double)kmsak_stats_clock_skew_ms(stats));
  kmsak_stats_free(stats);
  return ok(value);
}

static cJSON *op_is_rejection(const cJSON *request) {
  cJSON *value = cJSON_CreateObject();
  const char *code = text(request, "code");
  const char *message = text(request, "message");
  bool rejection = provider == NULL ? kmsak_is_rejection(code, message)
                                    : kmsak_provider_is_rejection(provider, code, message);
  cJSON_AddBoolToObject(value, "is_rejection", rejection);
  return ok(value);
}

static void add_file(cJSON *object, const char *name, const char *path) {
  FILE *file = fopen(path, "rb");
  char *content = malloc(1 << 20);
  size_t length = file == NULL ? 0 : fread(content, 1, (1 << 20) - 1, file);
  content[length] = '\0';
  add_text(object, name, content);
  free(content);
  if (file != NULL) fclose(file);
}

/* C cannot look at itself: its headers are what it has. */
static cJSON *op_describe(void) {
  cJSON *value = cJSON_CreateObject();
  add_text(value, "language", "c");
  add_file(value, "header", "include/kmsak.h");
  add_file(value, "cpp_header", "include/kmsak.hpp");
  return ok(value);
}

static cJSON *op_shown(void) {
  cJSON *value = cJSON_CreateObject();
  cJSON *texts = cJSON_AddArrayToObject(value, "texts");
  char **const all[] = {&shown_error, &shown_credentials, &shown_secret, &shown_event};
  size_t i;
  pthread_mutex_lock(&mutex);
  for (i = 0; i < sizeof all / sizeof all[0]; ++i) {
    if (*all[i] != NULL) cJSON_AddItemToArray(texts, cJSON_CreateString(*all[i]));
  }
  pthread_mutex_unlock(&mutex);
  return ok(value);
}

static cJSON *op_logs(void) {
  cJSON *value = cJSON_CreateObject();
  pthread_mutex_lock(&mutex);
  cJSON_AddItemToObject(value, "lines", cJSON_Duplicate(lines, true));
  pthread_mutex_unlock(&mutex);
  return ok(value);
}

static cJSON *answer_to(const cJSON *request) {
  const char *op = text(request, "op");
  if (op == NULL) return failed_here("driver", "a request needs an op");
  if (strcmp(op, "open") == 0) return op_open(request);
  if (strcmp(op, "open_code") == 0) return op_open_code(request);
  if (strcmp(op, "credentials") == 0) return op_credentials(request);
  if (strcmp(op, "secret") == 0) return op_secret(request);
  if (strcmp(op, "refresh") == 0) return op_refresh(request);
  if (strcmp(op, "renew") == 0) return op_renew(request);
  if (strcmp(op, "call") == 0) return op_call(request);
  if (strcmp(op, "concurrently") == 0) return op_concurrently(request);
  if (strcmp(op, "wait_event") == 0) return op_wait_event(request);
  if (strcmp(op, "stats") == 0) return op_stats();
  if (strcmp(op, "is_rejection") == 0) return op_is_rejection(request);
  if (strcmp(op, "describe") == 0) return op_describe();
  if (strcmp(op, "shown") == 0) return op_shown();
  if (strcmp(op, "logs") == 0) return op_logs();
  if (strcmp(op, "close") == 0) {
    kmsak_provider_close(provider);
    return ok(cJSON_CreateObject());
  }
  return failed_here("driver", "no such op");
}

int main(void) {
  char *line = NULL;
  size_t capacity = 0;
  lines = cJSON_CreateArray();
  events = cJSON_CreateArray();
  kmsak_set_log_callback(KMSAK_LOG_TRACE, on_log, NULL, NULL);
  while (getline(&line, &capacity, stdin) > 0) {
    cJSON *request = cJSON_Parse(line);
    cJSON *answer = answer_to(request);
    char *printed = cJSON_PrintUnformatted(answer);
    printf("%s\n", printed);
    fflush(stdout);
    free(printed);
    cJSON_Delete(answer);
    cJSON_Delete(request);
  }
  end_provider();
  kmsak_set_log_callback(KMSAK_LOG_ERROR, NULL, NULL, NULL);
  cJSON_Delete(lines);
  cJSON_Delete(events);
  free(shown_error);
  free(shown_credentials);
  free(shown_secret);
  free(shown_event);
  free(line);
  return 0;
}
