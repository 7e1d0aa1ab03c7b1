#!/usr/bin/env bash
# The tests of libkmsak: run.sh LIBRARY_FOLDER WORK_FOLDER
# In the environment: KMSAK_BIN, the kmsak program.
set -euo pipefail
libraries=$1 work=$2
here=$(cd "$(dirname "$0")" && pwd)
for tool in cc:gcc c++:g++ cmake:cmake pkg-config:pkg-config readelf:binutils; do
  command -v "${tool%%:*}" >/dev/null ||
    { echo "The tests of libkmsak need ${tool%%:*}: install the Debian package ${tool##*:}, or your system's like." >&2; exit 1; }
done

build() {
  mkdir -p "$work/$1"
  { cmake -S "$here" -B "$work/$1" -DKMSAK_LIBRARY="$libraries/libkmsak.so" -DKMSAK_INCLUDE="$here/../../../include" "${@:2}" &&
    cmake --build "$work/$1" --parallel 2; } >"$work/$1/log" 2>&1 || { cat "$work/$1/log" >&2; exit 1; }
}

"$here/check_library.sh" "$libraries/libkmsak.so"
build plain
ctest --test-dir "$work/plain" --output-on-failure

"$here/install.sh" "$libraries" "$work/installed"
