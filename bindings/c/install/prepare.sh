#!/usr/bin/env bash
# Makes what install.sh installs beside Cargo's libraries, in a folder libkmsak beside them: prepare.sh LIBRARY_FOLDER
set -euo pipefail
libraries=$1 to=$1/libkmsak
here=$(cd "$(dirname "$0")" && pwd)
number() { sed -n "s/^#define KMSAK_VERSION_$1 //p" "$here/../../../include/kmsak.h"; }
"$here/static_library.sh" "$libraries/libkmsak.a" "$to/libkmsak.a"
rm -f "$to/kmsakConfigVersion.cmake"
if command -v cmake >/dev/null; then
  cmake -DVERSION="$(number MAJOR).$(number MINOR).$(number PATCH)" -DFILE="$to/kmsakConfigVersion.cmake" \
    -P "$here/version_file.cmake"
else
  echo "cmake is not here: libkmsak will be installed without its CMake package" >&2
fi
