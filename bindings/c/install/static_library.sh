#!/usr/bin/env bash
# Makes Cargo's libkmsak.a one that can be linked beside other Rust libraries: static_library.sh ARCHIVE OUTPUT
# Cargo's has all of Rust's standard library as global symbols, which every other such library has as well. Ours is one object
# that shows the C ABI alone. In the environment, for another system than this: LD, OBJCOPY, AR.
set -euo pipefail
archive=$1 output=$2
symbols=$(dirname "$0")/../exported-symbols.txt
ld=${LD:-ld} objcopy=${OBJCOPY:-objcopy} ar=${AR:-ar}
for tool in "$ld" "$objcopy" "$ar"; do
  command -v "$tool" >/dev/null ||
    { echo "libkmsak.a needs $tool: install the Debian package binutils, or your system's like." >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t wanted < <(sed 's/^/--undefined=/' "$symbols")
# Groups are dissolved: the linker would take another library's group of the same name for ours.
"$ld" -r --gc-sections --force-group-allocation "${wanted[@]}" -o "$work/kmsak.o" "$archive"
# The standard library's bitcode is for a linker that knows its pieces.
"$objcopy" --strip-unneeded --remove-section=.llvmbc --remove-section=.llvmcmd --keep-global-symbols="$symbols" "$work/kmsak.o"
rm -f "$work/libkmsak.a"
"$ar" rcsD "$work/libkmsak.a" "$work/kmsak.o"
install -D -m 644 "$work/libkmsak.a" "$output"
