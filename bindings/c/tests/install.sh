#!/usr/bin/env bash
# Installs libkmsak into an empty folder and builds small outside projects against it, by CMake and by pkg-config, shared and
# static: install.sh LIBRARY_FOLDER WORK_FOLDER
set -euo pipefail
libraries=$1 work=$2
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$work" && mkdir -p "$work/emulator"
prefix=$work/prefix

# Through DESTDIR, as a packager does, and then moved to where it is to be.
"$here/../install/install.sh" "$libraries" "$prefix" "$work/staging"
mv "$work/staging$prefix" "$prefix"

cmake -S "$here/outside" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1 &&
  cmake --build "$work/cmake" >>"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
flags=$(pkg-config --cflags --libs kmsak)
# shellcheck disable=SC2086
cc -Wall -Wextra -Werror "$here/outside/main.c" $flags -Wl,-rpath,"$prefix/lib" -o "$work/by_pkg_config"
flags="$(pkg-config --cflags kmsak) -Wl,-Bstatic $(pkg-config --libs kmsak) -Wl,-Bdynamic $(pkg-config --static --libs-only-l kmsak | sed 's/-lkmsak//')"
# shellcheck disable=SC2086
cc -Wall -Wextra -Werror "$here/outside/main.c" $flags -o "$work/by_pkg_config_static"
for program in cmake/with_static by_pkg_config_static; do
  ! readelf -d "$work/$program" | grep -q libkmsak || { echo "$program is not static" >&2; exit 1; }
done

coproc EMULATOR { exec "$KMSAK_BIN" emulator --test-keys --dir "$work/emulator" 2>/dev/null; }
emulator=$EMULATOR_PID
trap 'kill $emulator' EXIT
read -r _ <&"${EMULATOR[0]}"
wanted=
for program in cmake/with_shared cmake/with_static cmake/with_cpp by_pkg_config by_pkg_config_static; do
  id=$("$work/$program" "$work/emulator/on_the_cloud.properties")
  [[ $id == LTAI* && ${wanted:=$id} == "$id" ]] || { echo "$program printed $id" >&2; exit 1; }
done
echo "an outside project builds by CMake and pkg-config, shared and static"
