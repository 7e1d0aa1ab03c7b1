#!/usr/bin/env bash
# Installs libkmsak: install.sh LIBRARY_FOLDER PREFIX LIBDIR [DESTDIR]
set -euo pipefail
libraries=$1 prefix=$2 libdir=$3 root=${4:-}
here=$(cd "$(dirname "$0")" && pwd)
include=$here/../../../include
# They are written into files that are read from elsewhere.
for folder in "PREFIX=$prefix" "LIBDIR=$libdir"; do
  [[ $folder == *=/* ]] || { echo "$folder is not an absolute path: give one, such as /usr/local" >&2; exit 1; }
done
prefix=${prefix%/} libdir=${libdir%/}
number() { sed -n "s/^#define KMSAK_VERSION_$1 //p" "$include/kmsak.h"; }
major=$(number MAJOR)
version=$major.$(number MINOR).$(number PATCH)

prepared=$libraries/libkmsak
[ -e "$prepared/libkmsak.a" ] || { echo "$prepared is not there: run prepare.sh, or make build-c, first" >&2; exit 1; }

install -d "$root$libdir/pkgconfig" "$root$prefix/include"
install -m 755 "$libraries/libkmsak.so" "$root$libdir/libkmsak.so.$version"
ln -sf "libkmsak.so.$version" "$root$libdir/libkmsak.so.$major"
ln -sf "libkmsak.so.$major" "$root$libdir/libkmsak.so"
install -m 644 "$prepared/libkmsak.a" "$root$libdir/"
install -m 644 "$include/kmsak.h" "$include/kmsak.hpp" "$root$prefix/include/"

# Both find the headers from where they lie, so that what was installed can be moved as a whole.
fill() {
  local text headers
  headers=$(realpath --canonicalize-missing --no-symlinks --relative-to="$libdir/$2" "$prefix/include")
  text=$(<"$here/$1.in")
  text=${text//@HEADERS@/"$headers"}
  text=${text//@VERSION@/"$version"}
  printf '%s\n' "$text" >"$root$libdir/$2/$1"
  chmod 644 "$root$libdir/$2/$1"
}
fill kmsak.pc pkgconfig
# Without cmake there is no version file, and so no package.
if [ -e "$prepared/kmsakConfigVersion.cmake" ]; then
  install -d "$root$libdir/cmake/kmsak"
  fill kmsakConfig.cmake cmake/kmsak
  install -m 644 "$prepared/kmsakConfigVersion.cmake" "$root$libdir/cmake/kmsak/"
fi
