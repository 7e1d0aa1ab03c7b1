# The compilers for a target: . toolchain.sh TARGET
#
# Zig is the linker and the C compiler. Rust's standard library for the target is rustup's where that is there, as on a hosted
# runner; else Debian's compiler is taken, unpacked under target/ and installed nowhere, which comes with its own sources.
# shellcheck shell=bash
# shellcheck source=dist/names.sh
. "$(dirname "${BASH_SOURCE[0]}")/names.sh" "$1"

tools=$dist/tools
host=$(rustc -vV | sed -n 's/^host: //p')
python=${PYTHON:-python3}

if [ ! -e "$tools/python/installed" ] || [ "$root/dist/requirements.txt" -nt "$tools/python/installed" ]; then
  "$python" -m venv "$tools/python"
  bin=$tools/python/bin
  [ -d "$bin" ] || bin=$tools/python/Scripts
  "$bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$root/dist/requirements.txt"
  touch "$tools/python/installed"
fi
# As other tools of Rust's: built by the machine's own compiler, and not optimised.
cargo_tool() {
  [ -e "$tools/bin/$1" ] || [ -e "$tools/bin/$1.exe" ] && return
  CARGO_TARGET_DIR=$dist/tools-build cargo install "$1" --version "$2" --locked --debug --quiet --root "$tools" "${@:3}"
  rm -rf "$dist/tools-build"
}
cargo_tool cargo-auditable 0.7.7

for bin in "$tools/python/bin" "$tools/python/Scripts" "$tools/bin"; do PATH=$bin:$PATH; done

# Where this machine has its packages from; nothing where that is not known.
mirror() {
  local file
  for file in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list; do
    [ ! -e "$file" ] || sed -nE 's/^(URIs: *|deb +)(http[^ ]*debian)\/?( .*)?$/\2/p' "$file"
  done | head -n 1
}

# What apt is to have in its lists, where the machine's own will not do: apt_sources deb|deb-src [SUITE]
apt_sources() {
  local codename mirror
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  if [ -z "${2-}" ] && grep -qx 'ID=ubuntu' /etc/os-release; then
    # What is for arm64 lies elsewhere, and sources of its runners' own name one place for all.
    printf "$1 [arch=%s signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] http://%s $codename main universe\n" \
      amd64 archive.ubuntu.com/ubuntu arm64 ports.ubuntu.com/ubuntu-ports
  elif [ "$1${2-}" != deb ]; then
    mirror=$(mirror)
    echo "$1 [arch=amd64,arm64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} ${2:-$codename} main"
  fi
}

# apt-get without touching the system's own lists: own_apt FOLDER deb|deb-src SUITE ARGUMENT..., in FOLDER; "" is the machine's suite.
own_apt() {
  local work=$tools/apt/$2-$3 sources
  mkdir -p "$work"/{state/lists/partial,cache/archives/partial} "$1"
  : >"$work/state/status"
  cat >"$work/apt.conf" <<CONF
Dir::State "$work/state";
Dir::State::status "$work/state/status";
Dir::Cache "$work/cache";
APT::Architectures {"amd64"; "arm64";};
APT::Sandbox::User "root";
CONF
  sources=$(apt_sources "$2" "$3")
  if [ -n "$sources" ]; then
    echo "$sources" >"$work/sources.list"
    printf 'Dir::Etc::%s;\n' "sourcelist \"$work/sources.list\"" 'sourceparts "-"' >>"$work/apt.conf"
  fi
  [ -e "$work/updated" ] || { APT_CONFIG=$work/apt.conf apt-get update -qq && touch "$work/updated"; }
  (cd "$1" && APT_CONFIG=$work/apt.conf apt-get -qq "${@:4}")
}

# Unpacks packages: debian_packages FOLDER PACKAGE..., with suite=NAME before it those of another suite than the machine's.
debian_packages() {
  local folder=$1 deb
  mkdir -p "$folder"
  rm -rf "$tools/apt/packages"
  own_apt "$tools/apt/packages" deb "${suite-}" download "${@:2}"
  for deb in "$tools/apt/packages"/*.deb; do dpkg -x "$deb" "$folder"; done
  rm -rf "$tools/apt/packages"
}

debian_rust() {
  local rust=$tools/rust
  if [ ! -e "$rust/complete" ]; then
    command -v apt-get >/dev/null || {
      echo "Rust's standard library for $target is not here: rustup target add $target" >&2
      exit 1
    }
    echo "Unpacking Debian's Rust for other platforms into $rust" >&2
    rm -rf "$rust" "$rust.arm64"
    debian_packages "$rust" rustc-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src rust-web-clippy libllvm22
    debian_packages "$rust.arm64" libstd-rust-web-dev:arm64
    mv "$rust.arm64/usr/lib/rustlib/aarch64-unknown-linux-gnu" "$rust/usr/lib/rustlib/"
    rm -rf "$rust.arm64"
    touch "$rust/complete"
  fi
  export LD_LIBRARY_PATH=$rust/usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} RUSTC=$rust/usr/bin/rustc
  sysroot=$rust/usr
}

build_std=()
sysroot=$(rustc --print sysroot)
if [ ! -d "$sysroot/lib/rustlib/$target/lib" ]; then
  debian_rust
  if [ ! -d "$sysroot/lib/rustlib/$target/lib" ] || [ ! -e "$(find "$sysroot/lib/rustlib/$target/lib" -name 'libstd-*.rlib' -print -quit)" ]; then
    build_std=(-Zbuild-std=std,panic_unwind)
    export RUSTC_BOOTSTRAP=1
  fi
fi

export CARGO_TARGET_DIR=$built
# No interpreter is asked: the stable ABI is the same in all.
export PYO3_NO_PYTHON=1
export CARGO_ZIGBUILD_CACHE_DIR=$tools/zigbuild ZIG_GLOBAL_CACHE_DIR=$tools/zig-cache ZIG_LOCAL_CACHE_DIR=$tools/zig-cache

# What panics name: no folder of whoever builds.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
! command -v cygpath >/dev/null || cargo_home=$(cygpath --windows "$cargo_home")
flags=("--remap-path-prefix=$cargo_home/registry/src=registry")
# `flags` as Cargo takes them, whatever stands in a folder's name.
encoded() {
  local IFS=$'\x1f'
  echo "${flags[*]}"
}
case $target in
  *-windows-msvc)
    # Not each Windows has Microsoft's redistributable: its part of the C library is linked in. Whoever links the static library
    # chooses for himself, and finds no choice made in its objects (-Zl).
    flags+=(-C target-feature=+crt-static)
    export "CFLAGS_${target//-/_}=-Zl" ;;
  # cargo-zigbuild has C compiled with lines for a debugger.
  *) export "CFLAGS_${target//-/_}=-g0" ;;
esac
# Apple's frameworks are on Apple's machines. To link elsewhere, which is to see that nothing is missing, every word of the crates
# that declare what is in them is taken for a name of theirs.
stub_frameworks() {
  local pair source folder
  for pair in CoreFoundation:core-foundation-sys Security:security-framework-sys; do
    source=$(cd "$root" && cargo metadata --format-version 1 --locked --filter-platform "$target" | "$python" -c '
import json, pathlib, sys
print(*(pathlib.Path(p["manifest_path"]).parent for p in json.load(sys.stdin)["packages"] if p["name"] == sys.argv[1]))' "${pair#*:}")
    folder=$1/${pair%%:*}.framework
    mkdir -p "$folder"
    cat >"$folder/${pair%%:*}.tbd" <<TBD
--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '/System/Library/Frameworks/${pair%%:*}.framework/Versions/A/${pair%%:*}'
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ $(grep -rohE '\b[A-Za-z]\w*' "$source/src" | sort -u | sed 's/^/_/' | paste -sd ,) ]
...
TBD
  done
}
case $target in
  *-apple-darwin)
    if [[ $host != *-apple-darwin ]]; then
      stub_frameworks "$tools/frameworks"
      flags+=(-L "framework=$tools/frameworks")
      # Nor is what rustc would have strip them.
      export "CARGO_PROFILE_$(tr 'a-z-' 'A-Z_' <<<"$profile")_STRIP=none"
    fi ;;
  *-windows-gnu | *-linux-gnu)
    flags+=(-C "linker=$root/dist/linker")
    KMSAK_ZIG_LINKER=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<<"$target")_LINKER
    export KMSAK_ZIG_LINKER ;;
esac
case $target in
  *-linux-gnu)
    # To link with: the names that libgcc_s has had since before glibc 2.17. Each Linux with glibc has the library itself.
    export KMSAK_UNWINDER=$tools/unwinder/$target/libgcc_s.so.1
    if [ ! -e "$KMSAK_UNWINDER" ]; then
      stub=${KMSAK_UNWINDER%/*}
      mkdir -p "$stub"
      cat >"$stub/versions" <<'VERSIONS'
GCC_3.0 {
  _Unwind_DeleteException; _Unwind_GetDataRelBase; _Unwind_GetIP; _Unwind_GetLanguageSpecificData; _Unwind_GetRegionStart;
  _Unwind_GetTextRelBase; _Unwind_RaiseException; _Unwind_Resume; _Unwind_SetGR; _Unwind_SetIP;
};
GCC_3.3 { _Unwind_Backtrace; _Unwind_FindEnclosingFunction; _Unwind_GetCFA; };
GCC_4.2.0 { _Unwind_GetIPInfo; };
VERSIONS
      grep -o '_Unwind_[A-Za-z]*' "$stub/versions" | sed 's/.*/void &(void) {}/' >"$stub/unwinder.c"
      python-zig cc -target "${zig_target/unknown-/}" -shared -nostdlib "$stub/unwinder.c" -Wl,-soname,libgcc_s.so.1 \
        -Wl,--version-script,"$stub/versions" -o "$KMSAK_UNWINDER"
    fi ;;
esac
if [ ${#build_std[@]} -gt 0 ]; then
  own=$sysroot/lib/rustlib/$target/lib/self-contained
  case $target in
    *-musl)
      # What a program begins and ends with.
      if [ ! -e "$own/rcrt1.o" ]; then
        architecture=${target%%-*}
        case $architecture in x86_64) debian=amd64 triplet=x86_64-linux-gnu ;; aarch64) debian=arm64 triplet=aarch64-linux-gnu ;; esac
        debian_packages "$tools/musl-$architecture" "musl-dev:$debian" "libgcc-12-dev:$debian"
        mkdir -p "$own"
        cp "$tools/musl-$architecture/usr/lib/$architecture-linux-musl"/{crt1,rcrt1,Scrt1,crti,crtn}.o \
          "$tools/musl-$architecture/usr/lib/gcc/$triplet/12"/crt{begin,end}{,S}.o "$own/"
        rm -rf "$tools/musl-$architecture"
      fi ;;
    *-windows-gnu)
      # Debian's compiler asks for one that zig has no need of, and the Node addon for the name of Node itself.
      stubs=$tools/windows-stubs
      mkdir -p "$stubs"
      printf '!<arch>\n' | tee "$stubs/libssp_nonshared.a" >"$stubs/libnode.a"
      : >"$stubs/libnode.dll"
      export LIBNODE_PATH=$stubs
      flags+=(-L "native=$stubs") ;;
  esac
fi
