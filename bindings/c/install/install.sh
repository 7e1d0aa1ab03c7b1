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

install -d "$root$libdir/pkgconfig" "$root$libdir/cmake/kmsak" "$root$prefix/include"
install -m 755 "$libraries/libkmsak.so" "$root$libdir/libkmsak.so.$version"
ln -sf "libkmsak.so.$version" "$root$libdir/libkmsak.so.$major"
ln -sf "libkmsak.so.$major" "$root$libdir/libkmsak.so"
install -m 644 "$libraries/libkmsak.a" "$root$libdir/"
install -m 644 "$include/kmsak.h" "$include/kmsak.hpp" "$root$prefix/include/"

# The CMake package finds the headers from where it lies, so that what was installed can be moved as a whole.
headers=$(realpath --canonicalize-missing --no-symlinks --relative-to="$libdir/cmake/kmsak" "$prefix/include")
fill() {
  local text
  text=$(<"$here/$1.in")
  text=${text//@PREFIX@/"$prefix"}
  text=${text//@LIBDIR@/"${libdir/#"$prefix/"/'${prefix}/'}"}
  text=${text//@HEADERS@/"$headers"}
  text=${text//@VERSION@/"$version"}
  text=${text//@MAJOR@/"$major"}
  printf '%s\n' "$text" >"$root$libdir/$2/$1"
  chmod 644 "$root$libdir/$2/$1"
}
fill kmsak.pc pkgconfig
fill kmsakConfig.cmake cmake/kmsak
fill kmsakConfigVersion.cmake cmake/kmsak
