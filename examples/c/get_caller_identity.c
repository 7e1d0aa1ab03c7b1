/*
 * Asks STS who the managed AccessKey belongs to, again and again, and carries on when the AccessKey rotates.
 *
 *   get_caller_identity PROPERTIES SECRET [TIMES [ENDPOINT]]
 *
 * Link with -lkmsak -lcurl -lcrypto.
 */
#define _POSIX_C_SOURCE 200809L

#include <curl/curl.h>
#include <kmsak.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct answer {
  char text[4096];
  size_t length;
};

static size_t receive(char *data, size_t size, size_t count, void *to) {
  struct answer *answer = to;
  size_t length = size * count;
  if (length > sizeof answer->text - 1 - answer->length) return 0;
  memcpy(answer->text + answer->length, data, length);
  answer->length += length;
  answer->text[answer->length] = '\0';
  return length;
}

/* Copies the string field `name` of a flat JSON object; STS's own fields hold no escapes. */
static void field(const char *json, const char *name, char *to, size_t size) {
  char key[64];
  const char *from;
  size_t length;
  to[0] = '\0';
  snprintf(key, sizeof key, "\"%s\":\"", name);
  from = strstr(json, key);
  if (from == NULL) return;
  from += strlen(key);
  length = strcspn(from, "\"");
  if (length >= size) length = size - 1;
  memcpy(to, from, length);
  to[length] = '\0';
}

/* Calls GetCallerIdentity in Alibaba Cloud's RPC style. 0 when STS answered, whatever it says. */
static int get_caller_identity(CURL *curl, const char *endpoint, const kmsak_credentials *credentials,
                               struct answer *answer) {
  char query[1024], to_sign[2048], key[256], timestamp[32], url[3072], nonce[33], signature[64];
  unsigned char random[16], mac[EVP_MAX_MD_SIZE];
  unsigned int mac_length = 0;
  time_t now = time(NULL);
  struct tm utc;
  char *escaped;
  size_t i;
  CURLcode code;

  if (RAND_bytes(random, sizeof random) != 1) return -1;
  for (i = 0; i < sizeof random; ++i) snprintf(nonce + 2 * i, 3, "%02x", random[i]);
  strftime(timestamp, sizeof timestamp, "%Y-%m-%dT%H%%3A%M%%3A%SZ", gmtime_r(&now, &utc));
  /* In the order of the alphabet, and with values percent-encoded. */
  snprintf(query, sizeof query,
           "AccessKeyId=%s&Action=GetCallerIdentity&Format=JSON&SignatureMethod=HMAC-SHA1&SignatureNonce=%s"
           "&SignatureVersion=1.0&Timestamp=%s&Version=2015-04-01",
           kmsak_credentials_access_key_id(credentials), nonce, timestamp);
  escaped = curl_easy_escape(curl, query, 0);
  snprintf(to_sign, sizeof to_sign, "GET&%%2F&%s", escaped);
  curl_free(escaped);
  snprintf(key, sizeof key, "%s&", kmsak_credentials_access_key_secret(credentials));
  HMAC(EVP_sha1(), key, (int)strlen(key), (unsigned char *)to_sign, strlen(to_sign), mac, &mac_length);
  OPENSSL_cleanse(key, sizeof key);
  EVP_EncodeBlock((unsigned char *)signature, mac, (int)mac_length);
  escaped = curl_easy_escape(curl, signature, 0);
  snprintf(url, sizeof url, "%s/?%s&Signature=%s", endpoint, query, escaped);
  curl_free(escaped);

  answer->length = 0;
  answer->text[0] = '\0';
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
  code = curl_easy_perform(curl);
  if (code != CURLE_OK) fprintf(stderr, "STS: %s\n", curl_easy_strerror(code));
  return code == CURLE_OK ? 0 : -1;
}

static int fail(kmsak_error *error) {
  fprintf(stderr, "%s\n", kmsak_error_message(error));
  kmsak_error_free(error);
  return 1;
}

int main(int argc, char **argv) {
  kmsak_provider *provider = NULL;
  kmsak_error *error = NULL;
  const char *endpoint = argc > 4 ? argv[4] : "https://sts.aliyuncs.com";
  int times = argc > 3 ? atoi(argv[3]) : 1;
  int result = 0;
  int i;
  CURL *curl;

  if (argc < 3) {
    fprintf(stderr, "usage: %s PROPERTIES SECRET [TIMES [ENDPOINT]]\n", argv[0]);
    return 2;
  }
  if (kmsak_provider_from_file(argv[1], &provider, &error) != KMSAK_OK) return fail(error);
  curl_global_init(CURL_GLOBAL_ALL);
  curl = curl_easy_init();

  for (i = 0; i < times && result == 0; ++i) {
    kmsak_credentials *credentials = NULL;
    struct answer answer;
    char code[128], message[512], arn[256];
    const struct timespec pause = {0, 100 * 1000 * 1000};

    /* Each time anew: it costs next to nothing, and gives the AccessKey of the hour. */
    if (kmsak_provider_credentials(provider, argv[2], &credentials, &error) != KMSAK_OK) {
      result = fail(error);
      break;
    }
    result = get_caller_identity(curl, endpoint, credentials, &answer);
    field(answer.text, "Code", code, sizeof code);
    field(answer.text, "Message", message, sizeof message);
    if (result == 0 && kmsak_provider_is_rejection(provider, code, message)) {
      kmsak_credentials *renewed = NULL;
      printf("%s was rejected (%s)\n", kmsak_credentials_access_key_id(credentials), code);
      if (kmsak_provider_renew(provider, argv[2], kmsak_credentials_access_key_id(credentials), &renewed, &error) ==
          KMSAK_OK) {
        kmsak_credentials_free(credentials);
        credentials = renewed;
        result = get_caller_identity(curl, endpoint, credentials, &answer);
        field(answer.text, "Code", code, sizeof code);
      } else {
        result = fail(error);
      }
    }
    if (result == 0 && code[0] != '\0') {
      fprintf(stderr, "STS: %s\n", answer.text);
      result = 1;
    }
    if (result == 0) {
      field(answer.text, "Arn", arn, sizeof arn);
      printf("%s is %s\n", kmsak_credentials_access_key_id(credentials), arn);
      fflush(stdout);
    }
    kmsak_credentials_free(credentials);
    if (i + 1 < times) nanosleep(&pause, NULL);
  }

  curl_easy_cleanup(curl);
  curl_global_cleanup();
  kmsak_provider_free(provider);
  return result == 0 ? 0 : 1;
}
