/* The first program of the guide. */
#include <kmsak.h>
#include <stdio.h>

#ifdef ANOTHER
int another_survives_a_panic(void);
#endif

int main(int argc, char **argv) {
  kmsak_provider *provider = NULL; kmsak_credentials *credentials = NULL; kmsak_error *error = NULL;
  if (argc != 2) return 2;
#ifdef ANOTHER
  if (another_survives_a_panic() != 1) return 3;
#endif
  if (kmsak_provider_from_file(argv[1], &provider, &error) != KMSAK_OK ||
      kmsak_provider_credentials(provider, "acs/ram/user/app", &credentials, &error) != KMSAK_OK) {
    fprintf(stderr, "%s\n", kmsak_error_message(error)); kmsak_error_free(error); return 1;
  }
  printf("%s\n", kmsak_credentials_access_key_id(credentials));
  kmsak_credentials_free(credentials); kmsak_provider_free(provider);
  return 0;
}
