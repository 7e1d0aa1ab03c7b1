/*
 * libkmsak: managed Alibaba Cloud AccessKeys for applications.
 *
 * Generated from bindings/c/src: do not edit. docs/c.md is the user's guide.
 *
 *   kmsak_provider *provider = NULL;
 *   kmsak_credentials *credentials = NULL;
 *   kmsak_error *error = NULL;
 *   if (kmsak_provider_from_file(path, &provider, &error) != KMSAK_OK ||
 *       kmsak_provider_credentials(provider, name, &credentials, &error) != KMSAK_OK) {
 *     fprintf(stderr, ..., kmsak_error_message(error));
 *     kmsak_error_free(error);
 *   }
 *
 * Rules that hold for every function:
 *
 * - Texts are UTF-8 and end with a NUL. What can hold arbitrary bytes has its length beside it.
 * - What a function takes it copies or only reads: it stays yours. What a function hands out through a pointer to a pointer,
 *   or returns as a pointer without const, is yours to free. What it returns as a pointer to const belongs to the object
 *   that was asked.
 * - Pointers to pointers are always written: with NULL where there is nothing to hand out. Whatever they held before
 *   is not freed. An `error` that is NULL is not written; the status is answered all the same.
 * - NULL and text that is not UTF-8 are answered with KMSAK_INVALID_ARGUMENT where there is a status, else with NULL, 0, -1
 *   or false. Functions that free take NULL and do nothing.
 * - Functions may be called from any thread, from callbacks, with signals arriving, and in a child after fork(). They are
 *   not async-signal-safe. An object must not be freed while another thread uses it.
 * - kmsak reads environment variables when a provider is opened, and later on its own thread when a ClientKey or CA file has
 *   changed, and in a child after fork(). As for whatever reads it, no thread may change the environment (setenv, putenv,
 *   unsetenv) meanwhile: set it before the first provider is opened.
 * - A number's unit ends its function's name: `_ms` milliseconds, `_us` microseconds, `_days_left` whole days, `_unix` seconds
 *   since 1970-01-01 UTC. -1 says that there is none.
 * - No function changes signal handlers, the locale or the environment, and none writes to standard output.
 *
 * The ABI is stable: as long as the soname stays libkmsak.so.0, no function is removed or changed, no number gets another
 * meaning, and a program keeps running with every newer library. New functions, statuses and kinds of events may be added.
 */

#ifndef KMSAK_H
#define KMSAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* The version of this header; kmsak_version() is the library's. */
#define KMSAK_VERSION_MAJOR 0
#define KMSAK_VERSION_MINOR 1
#define KMSAK_VERSION_PATCH 0
#define KMSAK_VERSION_STRING "0.1.0"
/* As a number to compare: 1.2.3 is 1002003. */
#define KMSAK_VERSION (KMSAK_VERSION_MAJOR * 1000000 + KMSAK_VERSION_MINOR * 1000 + KMSAK_VERSION_PATCH)

/**
 * What a function answers. The numbers are stable: they never change and are never used for anything else. New ones may
 * be added, so treat one that you do not know as a failure.
 */
enum kmsak_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * It worked.
   */
  KMSAK_OK = 0,
  /**
   * The configuration is wrong, or an argument cannot work, such as the name of no secret.
   */
  KMSAK_CONFIGURATION = 1,
  /**
   * The ClientKey file or its password cannot be used.
   */
  KMSAK_CLIENT_KEY = 2,
  /**
   * KMS could not be reached, or did not answer in time.
   */
  KMSAK_NETWORK = 3,
  /**
   * The peer could not be verified, or TLS failed.
   */
  KMSAK_TLS = 4,
  /**
   * KMS refused: permission, signature, or an unknown ClientKey.
   */
  KMSAK_DENIED = 5,
  /**
   * KMS has no such secret, version or key.
   */
  KMSAK_NOT_FOUND = 6,
  /**
   * KMS, or the token bucket for renewals, says that there were too many requests.
   */
  KMSAK_THROTTLED = 7,
  /**
   * KMS failed, or answered something that cannot be understood.
   */
  KMSAK_SERVER = 8,
  /**
   * The provider is closed.
   */
  KMSAK_CLOSED = 9,
  /**
   * A pointer is NULL where it must not be, a text is not UTF-8, or the call must not be made here.
   */
  KMSAK_INVALID_ARGUMENT = 10,
  /**
   * A bug in kmsak. Nothing is lost; please report it.
   */
  KMSAK_INTERNAL = 11,
  /**
   * The call was cancelled.
   */
  KMSAK_CANCELLED = 12,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum kmsak_status kmsak_status;
#else
typedef int32_t kmsak_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What sort of event. New ones may be added: ignore those that you do not know.
 */
enum kmsak_event_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * One that this version has no number for.
   */
  KMSAK_EVENT_OTHER = 0,
  /**
   * A secret was fetched from KMS, whether or not it had changed: secret, version_id.
   */
  KMSAK_EVENT_FETCHED = 1,
  /**
   * The cache now holds another AccessKey than before: secret, old_access_key_id, new_access_key_id.
   */
  KMSAK_EVENT_ROTATED = 2,
  /**
   * A secret could not be refreshed; the cached value, if there is one, stays in use: secret, error, stale_for,
   * next_try_in.
   */
  KMSAK_EVENT_REFRESH_FAILED = 3,
  /**
   * An endpoint failed repeatedly and is passed over for a while: endpoint, error.
   */
  KMSAK_EVENT_ENDPOINT_DOWN = 4,
  /**
   * An endpoint that was down answers again: endpoint.
   */
  KMSAK_EVENT_ENDPOINT_UP = 5,
  /**
   * The ClientKey's validity ends soon, or has ended: key_id, not_after, days_left.
   */
  KMSAK_EVENT_CLIENT_KEY_EXPIRING = 6,
  /**
   * The ClientKey file was replaced and KMS accepts the new one: old_key_id, new_key_id.
   */
  KMSAK_EVENT_CLIENT_KEY_REPLACED = 7,
  /**
   * The ClientKey, password or CA file changed, but cannot be used; the old one stays: key_id, error.
   */
  KMSAK_EVENT_CLIENT_KEY_UNUSABLE = 8,
  /**
   * KMS cannot be reached and the secret was taken from the encrypted cache file: secret, age.
   */
  KMSAK_EVENT_CACHE_FILE_USED = 9,
  /**
   * KMS says that it cannot rotate a secret whose rotation is on: secret.
   */
  KMSAK_EVENT_ROTATION_BROKEN = 10,
  /**
   * Who asks KMS has another AccessKey, that of a role or of another source: identity, access_key_id, expires.
   */
  KMSAK_EVENT_IDENTITY_RENEWED = 11,
  /**
   * Who asks KMS could not get another AccessKey; the one in use, if there is one, is used to its end: identity, error,
   * expires.
   */
  KMSAK_EVENT_IDENTITY_UNAVAILABLE = 12,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum kmsak_event_kind kmsak_event_kind;
#else
typedef int32_t kmsak_event_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How much a log line matters.
 */
enum kmsak_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Something failed and somebody should act.
   */
  KMSAK_LOG_ERROR = 1,
  /**
   * Something is odd; the application goes on.
   */
  KMSAK_LOG_WARN = 2,
  /**
   * A change worth a line: a rotation, a replaced ClientKey.
   */
  KMSAK_LOG_INFO = 3,
  /**
   * Every fetch.
   */
  KMSAK_LOG_DEBUG = 4,
  /**
   * Everything.
   */
  KMSAK_LOG_TRACE = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum kmsak_log_level kmsak_log_level;
#else
typedef int32_t kmsak_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * One ClientKey.
 */
typedef struct kmsak_client_key_stats kmsak_client_key_stats;

/**
 * Collects settings for kmsak_provider_open; docs/configuration.md lists them. What is set here wins over the environment,
 * and the environment over files, whatever the order of the calls. Values are checked when the provider is opened.
 *
 * A function that sets something copies what it is given and answers KMSAK_OK, or KMSAK_INVALID_ARGUMENT when a pointer is
 * NULL, a text is not UTF-8, or the configuration is used up; so it does after a call that failed. Opening the provider then
 * fails with the first reason, so that you need not check each call. Any thread may use a configuration.
 */
typedef struct kmsak_config kmsak_config;

/**
 * An AccessKey: one version of a managed RAM secret. Immutable, so any thread may read it. It stays as it is, and readable,
 * when the secret rotates and when the provider is closed or freed.
 */
typedef struct kmsak_credentials kmsak_credentials;

/**
 * One endpoint.
 */
typedef struct kmsak_endpoint_stats kmsak_endpoint_stats;

/**
 * What went wrong, and what to do about it. Never holds a secret. Immutable, so any thread may read it.
 */
typedef struct kmsak_error kmsak_error;

/**
 * Something that happened. No event carries a secret. It lives until the callback that got it returns, and any thread may
 * read it until then.
 */
typedef struct kmsak_event kmsak_event;

/**
 * Collects what a provider for tests hands out: no network, no emulator, no files. A secret has one version or several, in the
 * order in which they are given. The first fetch gets the first; each fetch after it, by kmsak_provider_refresh or by the
 * kmsak_provider_renew of an AccessKey that is in use, gets the next, as if KMS had just rotated the secret; the last one stays.
 *
 * A function that adds something copies what it is given and answers KMSAK_OK, or KMSAK_INVALID_ARGUMENT when a pointer is NULL or
 * a text is not UTF-8; so it does after a call that failed. Opening the provider then fails with the first reason, so that you
 * need not check each call. Any thread may use it.
 */
typedef struct kmsak_fixed kmsak_fixed;

/**
 * A KMS gateway to ask, for kmsak_config_gateway. What is left out is taken from the configuration's own settings, and the
 * endpoint of an instance from its ClientKey. Values are checked when the provider is opened.
 *
 * A function that sets something copies what it is given and answers KMSAK_OK, or KMSAK_INVALID_ARGUMENT when a pointer is
 * NULL or a text is not UTF-8; so it does after a call that failed. kmsak_config_gateway then fails with the first reason, so
 * that you need not check each call. Any thread may use a gateway.
 */
typedef struct kmsak_gateway kmsak_gateway;

/**
 * Who asks KMS.
 */
typedef struct kmsak_identity_info kmsak_identity_info;

/**
 * An answer that may still be on its way: wait for it, have a function called with it, or cancel it. Any thread may use it;
 * what it answers it answers again. In a child after fork() one that the parent began is of no use: begin another.
 */
typedef struct kmsak_pending kmsak_pending;

/**
 * Hands out managed AccessKeys and other secrets, and keeps them current. Any thread may use it, and so may a child after
 * fork(): every function below that takes a provider is thread-safe, but for kmsak_provider_free.
 */
typedef struct kmsak_provider kmsak_provider;

/**
 * One version of a secret as KMS answered it. Immutable, so any thread may read it. It stays as it is, and readable, when
 * the secret rotates and when the provider is closed or freed.
 */
typedef struct kmsak_secret kmsak_secret;

/**
 * One cached secret.
 */
typedef struct kmsak_secret_stats kmsak_secret_stats;

/**
 * A provider's state at one moment, without secrets. Immutable, so any thread may read it.
 */
typedef struct kmsak_stats kmsak_stats;

/**
 * Keeps a callback subscribed until it is freed.
 */
typedef struct kmsak_subscription kmsak_subscription;

/**
 * Gets a log line: its level (a kmsak_log_level), and its text in UTF-8, without a line end, which lives until the callback
 * returns. Called from any thread, also from several at a time. It must not block. It may call kmsak: what would have to ask
 * KMS answers KMSAK_INVALID_ARGUMENT there and asks nothing, and lines that these calls log, kmsak_log among them, are dropped.
 * It must not let an exception out, nor longjmp. kmsak's own threads block all signals, and a thread or process that the callback
 * starts there inherits that.
 */
typedef void (*kmsak_log_callback)(int32_t level, const char *message, void *user_data);

/**
 * Ends the life of a callback's user data: called exactly once, on any thread, when no further call of the callback will
 * come. May be NULL where there is nothing to end. A child after fork() has its own copy of the user data, for which it is called
 * at most once: never, where a thread that the child does not have was about to use it.
 */
typedef void (*kmsak_destructor)(void *user_data);

/**
 * Gets an answer that is here, or was cancelled: kmsak_pending_credentials and kmsak_pending_secret do not wait in it.
 * `pending` lives until the callback returns, whoever frees it. It may take its time and may call any kmsak function. It must
 * not let an exception out, nor longjmp. On a thread of kmsak's all signals are blocked, and a thread or process that the
 * callback starts there inherits that.
 */
typedef void (*kmsak_pending_callback)(const kmsak_pending *pending, void *user_data);

/**
 * Gets an event, which lives until the callback returns. Called from other threads, one call at a time for each
 * subscription. It may take its time and may call any kmsak function, also free its own subscription or provider. It must not
 * let an exception out, nor longjmp. Its thread blocks all signals, and a thread or process that it starts inherits that:
 * unblock there what is to be heard (pthread_sigmask, posix_spawnattr_setsigmask).
 */
typedef void (*kmsak_event_callback)(const kmsak_event *event, void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * A configuration without any settings.
 *
 * Yours to free with kmsak_config_free. Thread-safe.
 */
kmsak_config *kmsak_config_new(void);

/**
 * Frees a configuration, and wipes what was secret in it. NULL is allowed. No other thread may use it at that time, or
 * later.
 */
void kmsak_config_free(kmsak_config *config);

/**
 * Any setting as the text that would stand in a properties file (both UTF-8). An unknown name is an error when the
 * provider is opened. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_property(kmsak_config *config,
                                   const char *name,
                                   const char *value);

/**
 * Settings as the `length` bytes of a properties file. `base_folder` (UTF-8) is the second place, after the working
 * directory, for relative paths in it; NULL for none. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_properties_text(kmsak_config *config,
                                          const void *text,
                                          size_t length,
                                          const char *base_folder);

/**
 * Reads the environment variables that have the names of the properties, when the provider is opened. Fails as
 * kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_environment(kmsak_config *config);

/**
 * Looks in the usual places when the provider is opened: the environment, and the file that `KMSAK_CONFIG` names, or else
 * `managed_credentials_providers.properties` in the working directory if there is one. Fails as kmsak_config says.
 * Thread-safe.
 */
kmsak_status kmsak_config_usual_places(kmsak_config *config);

/**
 * Adds a gateway; the order is the order of preference. The gateway is copied and stays yours. Fails as kmsak_config
 * says. Thread-safe.
 */
kmsak_status kmsak_config_gateway(kmsak_config *config,
                                  const kmsak_gateway *gateway);

/**
 * Reads a properties file (UTF-8 path) when the provider is opened. Relative paths in it are looked for in the working
 * directory and then in the file's own folder. Of several files the one named last wins. Fails as kmsak_config says.
 * Thread-safe.
 */
kmsak_status kmsak_config_properties_file(kmsak_config *config,
                                          const char *path);

/**
 * The ClientKey file, `clientKey_****.json` (UTF-8 path), of every gateway that has none of its own. Fails as
 * kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_client_key_file(kmsak_config *config,
                                          const char *path);

/**
 * The content of the ClientKey file: `length` bytes, copied into protected memory. Fails as kmsak_config says.
 * Thread-safe.
 */
kmsak_status kmsak_config_client_key(kmsak_config *config,
                                     const void *json,
                                     size_t length);

/**
 * The file with the ClientKey's password (UTF-8 path). Blanks and line ends around it do not count. Fails as kmsak_config
 * says. Thread-safe.
 */
kmsak_status kmsak_config_client_key_password_file(kmsak_config *config,
                                                   const char *path);

/**
 * The name of the environment variable with the ClientKey's password (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_client_key_password_env(kmsak_config *config,
                                                  const char *client_key_password_env);

/**
 * The ClientKey's password: `length` bytes, copied into protected memory. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_client_key_password(kmsak_config *config,
                                              const void *password,
                                              size_t length);

/**
 * The `count` secrets (UTF-8) to fetch at start, side by side. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_secret_names(kmsak_config *config,
                                       const char *const *names,
                                       size_t count);

/**
 * How often, in milliseconds, a secret without a rotation date in sight is fetched again: 6 h by default. Fails as
 * kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_rotation_interval_ms(kmsak_config *config,
                                               uint64_t milliseconds);

/**
 * How many milliseconds after its rotation date a secret is fetched: 5 min by default. Fails as kmsak_config says.
 * Thread-safe.
 */
kmsak_status kmsak_config_delay_interval_ms(kmsak_config *config,
                                            uint64_t milliseconds);

/**
 * The most, in milliseconds, that is added to each refresh at random: 30 min by default. Fails as kmsak_config says.
 * Thread-safe.
 */
kmsak_status kmsak_config_jitter_interval_ms(kmsak_config *config,
                                             uint64_t milliseconds);

/**
 * How many processes share the account's quota of KMS; the secret's `CustomData` may say it instead. Fails as
 * kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_fleet_size(kmsak_config *config,
                                     uint32_t processes);

/**
 * How many milliseconds a connection may take to be made: 3 s by default. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_connect_timeout_ms(kmsak_config *config,
                                             uint64_t milliseconds);

/**
 * How many milliseconds the answer may take once the request is sent: 10 s by default. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_read_timeout_ms(kmsak_config *config,
                                          uint64_t milliseconds);

/**
 * Has no effect: it is for plain HTTP, which KMS does not speak. Checked all the same, as the official clients'
 * configuration has it (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_http_proxy(kmsak_config *config,
                                     const char *http_proxy);

/**
 * The proxy to reach KMS through, `http://[user:password@]host:port` (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_https_proxy(kmsak_config *config,
                                      const char *https_proxy);

/**
 * Hosts, domains and networks, separated by commas, that are reached without a proxy (UTF-8). Fails as kmsak_config
 * says. Thread-safe.
 */
kmsak_status kmsak_config_no_proxy(kmsak_config *config,
                                   const char *no_proxy);

/**
 * How many milliseconds a call may wait for a fetch with all its retries: 20 s by default. Fails as kmsak_config says.
 * Thread-safe.
 */
kmsak_status kmsak_config_fetch_deadline_ms(kmsak_config *config,
                                            uint64_t milliseconds);

/**
 * How many milliseconds a renewal goes on asking while KMS still answers with the rejected AccessKey: 15 s by default.
 * Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_renew_deadline_ms(kmsak_config *config,
                                            uint64_t milliseconds);

/**
 * How many renewals in a row a secret is given: 5 by default. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_renew_tokens(kmsak_config *config,
                                       uint32_t tokens);

/**
 * After how many milliseconds a secret is given one renewal more: 10 min by default. Fails as kmsak_config says.
 * Thread-safe.
 */
kmsak_status kmsak_config_renew_refill_interval_ms(kmsak_config *config,
                                                   uint64_t milliseconds);

/**
 * The `count` codes (UTF-8) by which a cloud service says that it does not know an AccessKey, instead of those of
 * kmsak_is_rejection; `Code:words` counts only where the message has the words. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_rejection_codes(kmsak_config *config,
                                          const char *const *codes,
                                          size_t count);

/**
 * The age in milliseconds from which a cached value is no longer handed out while KMS cannot be reached. Off by
 * default: stale is better than nothing. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_max_stale_ms(kmsak_config *config,
                                       uint64_t milliseconds);

/**
 * The encrypted file (UTF-8 path) in which secrets survive a restart. Off by default. Fails as kmsak_config says.
 * Thread-safe.
 */
kmsak_status kmsak_config_cache_file(kmsak_config *config,
                                     const char *path);

/**
 * The AccessKey's id, such as `LTAI...`. Not secret. NULL for NULL.
 *
 * Belongs to the credentials and lives as long as they. Thread-safe.
 */
const char *kmsak_credentials_access_key_id(const kmsak_credentials *credentials);

/**
 * The AccessKey's secret, in memory that is kept out of core dumps and wiped at the end: a copy is yours to wipe. NULL
 * for NULL.
 *
 * Belongs to the credentials and lives as long as they. Thread-safe.
 */
const char *kmsak_credentials_access_key_secret(const kmsak_credentials *credentials);

/**
 * The id of the secret's version that holds this AccessKey. NULL for NULL.
 *
 * Belongs to the credentials and lives as long as they. Thread-safe.
 */
const char *kmsak_credentials_version_id(const kmsak_credentials *credentials);

/**
 * When the AccessKey was made, as KMS wrote it; NULL where KMS did not say.
 *
 * Belongs to the credentials and lives as long as they. Thread-safe.
 */
const char *kmsak_credentials_generate_timestamp(const kmsak_credentials *credentials);

/**
 * When the AccessKey expires, as KMS wrote it; NULL where KMS did not say. Only older secrets have it.
 *
 * Belongs to the credentials and lives as long as they. Thread-safe.
 */
const char *kmsak_credentials_expire_timestamp(const kmsak_credentials *credentials);

/**
 * How often the secret asks to be fetched again, in milliseconds; -1 where it does not say. Only older secrets have it.
 * Thread-safe.
 */
int64_t kmsak_credentials_refresh_interval_ms(const kmsak_credentials *credentials);

/**
 * When the next rotation is due, in seconds since 1970-01-01 UTC; -1 where the secret does not say. Only older secrets have it.
 * Thread-safe.
 */
int64_t kmsak_credentials_schedule_rotate_timestamp_unix(const kmsak_credentials *credentials);

/**
 * The secret that holds this AccessKey, with its stages and rotation dates. NULL for NULL.
 *
 * Yours to free with kmsak_secret_free. Thread-safe.
 */
kmsak_secret *kmsak_credentials_secret(const kmsak_credentials *credentials);

/**
 * Another handle of the same AccessKey, as cheap as counting. NULL for NULL.
 *
 * Yours to free with kmsak_credentials_free. Thread-safe.
 */
kmsak_credentials *kmsak_credentials_clone(const kmsak_credentials *credentials);

/**
 * Frees credentials; the memory is wiped when no handle and no cache has them any more. NULL is allowed. No other thread
 * may use this handle at that time, or later.
 */
void kmsak_credentials_free(kmsak_credentials *credentials);

/**
 * The status that came with the error; KMSAK_OK for NULL. Thread-safe.
 */
kmsak_status kmsak_error_status(const kmsak_error *error);

/**
 * The name of the status, such as `not_found`; `ok` for NULL.
 *
 * A string that lives as long as the program. Thread-safe.
 */
const char *kmsak_error_kind(const kmsak_error *error);

/**
 * KMS's own error code, such as `Forbidden.NoPermission`; NULL where KMS did not answer.
 *
 * Belongs to the error and lives as long as it. Thread-safe.
 */
const char *kmsak_error_code(const kmsak_error *error);

/**
 * The id under which KMS logged the request; NULL where KMS did not answer.
 *
 * Belongs to the error and lives as long as it. Thread-safe.
 */
const char *kmsak_error_request_id(const kmsak_error *error);

/**
 * Whether the same call may succeed later with nothing changed; false for NULL. Thread-safe.
 */
bool kmsak_error_retryable(const kmsak_error *error);

/**
 * The HTTP status of KMS's answer; 0 where KMS did not answer. Thread-safe.
 */
int32_t kmsak_error_http_status(const kmsak_error *error);

/**
 * One sentence in UTF-8 that says what happened and what to do; empty for NULL, never NULL.
 *
 * Belongs to the error and lives as long as it. Thread-safe.
 */
const char *kmsak_error_message(const kmsak_error *error);

/**
 * What the system or a library said that is the cause of this failure, such as `Connection refused (os error 111)`; NULL where
 * kmsak or KMS itself found the fault.
 *
 * Belongs to the error and lives as long as it. Thread-safe.
 */
const char *kmsak_error_cause(const kmsak_error *error);

/**
 * The operating system's number (errno) for the cause, such as ECONNREFUSED; 0 where there is none. Thread-safe.
 */
int32_t kmsak_error_os_code(const kmsak_error *error);

/**
 * Frees an error. NULL is allowed. No other thread may use it at that time, or later.
 */
void kmsak_error_free(kmsak_error *error);

/**
 * What sort of event it is; KMSAK_EVENT_OTHER for NULL. Thread-safe.
 */
kmsak_event_kind kmsak_event_get_kind(const kmsak_event *event);

/**
 * The event's stable name, such as `rotated`. NULL for NULL.
 *
 * Belongs to the event and lives as long as it. Thread-safe.
 */
const char *kmsak_event_name(const kmsak_event *event);

/**
 * The secret's name; NULL where the event has none.
 *
 * Belongs to the event and lives as long as it. Thread-safe.
 */
const char *kmsak_event_secret(const kmsak_event *event);

/**
 * The version now in the cache; NULL where the event has none.
 *
 * Belongs to the event and lives as long as it. Thread-safe.
 */
const char *kmsak_event_version_id(const kmsak_event *event);

/**
 * The AccessKey id that was in use; NULL where the event has none.
 *
 * Belongs to the event and lives as long as it. Thread-safe.
 */
const char *kmsak_event_old_access_key_id(const kmsak_event *event);

/**
 * The AccessKey id in use from now on; NULL where the event has none.
 *
 * Belongs to the event and lives as long as it. Thread-safe.
 */
const char *kmsak_event_new_access_key_id(const kmsak_event *event);

/**
 * The endpoint's host and port; NULL where the event has none.
 *
 * Belongs to the event and lives as long as it. Thread-safe.
 */
const char *kmsak_event_endpoint(const kmsak_event *event);

/**
 * The ClientKey's id; NULL where the event has none.
 *
 * Belongs to the event and lives as long as it. Thread-safe.
 */
const char *kmsak_event_key_id(const kmsak_event *event);

/**
 * The id of the ClientKey that was in use; NULL where the event has none.
 *
 * Belongs to the event and lives as long as it. Thread-safe.
 */
const char *kmsak_event_old_key_id(const kmsak_event *event);

/**
 * The id of the ClientKey in use from now on; NULL where the event has none.
 *
 * Belongs to the event and lives as long as it. Thread-safe.
 */
const char *kmsak_event_new_key_id(const kmsak_event *event);

/**
 * The failure that the event tells of; NULL where the event has none.
 *
 * Belongs to the event and lives as long as it: do not free it. Thread-safe.
 */
const kmsak_error *kmsak_event_error(const kmsak_event *event);

/**
 * How long ago the cached value was fetched, in milliseconds; 0 when nothing is cached, -1 where the event does not say.
 * Thread-safe.
 */
int64_t kmsak_event_stale_for_ms(const kmsak_event *event);

/**
 * The milliseconds until it is tried again without anybody asking; -1 where the event does not say, or nothing is
 * cached.
 * Thread-safe.
 */
int64_t kmsak_event_next_try_in_ms(const kmsak_event *event);

/**
 * How long ago the value was fetched from KMS, in milliseconds; -1 where the event does not say.
 * Thread-safe.
 */
int64_t kmsak_event_age_ms(const kmsak_event *event);

/**
 * The end of the ClientKey's validity, in seconds since 1970-01-01 UTC; -1 where the event does not say.
 * Thread-safe.
 */
int64_t kmsak_event_not_after_unix(const kmsak_event *event);

/**
 * The whole days until the ClientKey expires; -1 where the event does not say.
 * Thread-safe.
 */
int64_t kmsak_event_days_left(const kmsak_event *event);

/**
 * Who asks KMS, by kind and name, such as `ecs_ram_role app`; NULL where the event does not say.
 *
 * Belongs to the event and lives as long as it. Thread-safe.
 */
const char *kmsak_event_identity(const kmsak_event *event);

/**
 * The AccessKey id with which KMS is asked from now on; NULL where the event has none.
 *
 * Belongs to the event and lives as long as it. Thread-safe.
 */
const char *kmsak_event_access_key_id(const kmsak_event *event);

/**
 * When the AccessKey that asks KMS ends, in seconds since 1970-01-01 UTC; -1 where it does not, or the event does not say.
 * Thread-safe.
 */
int64_t kmsak_event_expires_unix(const kmsak_event *event);

/**
 * Nothing to hand out yet.
 *
 * Yours to free with kmsak_fixed_free. Thread-safe.
 */
kmsak_fixed *kmsak_fixed_new(void);

/**
 * The next version of the managed RAM secret `name`: this AccessKey (all UTF-8). Fails as kmsak_fixed says. Thread-safe.
 */
kmsak_status kmsak_fixed_access_key(kmsak_fixed *fixed,
                                    const char *name,
                                    const char *access_key_id,
                                    const char *access_key_secret);

/**
 * The next version of the generic secret `name` (UTF-8): these `length` bytes. Fails as kmsak_fixed says. Thread-safe.
 */
kmsak_status kmsak_fixed_secret(kmsak_fixed *fixed,
                                const char *name,
                                const void *value,
                                size_t length);

/**
 * Opens a provider that hands out what was collected, from the start. It reads no file and no environment variable.
 *
 * `*provider` is yours to free with kmsak_provider_free, `*error` with kmsak_error_free; `fixed` stays yours, and can open others.
 * Answers KMSAK_CONFIGURATION for a name that no secret can have and an AccessKey that is none, and KMSAK_INVALID_ARGUMENT when a
 * call that added something failed. Thread-safe.
 */
kmsak_status kmsak_fixed_open(const kmsak_fixed *fixed,
                              kmsak_provider **provider,
                              kmsak_error **error);

/**
 * Frees what was collected; a provider that was opened with it stays. NULL is allowed. No other thread may use it at that time,
 * or later.
 */
void kmsak_fixed_free(kmsak_fixed *fixed);

/**
 * The gateway of a KMS instance, reached inside its VPC.
 *
 * Yours to free with kmsak_gateway_free. Thread-safe.
 */
kmsak_gateway *kmsak_gateway_instance(void);

/**
 * The shared gateway of a region such as `cn-hangzhou` (UTF-8), reached over the Internet unless kmsak_gateway_vpc or
 * kmsak_gateway_endpoint say otherwise. With a region that is NULL or not UTF-8, opening the provider fails.
 *
 * Yours to free with kmsak_gateway_free. Thread-safe.
 */
kmsak_gateway *kmsak_gateway_shared(const char *region_id);

/**
 * Frees a gateway; a configuration that was given it keeps a copy. NULL is allowed. No other thread may use it at that
 * time, or later.
 */
void kmsak_gateway_free(kmsak_gateway *gateway);

/**
 * The region id, such as `cn-hangzhou` (UTF-8). Fails as kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_region_id(kmsak_gateway *gateway, const char *region_id);

/**
 * `host` or `host:port` (UTF-8). Fails as kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_endpoint(kmsak_gateway *gateway, const char *endpoint);

/**
 * Whether to reach the shared gateway from inside a VPC, at `kms-vpc.<region>.aliyuncs.com`. Fails as kmsak_gateway
 * says. Thread-safe.
 */
kmsak_status kmsak_gateway_vpc(kmsak_gateway *gateway,
                               bool vpc);

/**
 * Who asks this gateway, as kmsak_config_credentials_type has it for all (UTF-8). Fails as kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_credentials_type(kmsak_gateway *gateway,
                                            const char *credentials_type);

/**
 * This gateway's own ClientKey file (UTF-8). Fails as kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_client_key_file(kmsak_gateway *gateway, const char *path);

/**
 * The content of this gateway's own ClientKey file: `length` bytes, copied into protected memory. Fails as
 * kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_client_key(kmsak_gateway *gateway,
                                      const void *json,
                                      size_t length);

/**
 * The file with the password of this gateway's ClientKey (UTF-8). Fails as kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_client_key_password_file(kmsak_gateway *gateway,
                                                    const char *path);

/**
 * The name of the environment variable with the password of this gateway's ClientKey (UTF-8). Fails as kmsak_gateway
 * says. Thread-safe.
 */
kmsak_status kmsak_gateway_client_key_password_env(kmsak_gateway *gateway,
                                                   const char *client_key_password_env);

/**
 * The password of this gateway's ClientKey: `length` bytes, copied into protected memory. Fails as kmsak_gateway says.
 * Thread-safe.
 */
kmsak_status kmsak_gateway_client_key_password(kmsak_gateway *gateway,
                                               const void *password,
                                               size_t length);

/**
 * A file of PEM certificates to trust instead of the public CAs (UTF-8). Fails as kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_ca_file(kmsak_gateway *gateway,
                                   const char *path);

/**
 * PEM certificates to trust instead of the public CAs: `length` bytes. Fails as kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_ca(kmsak_gateway *gateway,
                              const void *pem,
                              size_t length);

/**
 * `true` switches verification of the peer off: whoever answers at the endpoint's address is believed. Warned about at
 * each start. Fails as kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_ignore_ssl_certs(kmsak_gateway *gateway,
                                            bool ignore_ssl_certs);

/**
 * How many milliseconds a connection may take to be made, up to 10 min. Fails as kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_connect_timeout_ms(kmsak_gateway *gateway,
                                              uint64_t milliseconds);

/**
 * How many milliseconds the answer may take once the request is sent, up to 10 min. Fails as kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_read_timeout_ms(kmsak_gateway *gateway,
                                           uint64_t milliseconds);

/**
 * Has no effect: it is for plain HTTP, which KMS does not speak. Checked all the same, as the official clients'
 * configuration has it (UTF-8). Fails as kmsak_gateway says. Thread-safe.
 */
kmsak_status kmsak_gateway_http_proxy(kmsak_gateway *gateway,
                                      const char *http_proxy);

/**
 * The proxy to reach KMS through, `http://[user:password@]host:port` (UTF-8). Fails as kmsak_gateway says.
 * Thread-safe.
 */
kmsak_status kmsak_gateway_https_proxy(kmsak_gateway *gateway,
                                       const char *https_proxy);

/**
 * Hosts, domains and networks, separated by commas, that are reached without a proxy (UTF-8). Fails as kmsak_gateway
 * says. Thread-safe.
 */
kmsak_status kmsak_gateway_no_proxy(kmsak_gateway *gateway,
                                    const char *no_proxy);

/**
 * Who asks the gateways that have no ClientKey of their own: `client_key`, or in its place `ak`, `sts`, `ram_role`,
 * `ecs_ram_role`, `oidc_role_arn` or `default`, the chain of the official SDKs (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_credentials_type(kmsak_config *config,
                                           const char *credentials_type);

/**
 * The id of the AccessKey that asks (`ak`, `sts`), or that assumes the role (`ram_role`; UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_access_key_id(kmsak_config *config,
                                        const char *access_key_id);

/**
 * The secret of that AccessKey: `length` bytes, copied into protected memory. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_access_key_secret(kmsak_config *config,
                                            const void *secret,
                                            size_t length);

/**
 * The security token that belongs to the AccessKey, for `sts`: `length` bytes, copied into protected memory. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_security_token(kmsak_config *config,
                                         const void *token,
                                         size_t length);

/**
 * The name of the ECS instance's RAM role, for `ecs_ram_role`; the metadata service names it where this does not (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_role_name(kmsak_config *config,
                                    const char *role_name);

/**
 * The ARN of the role to assume, for `ram_role` and `oidc_role_arn` (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_role_arn(kmsak_config *config,
                                   const char *role_arn);

/**
 * What the role's session is called in the audit trail, for `ram_role` and `oidc_role_arn` (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_role_session_name(kmsak_config *config,
                                            const char *role_session_name);

/**
 * How many milliseconds an assumed role's token lasts: an hour unless told, in whole seconds from 15 min to 12 h. Fails as
 * kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_role_session_duration_ms(kmsak_config *config,
                                                   uint64_t milliseconds);

/**
 * A RAM policy, as JSON, that narrows what an assumed role may do (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_role_policy(kmsak_config *config,
                                      const char *role_policy);

/**
 * The external id that the role's trust policy asks for, for `ram_role` (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_role_external_id(kmsak_config *config,
                                           const char *role_external_id);

/**
 * Who assumes the role, for `ram_role`: `ak` unless told, `ecs_ram_role`, `oidc_role_arn` or `default` (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_role_source_type(kmsak_config *config,
                                           const char *role_source_type);

/**
 * The ARN of the OIDC identity provider, for `oidc_role_arn`; that of the environment where this names none (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_oidc_provider_arn(kmsak_config *config,
                                            const char *oidc_provider_arn);

/**
 * The file with the OIDC token, which is read anew each time, for `oidc_role_arn`; that of the environment where this names
 * none (UTF-8 path). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_oidc_token_file(kmsak_config *config,
                                          const char *path);

/**
 * Where an ECS instance asks for its role: `http://100.100.100.200` unless told (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_ecs_metadata_endpoint(kmsak_config *config,
                                                const char *ecs_metadata_endpoint);

/**
 * The region whose STS is asked for a role (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_sts_region_id(kmsak_config *config, const char *sts_region_id);

/**
 * The STS to ask for a role, `host` or `host:port`; it wins over the region (UTF-8). Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_sts_endpoint(kmsak_config *config,
                                       const char *sts_endpoint);

/**
 * A file of PEM certificates (UTF-8 path) to trust instead of the public CAs where STS is asked. Fails as kmsak_config says. Thread-safe.
 */
kmsak_status kmsak_config_sts_ca_file(kmsak_config *config,
                                      const char *path);

/**
 * Hands every log line of the process that matters at least as much as `level` (a kmsak_log_level) to `callback`, until the
 * next call of this function. No line holds a secret. A NULL callback ends it.
 *
 * `user_data` is given to each call, and from this call on kmsak's: `destructor` is called with it, exactly once, when no
 * further call will come (at once for a NULL callback). Thread-safe.
 */
void kmsak_set_log_callback(int32_t level,
                            kmsak_log_callback callback,
                            void *user_data,
                            kmsak_destructor destructor);

/**
 * Sends a line of your own the way that kmsak's go, so that what belongs together stays together; C++ wrappers tell of
 * exceptions in callbacks with it. `message` is UTF-8; NULL is ignored. Thread-safe.
 */
void kmsak_log(int32_t level,
               const char *message);

/**
 * Waits for the AccessKey that was asked for with kmsak_provider_begin_credentials or kmsak_provider_begin_renew.
 *
 * `*credentials` are yours to free with kmsak_credentials_free, `*error` with kmsak_error_free. Fails as the call that was
 * begun; with KMSAK_NETWORK when its timeout has passed, with KMSAK_CANCELLED when it was cancelled, and with
 * KMSAK_INVALID_ARGUMENT for NULL, and where another secret than an AccessKey was asked for. Thread-safe.
 */
kmsak_status kmsak_pending_credentials(const kmsak_pending *pending,
                                       kmsak_credentials **credentials,
                                       kmsak_error **error);

/**
 * Waits for the secret that was asked for, whichever function began the call; of an AccessKey it is the one that holds it.
 *
 * `*secret` is yours to free with kmsak_secret_free, `*error` with kmsak_error_free. Fails as kmsak_pending_credentials does.
 * Thread-safe.
 */
kmsak_status kmsak_pending_secret(const kmsak_pending *pending,
                                  kmsak_secret **secret,
                                  kmsak_error **error);

/**
 * Whether the answer is here, be it a failure: whoever asks for it then does not wait. False for NULL. Thread-safe.
 */
bool kmsak_pending_is_done(const kmsak_pending *pending);

/**
 * Has `callback` called with the answer, exactly once, also when that is a failure or the call is cancelled, and also when
 * `pending` is freed before: at once, on this thread, if the answer is here already; on the thread that cancels or closes the
 * provider; else on another thread of kmsak's. `user_data` is given to it and stays yours. Several may wait for one answer.
 *
 * Answers KMSAK_INVALID_ARGUMENT, and calls nothing, when a pointer is NULL, and in a child for what its parent began.
 * Thread-safe.
 */
kmsak_status kmsak_pending_then(const kmsak_pending *pending,
                                kmsak_pending_callback callback,
                                void *user_data);

/**
 * Gives up waiting: whoever waits is answered KMSAK_CANCELLED, and callbacks are called here, unless the answer came first. The
 * fetch goes on, for whoever else waits for it and for the cache. Again, or NULL, does nothing. Thread-safe.
 */
void kmsak_pending_cancel(const kmsak_pending *pending);

/**
 * Frees an answer, or lets go of one that is on its way: a callback that waits for it is called all the same. NULL is allowed.
 * No other thread may use this handle at that time, or later.
 */
void kmsak_pending_free(kmsak_pending *pending);

/**
 * Opens a provider as the properties file at `path` (UTF-8) says; docs/configuration.md lists its keys. An environment
 * variable of the same setting wins over a line of the file. Secrets named in `secret_names` begin to be fetched; nobody waits
 * for them here.
 *
 * `*provider` is yours to free with kmsak_provider_free, `*error` with kmsak_error_free. Answers KMSAK_CONFIGURATION or
 * KMSAK_CLIENT_KEY, with what to mend, or KMSAK_TLS when TLS cannot be set up. KMSAK_INVALID_ARGUMENT for NULL or a path that is not UTF-8. Thread-safe.
 */
kmsak_status kmsak_provider_from_file(const char *path,
                                      kmsak_provider **provider,
                                      kmsak_error **error);

/**
 * Opens a provider as the usual places say: environment variables named like the properties, and the file that
 * `KMSAK_CONFIG` names, or else `managed_credentials_providers.properties` in the working directory, if there is one.
 * Where both say something the variable wins.
 *
 * `*provider` is yours to free with kmsak_provider_free, `*error` with kmsak_error_free. Answers KMSAK_CONFIGURATION or
 * KMSAK_CLIENT_KEY, with what to mend, or KMSAK_TLS when TLS cannot be set up. Thread-safe.
 */
kmsak_status kmsak_provider_from_env(kmsak_provider **provider,
                                     kmsak_error **error);

/**
 * Opens a provider with `config`. The configuration is used up, whatever the outcome, but still yours to free.
 *
 * `*provider` is yours to free with kmsak_provider_free, `*error` with kmsak_error_free. Answers KMSAK_CONFIGURATION or
 * KMSAK_CLIENT_KEY, with what to mend, or KMSAK_TLS when TLS cannot be set up. KMSAK_INVALID_ARGUMENT when a call that built the configuration failed or
 * the configuration is used up. Thread-safe.
 */
kmsak_status kmsak_provider_open(kmsak_config *config,
                                 kmsak_provider **provider,
                                 kmsak_error **error);

/**
 * How many things were odd about the configuration, or a ClientKey's validity, when the provider was opened; 0 for NULL. All of
 * them were logged then. Thread-safe.
 */
size_t kmsak_provider_start_warning_count(const kmsak_provider *provider);

/**
 * Number `index`, from 0, of these: a sentence without secrets; NULL when there are fewer.
 *
 * Belongs to the provider and lives as long as it. Thread-safe.
 */
const char *kmsak_provider_start_warning(const kmsak_provider *provider, size_t index);

/**
 * The AccessKey in the managed RAM secret `name` (UTF-8). From the cache, without waiting, locking or allocating, if it was
 * fetched before; else the call waits for KMS, for `fetch_deadline` (20 s unless configured) at most.
 *
 * `*credentials` are yours to free with kmsak_credentials_free, `*error` with kmsak_error_free. Fails only as long as the
 * secret was never fetched (or with `max_stale` set): with any status; KMSAK_CONFIGURATION when the secret holds no
 * AccessKey. Thread-safe.
 */
kmsak_status kmsak_provider_credentials(const kmsak_provider *provider,
                                        const char *name,
                                        kmsak_credentials **credentials,
                                        kmsak_error **error);

/**
 * The AccessKey in `name` (UTF-8) if it is cached, else NULL: never waits, never fetches, never fails.
 *
 * Yours to free with kmsak_credentials_free. Thread-safe.
 */
kmsak_credentials *kmsak_provider_cached_credentials(const kmsak_provider *provider,
                                                     const char *name);

/**
 * The secret `name` (UTF-8) of any type, from the cache if it was fetched before.
 *
 * `*secret` is yours to free with kmsak_secret_free, `*error` with kmsak_error_free. Fails as kmsak_provider_credentials
 * does, but for the type. Thread-safe.
 */
kmsak_status kmsak_provider_secret(const kmsak_provider *provider,
                                   const char *name,
                                   kmsak_secret **secret,
                                   kmsak_error **error);

/**
 * The secret `name` (UTF-8) of any type if it is cached, else NULL: never waits, never fetches, never fails.
 *
 * Yours to free with kmsak_secret_free. Thread-safe.
 */
kmsak_secret *kmsak_provider_cached_secret(const kmsak_provider *provider,
                                           const char *name);

/**
 * The version of the secret `name` with the stage `version_stage`, such as `ACSPrevious` (both UTF-8): asked of KMS each
 * time, never cached.
 *
 * `*secret` is yours to free with kmsak_secret_free, `*error` with kmsak_error_free. Fails with any status. Thread-safe.
 */
kmsak_status kmsak_provider_secret_at_stage(const kmsak_provider *provider,
                                            const char *name,
                                            const char *version_stage,
                                            kmsak_secret **secret,
                                            kmsak_error **error);

/**
 * An AccessKey other than `rejected_id`, which a cloud service has just refused (kmsak_provider_is_rejection says whether
 * it has). When the cache holds another one already, it is answered at once; else KMS is asked, once however many threads
 * call. Run the refused call once more with what this answers; when it fails, the service's own error stands.
 *
 * `*credentials` are yours to free with kmsak_credentials_free, `*error` with kmsak_error_free. Fails with any status when
 * KMS has no other AccessKey, or cannot be reached, within `renew_deadline` (15 s unless configured), and with
 * KMSAK_THROTTLED when the secret's renewals are used up for now. Thread-safe.
 */
kmsak_status kmsak_provider_renew(const kmsak_provider *provider,
                                  const char *name,
                                  const char *rejected_id,
                                  kmsak_credentials **credentials,
                                  kmsak_error **error);

/**
 * Fetches the secret `name` (UTF-8) from KMS now, whatever the cache holds, and caches it.
 *
 * `*secret` is yours to free with kmsak_secret_free, `*error` with kmsak_error_free. Fails with any status; a cached value
 * stays in use then. Thread-safe.
 */
kmsak_status kmsak_provider_refresh(const kmsak_provider *provider,
                                    const char *name,
                                    kmsak_secret **secret,
                                    kmsak_error **error);

/**
 * Begins kmsak_provider_credentials and waits for nothing: the AccessKey comes out of kmsak_pending_credentials, at once where it
 * is cached. `timeout_ms` is how many milliseconds may pass until then (0: what is not cached is not waited for), -1 for no
 * limit but the configuration's; the fetch goes on when it has passed, for the cache. NULL and text that is not UTF-8 are told
 * there as well.
 *
 * Yours to free with kmsak_pending_free. Thread-safe.
 */
kmsak_pending *kmsak_provider_begin_credentials(const kmsak_provider *provider,
                                                const char *name,
                                                int64_t timeout_ms);

/**
 * Begins kmsak_provider_secret, as kmsak_provider_begin_credentials does, for kmsak_pending_secret.
 *
 * Yours to free with kmsak_pending_free. Thread-safe.
 */
kmsak_pending *kmsak_provider_begin_secret(const kmsak_provider *provider,
                                           const char *name,
                                           int64_t timeout_ms);

/**
 * Begins kmsak_provider_secret_at_stage, as kmsak_provider_begin_credentials does, for kmsak_pending_secret.
 *
 * Yours to free with kmsak_pending_free. Thread-safe.
 */
kmsak_pending *kmsak_provider_begin_secret_at_stage(const kmsak_provider *provider,
                                                    const char *name,
                                                    const char *version_stage,
                                                    int64_t timeout_ms);

/**
 * Begins kmsak_provider_renew, as kmsak_provider_begin_credentials does, for kmsak_pending_credentials.
 *
 * Yours to free with kmsak_pending_free. Thread-safe.
 */
kmsak_pending *kmsak_provider_begin_renew(const kmsak_provider *provider,
                                          const char *name,
                                          const char *rejected_id,
                                          int64_t timeout_ms);

/**
 * Begins kmsak_provider_refresh, as kmsak_provider_begin_credentials does, for kmsak_pending_secret.
 *
 * Yours to free with kmsak_pending_free. Thread-safe.
 */
kmsak_pending *kmsak_provider_begin_refresh(const kmsak_provider *provider,
                                            const char *name,
                                            int64_t timeout_ms);

/**
 * Whether a cloud service's error means that it does not know an AccessKey, by its `code`, its `message` (NULL where it has
 * none) and the provider's `rejection_codes`; false where the code is NULL. Thread-safe.
 */
bool kmsak_provider_is_rejection(const kmsak_provider *provider,
                                 const char *code,
                                 const char *message);

/**
 * Whether a cloud service's error means that it does not know an AccessKey, by its `code` and its `message` (NULL where it has
 * none): `InvalidAccessKeyId`, `InvalidAccessKeyId.NotFound`, `InvalidAccessKeyId.Inactive`, `Forbidden.AccessKey`,
 * `Forbidden.AccessKeyDisabled` and `ODPS-0410051`, and where the message speaks of an AccessKeyId `Unauthorized` and
 * `OTSAuthFailed`, in upper or lower case; false where the code is NULL. Thread-safe.
 */
bool kmsak_is_rejection(const char *code,
                        const char *message);

/**
 * What goes on inside, without secrets: a picture of this moment. NULL for NULL.
 *
 * Yours to free with kmsak_stats_free. Thread-safe.
 */
kmsak_stats *kmsak_provider_stats(const kmsak_provider *provider);

/**
 * Ends all refreshing and forgets every value. Whoever waits, and every later call, is answered KMSAK_CLOSED. Closing
 * again, or NULL, does nothing. Credentials and secrets that were handed out stay readable. Thread-safe.
 */
void kmsak_provider_close(const kmsak_provider *provider);

/**
 * Whether kmsak_provider_close was called; true for NULL. Thread-safe.
 */
bool kmsak_provider_is_closed(const kmsak_provider *provider);

/**
 * Closes and frees a provider; with the last one kmsak's thread ends. NULL is allowed. No other thread may use the provider
 * at that time, or later; callbacks may still run (see kmsak_provider_subscribe).
 */
void kmsak_provider_free(kmsak_provider *provider);

/**
 * The secret's name, such as `acs/ram/user/app`. NULL for NULL.
 *
 * Belongs to the secret and lives as long as it. Thread-safe.
 */
const char *kmsak_secret_name(const kmsak_secret *secret);

/**
 * The type as KMS writes it: `Generic`, `RamCredentials` (also written `RAMCredentials`), `Rds`, `Redis`, `PolarDB` or
 * `ECS`. NULL for NULL.
 *
 * Belongs to the secret and lives as long as it. Thread-safe.
 */
const char *kmsak_secret_type(const kmsak_secret *secret);

/**
 * The value: UTF-8 for text, already decoded from base64 for a binary one; its length in bytes goes to `*length`, which
 * may be NULL. The value lies in memory that is kept out of core dumps and wiped at the end: a copy is yours to wipe. A NUL
 * follows it that does not count, so that a text can be read as a C string. NULL, and length 0, for NULL.
 *
 * Belongs to the secret and lives as long as it. Thread-safe.
 */
const void *kmsak_secret_bytes(const kmsak_secret *secret,
                               size_t *length);

/**
 * Whether the value was stored as binary; false for NULL. Thread-safe.
 */
bool kmsak_secret_is_binary(const kmsak_secret *secret);

/**
 * The id of this version, unique within the secret. NULL for NULL.
 *
 * Belongs to the secret and lives as long as it. Thread-safe.
 */
const char *kmsak_secret_version_id(const kmsak_secret *secret);

/**
 * How many stages point to this version; 0 for NULL. Thread-safe.
 */
size_t kmsak_secret_version_stage_count(const kmsak_secret *secret);

/**
 * The stage number `index`, from 0, such as `ACSCurrent`; NULL when there are fewer.
 *
 * Belongs to the secret and lives as long as it. Thread-safe.
 */
const char *kmsak_secret_version_stage(const kmsak_secret *secret, size_t index);

/**
 * When this version was made, as KMS wrote it, mostly `YYYY-MM-DDThh:mm:ssZ`; NULL where KMS did not say.
 *
 * Belongs to the secret and lives as long as it. Thread-safe.
 */
const char *kmsak_secret_create_time(const kmsak_secret *secret);

/**
 * The id under which KMS logged the request that fetched this; empty where KMS sent none. NULL for NULL.
 *
 * Belongs to the secret and lives as long as it. Thread-safe.
 */
const char *kmsak_secret_request_id(const kmsak_secret *secret);

/**
 * When KMS last rotated the secret, in seconds since 1970-01-01 UTC; -1 if it never did. Thread-safe.
 */
int64_t kmsak_secret_last_rotation_date_unix(const kmsak_secret *secret);

/**
 * When KMS will next rotate the secret, in seconds since 1970-01-01 UTC; -1 if rotation is off. Thread-safe.
 */
int64_t kmsak_secret_next_rotation_date_unix(const kmsak_secret *secret);

/**
 * The time between two rotations in milliseconds; -1 if rotation is off. Thread-safe.
 */
int64_t kmsak_secret_rotation_interval_ms(const kmsak_secret *secret);

/**
 * Whether KMS rotates by itself, in its words: `Enabled`, `Disabled` or `Invalid` (it should, but cannot); NULL where KMS
 * did not say.
 *
 * Belongs to the secret and lives as long as it. Thread-safe.
 */
const char *kmsak_secret_automatic_rotation(const kmsak_secret *secret);

/**
 * What KMS knows beside the value, as JSON; NULL where KMS did not say.
 *
 * Belongs to the secret and lives as long as it. Thread-safe.
 */
const char *kmsak_secret_extended_config(const kmsak_secret *secret);

/**
 * Another handle of the same secret, as cheap as counting. NULL for NULL.
 *
 * Yours to free with kmsak_secret_free. Thread-safe.
 */
kmsak_secret *kmsak_secret_clone(const kmsak_secret *secret);

/**
 * Frees a secret; the memory is wiped when no handle and no cache has it any more. NULL is allowed. No other thread may
 * use this handle at that time, or later.
 */
void kmsak_secret_free(kmsak_secret *secret);

/**
 * How many secrets are kept current; 0 for NULL. Thread-safe.
 */
size_t kmsak_stats_secret_count(const kmsak_stats *stats);

/**
 * Number `index`, from 0, of these; NULL when there are fewer.
 *
 * Belongs to the statistics and lives as long as they: do not free it. Thread-safe.
 */
const kmsak_secret_stats *kmsak_stats_secret(const kmsak_stats *stats, size_t index);

/**
 * How many endpoints are configured; 0 for NULL. Thread-safe.
 */
size_t kmsak_stats_endpoint_count(const kmsak_stats *stats);

/**
 * Number `index`, from 0, of these; NULL when there are fewer.
 *
 * Belongs to the statistics and lives as long as they: do not free it. Thread-safe.
 */
const kmsak_endpoint_stats *kmsak_stats_endpoint(const kmsak_stats *stats, size_t index);

/**
 * How many ClientKeys are in use; 0 for NULL. Thread-safe.
 */
size_t kmsak_stats_client_key_count(const kmsak_stats *stats);

/**
 * Number `index`, from 0, of these; NULL when there are fewer.
 *
 * Belongs to the statistics and lives as long as they: do not free it. Thread-safe.
 */
const kmsak_client_key_stats *kmsak_stats_client_key(const kmsak_stats *stats, size_t index);

/**
 * How many there are who ask KMS: the ClientKeys again, and all others; 0 for NULL. Thread-safe.
 */
size_t kmsak_stats_identity_count(const kmsak_stats *stats);

/**
 * Number `index`, from 0, of these; NULL when there are fewer.
 *
 * Belongs to the statistics and lives as long as they: do not free it. Thread-safe.
 */
const kmsak_identity_info *kmsak_stats_identity(const kmsak_stats *stats, size_t index);

/**
 * KMS's clock less this machine's, in milliseconds, as learnt from KMS; 0 when KMS never complained, and for NULL.
 * Thread-safe.
 */
int64_t kmsak_stats_clock_skew_ms(const kmsak_stats *stats);

/**
 * The secret's name.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const char *kmsak_secret_stats_name(const kmsak_secret_stats *stats);

/**
 * The version in the cache; NULL when nothing is cached.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const char *kmsak_secret_stats_version_id(const kmsak_secret_stats *stats);

/**
 * The AccessKey id in the cache; NULL when nothing is cached, or no AccessKey.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const char *kmsak_secret_stats_access_key_id(const kmsak_secret_stats *stats);

/**
 * How long ago the cached value was fetched, in milliseconds; -1 when nothing is cached. Thread-safe.
 */
int64_t kmsak_secret_stats_age_ms(const kmsak_secret_stats *stats);

/**
 * How long ago the cached value was fetched, in milliseconds, if the latest refresh failed; 0 when it succeeded. Thread-safe.
 */
int64_t kmsak_secret_stats_stale_for_ms(const kmsak_secret_stats *stats);

/**
 * The milliseconds until the next scheduled refresh; -1 when none is. Thread-safe.
 */
int64_t kmsak_secret_stats_next_refresh_in_ms(const kmsak_secret_stats *stats);

/**
 * Successful fetches. Thread-safe.
 */
uint64_t kmsak_secret_stats_fetches(const kmsak_secret_stats *stats);

/**
 * Failed fetches. Thread-safe.
 */
uint64_t kmsak_secret_stats_failures(const kmsak_secret_stats *stats);

/**
 * Renewals after a rejected AccessKey that asked KMS. Thread-safe.
 */
uint64_t kmsak_secret_stats_renewals(const kmsak_secret_stats *stats);

/**
 * The latest failure, if the latest fetch failed, else NULL. Do not free it.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const kmsak_error *kmsak_secret_stats_last_error(const kmsak_secret_stats *stats);

/**
 * Host, and port where it is not 443.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const char *kmsak_endpoint_stats_endpoint(const kmsak_endpoint_stats *stats);

/**
 * Whether it is passed over at the moment. Thread-safe.
 */
bool kmsak_endpoint_stats_down(const kmsak_endpoint_stats *stats);

/**
 * The moving average of its answers' latency in microseconds; -1 when it never answered. Thread-safe.
 */
int64_t kmsak_endpoint_stats_latency_us(const kmsak_endpoint_stats *stats);

/**
 * Requests sent to it and ended. Thread-safe.
 */
uint64_t kmsak_endpoint_stats_requests(const kmsak_endpoint_stats *stats);

/**
 * Those that failed. Thread-safe.
 */
uint64_t kmsak_endpoint_stats_failures(const kmsak_endpoint_stats *stats);

/**
 * How many milliseconds it throttled this process the last time that somebody waited, or has until now; -1 when it never did.
 * Times KMS's quota it is about the size of the fleet. Thread-safe.
 */
int64_t kmsak_endpoint_stats_throttled_for_ms(const kmsak_endpoint_stats *stats);

/**
 * The ClientKey's id.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const char *kmsak_client_key_stats_key_id(const kmsak_client_key_stats *stats);

/**
 * The KMS instance that the certificate names; NULL when it names none.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const char *kmsak_client_key_stats_instance_id(const kmsak_client_key_stats *stats);

/**
 * The start of its validity in seconds since 1970-01-01 UTC. Thread-safe.
 */
int64_t kmsak_client_key_stats_not_before_unix(const kmsak_client_key_stats *stats);

/**
 * The end of its validity in seconds since 1970-01-01 UTC. Thread-safe.
 */
int64_t kmsak_client_key_stats_not_after_unix(const kmsak_client_key_stats *stats);

/**
 * The whole days until it expires; 0 once it has. Thread-safe.
 */
uint64_t kmsak_client_key_stats_days_left(const kmsak_client_key_stats *stats);

/**
 * As `credentials_type` calls it, such as `client_key` or `ecs_ram_role`.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const char *kmsak_identity_info_kind(const kmsak_identity_info *info);

/**
 * A ClientKey's or AccessKey's id, a role's name or ARN; empty where there is nothing to tell.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const char *kmsak_identity_info_name(const kmsak_identity_info *info);

/**
 * The AccessKey id that signs now; NULL where there is none yet, and for a ClientKey.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const char *kmsak_identity_info_access_key_id(const kmsak_identity_info *info);

/**
 * Where that AccessKey came from, as the official SDKs write it, such as `default/env`; NULL where there is none.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const char *kmsak_identity_info_origin(const kmsak_identity_info *info);

/**
 * When it ends, in seconds since 1970-01-01 UTC; -1 where it does not. Thread-safe.
 */
int64_t kmsak_identity_info_expires_unix(const kmsak_identity_info *info);

/**
 * Why no newer one could be had, if that is so, else NULL. Do not free it.
 *
 * Belongs to the statistics and lives as long as they. Thread-safe.
 */
const kmsak_error *kmsak_identity_info_last_error(const kmsak_identity_info *info);

/**
 * Frees statistics. NULL is allowed. No other thread may use them at that time, or later.
 */
void kmsak_stats_free(kmsak_stats *stats);

/**
 * The name of a status in lower case, such as `not_found`; `unknown` for a number that is none.
 *
 * A string that lives as long as the program. Thread-safe.
 */
const char *kmsak_status_name(int32_t status);

/**
 * Calls `callback` with everything that happens in the provider until `*subscription` is freed or the provider is. Of more
 * than 1024 events that wait for a slow callback the oldest are dropped.
 *
 * `user_data` is given to each call, and from this call on kmsak's, also when this call fails: `destructor` is called with
 * it, exactly once, when no further call will come. `*subscription` is yours to free with kmsak_subscription_free, before
 * or after the provider; `*error` with kmsak_error_free. Answers KMSAK_CLOSED when the provider is closed, and KMSAK_INVALID_ARGUMENT
 * when a pointer is NULL. Thread-safe.
 */
kmsak_status kmsak_provider_subscribe(const kmsak_provider *provider,
                                      kmsak_event_callback callback,
                                      void *user_data,
                                      kmsak_destructor destructor,
                                      kmsak_subscription **subscription,
                                      kmsak_error **error);

/**
 * Ends a subscription and waits for a call that runs at that moment, unless this is called inside it. The destructor of the user
 * data has been called when this returns, or will be when the call that this is inside of does; what the callback uses may then
 * go. Do not call it while you hold a lock that the callback takes. Again, or from several threads, it only waits; NULL does
 * nothing. The subscription is still yours to free. Thread-safe.
 */
void kmsak_subscription_end(const kmsak_subscription *subscription);

/**
 * Ends a subscription and frees it. A call that runs at that moment ends in its own time, no other begins; the destructor of
 * the user data says when all is over. NULL is allowed. Any thread may call this, once.
 */
void kmsak_subscription_free(kmsak_subscription *subscription);

/**
 * The version of the library at run time, such as `0.1.0`; KMSAK_VERSION is the header's.
 *
 * A string that lives as long as the program. Thread-safe.
 */
const char *kmsak_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* KMSAK_H */
