#!/usr/bin/env bash
# Installs libkmsak: install.sh LIBRARY_FOLDER PREFIX [DESTDIR]
set -euo pipefail
libraries=$1 prefix=$2 root=${3:-}$2
here=$(cd "$(dirname "$0")" && pwd)
include=$here/../../../include
number() { sed -n "s/^#define KMSAK_VERSION_$1 //p" "$include/kmsak.h"; }
major=$(number MAJOR)
version=$major.$(number MINOR).$(number PATCH)

install -d "$root/lib/pkgconfig" "$root/lib/cmake/kmsak" "$root/include"
install -m 755 "$libraries/libkmsak.so" "$root/lib/libkmsak.so.$version"
ln -sf "libkmsak.so.$version" "$root/lib/libkmsak.so.$major"
ln -sf "libkmsak.so.$major" "$root/lib/libkmsak.so"
install -m 644 "$libraries/libkmsak.a" "$root/lib/"
install -m 644 "$include/kmsak.h" "$include/kmsak.hpp" "$root/include/"
fill() { sed -e "s|@PREFIX@|$prefix|; s|@VERSION@|$version|; s|@MAJOR@|$major|" "$here/$1.in" >"$root/$2/$1"; }
fill kmsak.pc lib/pkgconfig
fill kmsakConfigVersion.cmake lib/cmake/kmsak
install -m 644 "$here/kmsakConfig.cmake" "$root/lib/cmake/kmsak/"
chmod 644 "$root/lib/pkgconfig/kmsak.pc" "$root/lib/cmake/kmsak/kmsakConfigVersion.cmake"
