/* Nothing before it: the header stands alone. */
#include <kmsak.h>

#if KMSAK_VERSION != KMSAK_VERSION_MAJOR * 1000000 + KMSAK_VERSION_MINOR * 1000 + KMSAK_VERSION_PATCH
#error "the version of the header contradicts itself"
#endif

const char *header_version(void);

const char *header_version(void) { return KMSAK_VERSION_STRING; }
