#!/usr/bin/env bash
# Lays libkmsak out for macOS or Windows: install_elsewhere.sh LIBRARY_FOLDER TARGET PREFIX
set -euo pipefail
libraries=$1 target=$2 prefix=$3
here=$(cd "$(dirname "$0")" && pwd)
include=$here/../../../include
number() { sed -n "s/^#define KMSAK_VERSION_$1 //p" "$include/kmsak.h"; }
major=$(number MAJOR)
version=$major.$(number MINOR).$(number PATCH)
mkdir -p "$prefix/include" "$prefix/lib/pkgconfig" "$prefix/lib/cmake/kmsak"
cp "$include/kmsak.h" "$include/kmsak.hpp" "$prefix/include/"
case $target in
  *-apple-darwin)
    shared=lib/libkmsak.$major.dylib import=
    cp "$libraries/libkmsak.dylib" "$prefix/$shared"
    ln -s "libkmsak.$major.dylib" "$prefix/lib/libkmsak.dylib"
    cp "$libraries/libkmsak.a" "$prefix/lib/"
    static=lib/libkmsak.a needs='-framework Security;-framework CoreFoundation' ;;
  *-windows-gnu)
    shared=bin/kmsak.dll import=lib/libkmsak.dll.a static=lib/libkmsak.a
    needs='ws2_32;bcrypt;ntdll;userenv;kernel32;crypt32' ;;
  *-windows-msvc)
    shared=bin/kmsak.dll import=lib/kmsak.lib static=lib/kmsak_static.lib
    needs='ws2_32;bcrypt;ntdll;userenv;kernel32;crypt32' ;;
esac
case $target in
  *-windows-*)
    mkdir -p "$prefix/bin"
    cp "$libraries/kmsak.dll" "$prefix/bin/"
    case $target in
      *-gnu) cp "$libraries/libkmsak.dll.a" "$libraries/libkmsak.a" "$prefix/lib/" ;;
      *) cp "$libraries/kmsak.dll.lib" "$prefix/lib/kmsak.lib" && cp "$libraries/kmsak.lib" "$prefix/lib/kmsak_static.lib" ;;
    esac ;;
esac
sed -e "s|@HEADERS@|../../include|; s|@VERSION@|$version|" -e "s|^Libs.private:.*|Libs.private: $(sed 's/;/ /g; s/\b\([a-z0-9_]*32\|bcrypt\|ntdll\|userenv\)\b/-l\1/g' <<<"$needs")|" \
  "$here/kmsak.pc.in" >"$prefix/lib/pkgconfig/kmsak.pc"
cat >"$prefix/lib/cmake/kmsak/kmsakConfig.cmake" <<CMAKE
# kmsak::kmsak is the shared library, kmsak::kmsak_static the static one.
get_filename_component(_kmsak_prefix "\${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET kmsak::kmsak)
  add_library(kmsak::kmsak SHARED IMPORTED)
  set_target_properties(
    kmsak::kmsak PROPERTIES IMPORTED_LOCATION "\${_kmsak_prefix}/$shared" INTERFACE_INCLUDE_DIRECTORIES "\${_kmsak_prefix}/include"${import:+
                            IMPORTED_IMPLIB "\${_kmsak_prefix}/$import"})
endif()
if(NOT TARGET kmsak::kmsak_static)
  add_library(kmsak::kmsak_static STATIC IMPORTED)
  set_target_properties(
    kmsak::kmsak_static PROPERTIES IMPORTED_LOCATION "\${_kmsak_prefix}/$static" INTERFACE_INCLUDE_DIRECTORIES "\${_kmsak_prefix}/include"
                                   INTERFACE_LINK_LIBRARIES "$needs")
endif()
unset(_kmsak_prefix)
CMAKE
cmake -DVERSION="$version" -DFILE="$prefix/lib/cmake/kmsak/kmsakConfigVersion.cmake" -P "$here/version_file.cmake"
