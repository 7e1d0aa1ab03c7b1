/*
 * Shows the AccessKey of the hour for each line on standard input, and goes on through rotations.
 *
 *   plain PROPERTIES SECRET
 *
 * Link with -lkmsak.
 */
#include <kmsak.h>
#include <stdio.h>
#include <string.h>

/* Stands for a call to a cloud service that no longer knows the AccessKey named on the line: the service's code, or NULL. */
static const char *request(const kmsak_credentials *credentials, const char *rejected) {
  const char *id = kmsak_credentials_access_key_id(credentials);
  if (strcmp(id, rejected) == 0) return "InvalidAccessKeyId.NotFound";
  printf("%s\n", id);
  fflush(stdout);
  return NULL;
}

static int fail(kmsak_error *error) {
  fprintf(stderr, "%s\n", kmsak_error_message(error));
  kmsak_error_free(error);
  return 1;
}

int main(int argc, char **argv) {
  kmsak_provider *provider = NULL;
  kmsak_error *error = NULL;
  char line[256];
  int result = 0;

  if (argc != 3) {
    fprintf(stderr, "usage: %s PROPERTIES SECRET\n", argv[0]);
    return 2;
  }
  if (kmsak_provider_from_file(argv[1], &provider, &error) != KMSAK_OK) return fail(error);
  while (result == 0 && fgets(line, sizeof line, stdin) != NULL) {
    kmsak_credentials *credentials = NULL;
    const char *code;

    line[strcspn(line, "\n")] = '\0';
    /* Each time anew: it costs next to nothing, and gives the AccessKey of the hour. */
    if (kmsak_provider_credentials(provider, argv[2], &credentials, &error) != KMSAK_OK) {
      result = fail(error);
      break;
    }
    code = request(credentials, line);
    if (kmsak_provider_is_rejection(provider, code, NULL)) {
      kmsak_credentials *renewed = NULL;
      if (kmsak_provider_renew(provider, argv[2], kmsak_credentials_access_key_id(credentials), &renewed, &error) ==
          KMSAK_OK) {
        kmsak_credentials_free(credentials);
        credentials = renewed;
        code = request(credentials, line);
      } else {
        result = fail(error);
      }
    }
    if (result == 0 && code != NULL) {
      fprintf(stderr, "the service answered %s\n", code);
      result = 1;
    }
    kmsak_credentials_free(credentials);
  }
  kmsak_provider_free(provider);
  return result;
}
