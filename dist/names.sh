# The names that each ecosystem has for a target, and what is built for it: . names.sh TARGET
# shellcheck shell=bash disable=SC2034

# `make dist` without TARGET. The other ones need a machine of theirs, as the release workflow has it.
TARGETS_HERE="x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu x86_64-unknown-linux-musl aarch64-unknown-linux-musl x86_64-pc-windows-gnu"

# What is packed has the modes that it has anywhere, and so is the same.
umask 022

target=$1
# What cargo-zigbuild is told: the oldest glibc is a part of it.
zig_target=$target
# The packages of the program, which is static on Linux: one for each processor.
has_program=
# The provider of the Secrets Store CSI Driver, for the nodes of a cluster.
has_csi=
cdylib_prefix=lib cdylib=so
deb= program=kmsak
case $target in
  x86_64-unknown-linux-gnu)
    zig_target=$target.2.17 npm=linux-x64-gnu java=linux-x86_64 wheel=manylinux2014_x86_64 deb=amd64 ;;
  aarch64-unknown-linux-gnu)
    zig_target=$target.2.17 npm=linux-arm64-gnu java=linux-aarch_64 wheel=manylinux2014_aarch64 deb=arm64 ;;
  x86_64-unknown-linux-musl)
    npm=linux-x64-musl java=linux-x86_64-musl wheel=musllinux_1_2_x86_64 deb=amd64 has_program=yes has_csi=yes ;;
  aarch64-unknown-linux-musl)
    npm=linux-arm64-musl java=linux-aarch_64-musl wheel=musllinux_1_2_aarch64 deb=arm64 has_program=yes has_csi=yes ;;
  # What Node calls msvc is the C runtime of its own; an addon that asks it for nothing is the same for both.
  x86_64-pc-windows-gnu | x86_64-pc-windows-msvc)
    npm=win32-x64-msvc java=windows-x86_64 wheel=win_amd64 has_program=yes cdylib_prefix= cdylib=dll program=kmsak.exe ;;
  aarch64-apple-darwin)
    npm=darwin-arm64 java=osx-aarch_64 wheel=macosx_11_0_arm64 has_program=yes cdylib=dylib ;;
  x86_64-apple-darwin)
    npm=darwin-x64 java=osx-x86_64 wheel=macosx_10_12_x86_64 has_program=yes cdylib=dylib ;;
  *)
    echo "there is no target $target: choose one of $TARGETS_HERE aarch64-apple-darwin x86_64-apple-darwin x86_64-pc-windows-msvc" >&2
    exit 2 ;;
esac
libc=
case $target in *-gnu) libc=glibc ;; *-musl) libc=musl ;; esac

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' "$root/Cargo.toml")
dist=${CARGO_TARGET_DIR:-$root/target}/dist
built=$dist/build/$target
# DIST_PROFILE=demo builds in a third of the time what is larger and slower: to try the packaging.
profile=${DIST_PROFILE:-release}
libraries=$built/$target/$profile
# Where the program is, and kmsak-csi.
programs=$built/program/$target/$profile
# What was built in another profile lies elsewhere, so that nobody hands it out.
packages=$dist/packages${DIST_PROFILE:+-$DIST_PROFILE}
