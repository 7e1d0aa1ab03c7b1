#!/usr/bin/env bash
# What libkmsak.so shows to the world: check_library.sh LIBRARY
set -euo pipefail
library=$1
here=$(cd "$(dirname "$0")" && pwd)

# Only what is on the list, and all of it: a change of the ABI must be seen.
nm -D --defined-only "$library" | awk '{print $3}' | LC_ALL=C sort | diff -u "$here/../exported-symbols.txt" - ||
  { echo "the exported symbols are not those of bindings/c/exported-symbols.txt" >&2; exit 1; }

dynamic=$(readelf -d "$library")
major=$(sed -n 's/^#define KMSAK_VERSION_MAJOR //p' "$here/../../../include/kmsak.h")
grep -q "SONAME.*\[libkmsak\.so\.$major\]" <<<"$dynamic" || { echo "the soname is not libkmsak.so.$major" >&2; exit 1; }
grep -q NODELETE <<<"$dynamic" || { echo "the library can be unloaded under its thread" >&2; exit 1; }
strange=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic" | grep -vxE 'lib(c|m|dl|rt)\.so\.[126]|libpthread\.so\.0|libgcc_s\.so\.1|ld-linux-[a-z0-9-]+\.so\.[12]' || true)
[ -z "$strange" ] || { echo "the library needs $strange" >&2; exit 1; }

size=$(stat -c %s "$library")
[ "$size" -le 4000000 ] || { echo "the library has $size bytes, more than 4 MB" >&2; exit 1; }
echo "libkmsak.so: $size bytes, $(wc -l <"$here/../exported-symbols.txt") symbols, as they should be"
