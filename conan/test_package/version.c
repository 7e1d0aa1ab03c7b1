#include <kmsak.h>
#include <stdio.h>
#include <string.h>

/* Says which version it is, where library and header are of the same. */
int main(void) {
  puts(kmsak_version());
  return strcmp(kmsak_version(), KMSAK_VERSION_STRING) != 0;
}
