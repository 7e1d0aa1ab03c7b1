#!/usr/bin/env bash
# Installs libkmsak into empty folders and builds small outside projects against it, by CMake and by pkg-config, shared, static,
# fully static, and beside another library in Rust: install.sh LIBRARY_FOLDER WORK_FOLDER
set -euo pipefail
libraries=$1 work=$2
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$work" && mkdir -p "$work/emulator"
prefix=$work/prefix odd="$work/an odd prefix"

# What the outer make was told is not meant for this one.
install() { MAKEFLAGS= make -s -C "$here/../../.." install-c PROFILE_DIR="$libraries" "$@" >"$work/log" 2>&1; }
loudly() { "$@" || { cat "$work/log" >&2; exit 1; }; }

for wrong in PREFIX= PREFIX=relative LIBDIR=relative; do
  ! install "$wrong" DESTDIR="$work/nowhere" || { echo "make install-c $wrong was not refused" >&2; exit 1; }
  grep -q "^$wrong is not an absolute path" "$work/log" || loudly false
done
[ ! -e "$work/nowhere" ] || { echo "a refused make install-c has left something" >&2; exit 1; }

# Through DESTDIR, as a packager does, and then moved to where it is to be.
loudly install PREFIX="$prefix" DESTDIR="$work/staging"
mv "$work/staging$prefix" "$prefix"
# As Debian has it, and with a blank in the path.
loudly install PREFIX="$odd" LIBDIR="$odd/lib/multiarch"
# As /lib is a link to /usr/lib.
mkdir "$work/linked" && ln -s "$prefix/lib" "$work/linked/lib"

by_cmake() { cmake -S "$here/outside" -B "$work/$1" "$2" >"$work/log" 2>&1 && cmake --build "$work/$1" >>"$work/log" 2>&1; }
loudly by_cmake cmake -DCMAKE_PREFIX_PATH="$prefix"
# What is asked of a package: ours is of the present major version, and no older than it says.
version=$(sed -n 's/^#define KMSAK_VERSION_STRING "\(.*\)"/\1/p' "$prefix/include/kmsak.h")
found() {
  mkdir -p "$work/versions"
  printf 'cmake_minimum_required(VERSION 3.22)\nproject(versions LANGUAGES NONE)\nfind_package(kmsak %s REQUIRED)\n' "$*" \
    >"$work/versions/CMakeLists.txt"
  cmake -S "$work/versions" -B "$work/versions" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1
}
for good in "" "$version" "$version EXACT" "${version%.*}" "${version%.*}...<${version%%.*}.99" "0.0.1...<1"; do
  found "$good" || { cat "$work/log" >&2; echo "find_package(kmsak $good) does not find $version" >&2; exit 1; }
done
for bad in 99 "${version%.*}.99" "0.0.1...<$version" "99...<100" "0.0.1 EXACT"; do
  ! found "$bad" || { echo "find_package(kmsak $bad) takes $version" >&2; exit 1; }
done
loudly by_cmake cmake_linked -DCMAKE_PREFIX_PATH="$work/linked"
loudly by_cmake cmake_odd -Dkmsak_DIR="$odd/lib/multiarch/cmake/kmsak"

# The two commands of docs/c.md, word for word but for the warnings.
compile() { eval "cc -Wall -Wextra -Werror '$here/outside/main.c' $*"; }
(
  export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
  compile "$(pkg-config --cflags --libs kmsak)" -Wl,-rpath,"$prefix/lib" -o "$work/by_pkg_config"
  compile "$(pkg-config --cflags kmsak)" "$(pkg-config --static --libs kmsak | sed s/-lkmsak/-l:libkmsak.a/)" \
    -o "$work/by_pkg_config_static"
  # Fully static: the C library warns that it will want its own shared self for names of hosts.
  compile -static "$(pkg-config --cflags kmsak)" "$(pkg-config --static --libs kmsak)" -o "$work/fully_static" 2>/dev/null
  # Beside a library that brings Rust's standard library as well.
  "${RUSTC:-rustc}" --edition 2021 -O --crate-type staticlib --crate-name another -o "$work/libanother.a" "$here/outside/another.rs"
  compile -DANOTHER "$(pkg-config --cflags kmsak)" "$(pkg-config --static --libs kmsak | sed s/-lkmsak/-l:libkmsak.a/)" \
    "'$work/libanother.a'" -o "$work/beside_another"
  export PKG_CONFIG_PATH=$odd/lib/multiarch/pkgconfig
  compile "$(pkg-config --cflags --libs kmsak)" "'-Wl,-rpath,$odd/lib/multiarch'" -o "$work/by_pkg_config_odd"
)
for program in cmake/with_static by_pkg_config_static fully_static beside_another; do
  ! readelf -d "$work/$program" | grep -q libkmsak || { echo "$program is not static" >&2; exit 1; }
done

coproc EMULATOR { exec "$KMSAK_BIN" emulator --test-keys --dir "$work/emulator" 2>/dev/null; }
emulator=$EMULATOR_PID
trap 'kill $emulator' EXIT
read -r _ <&"${EMULATOR[0]}"
wanted=
for program in cmake/with_{shared,static,cpp} cmake_{linked,odd}/with_{shared,static} by_pkg_config{,_static,_odd} fully_static beside_another; do
  id=$("$work/$program" "$work/emulator/on_the_cloud.properties")
  [[ $id == LTAI* && ${wanted:=$id} == "$id" ]] || { echo "$program printed $id" >&2; exit 1; }
done
echo "an outside project builds by CMake and pkg-config, shared, static, fully static, and beside another library in Rust"
