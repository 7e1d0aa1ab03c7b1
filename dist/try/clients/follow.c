/* Prints an AccessKey's id as each of two configurations gets it, waits for a line, and prints the id that a renewal gives. */
#include <kmsak.h>
#include <stdio.h>
#include <string.h>

#define SECRET "acs/ram/user/app"

static int failed(kmsak_error *error) {
  fprintf(stderr, "%s\n", kmsak_error_message(error));
  kmsak_error_free(error);
  return 1;
}

int main(int argc, char **argv) {
  kmsak_provider *providers[2] = {NULL, NULL};
  kmsak_credentials *credentials = NULL;
  kmsak_error *error = NULL;
  char id[64], line[8];
  if (argc != 3) return 2;
  for (int i = 0; i < 2; i++) {
    if (kmsak_provider_from_file(argv[i + 1], &providers[i], &error) != KMSAK_OK ||
        kmsak_provider_credentials(providers[i], SECRET, &credentials, &error) != KMSAK_OK)
      return failed(error);
    snprintf(id, sizeof id, "%s", kmsak_credentials_access_key_id(credentials));
    kmsak_credentials_free(credentials);
    printf("%s\n", id);
    fflush(stdout);
  }
  if (fgets(line, sizeof line, stdin) == NULL) return 3;
  if (kmsak_provider_renew(providers[0], SECRET, id, &credentials, &error) != KMSAK_OK) return failed(error);
  printf("%s\n", kmsak_credentials_access_key_id(credentials));
  fflush(stdout);
  kmsak_credentials_free(credentials);
  kmsak_provider_free(providers[0]);
  kmsak_provider_free(providers[1]);
  return 0;
}
