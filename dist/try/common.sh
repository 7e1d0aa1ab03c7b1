# For dist/try/*: what was built, an emulator, and a client that follows a rotation: . common.sh TARGET
# shellcheck shell=bash
# shellcheck source=dist/toolchain.sh
. "$(dirname "${BASH_SOURCE[0]}")/../toolchain.sh" "$1"
unset RUSTC RUSTC_BOOTSTRAP LD_LIBRARY_PATH
clients=$root/dist/try/clients
# As the package of Python's calls it.
zig() { python-zig "$@"; }
ran=()

# Installs Debian packages of the machine's own that are missing: system_packages COMMAND_OR_FILE:PACKAGE...
system_packages() {
  local pair missing=()
  for pair in "$@"; do command -v "${pair%%:*}" >/dev/null || [ -e "${pair%%:*}" ] || missing+=("${pair#*:}"); done
  [ "${#missing[@]}" -gt 0 ] || return 0
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || { echo "to try this: apt-get install ${missing[*]}" >&2; exit 1; }
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$dist/apt.log" 2>&1 ||
    { cat "$dist/apt.log" >&2; exit 1; }
}

# Not what a system that was made by it may have kept at its root.
export DEBOOTSTRAP_DIR=/usr/share/debootstrap

# A system with nothing but Debian's packages in $dist/roots/NAME: system_root NAME RELEASE PACKAGE,PACKAGE...
system_root() {
  [ -e "$dist/roots/$1/complete" ] && return
  system_packages debootstrap:debootstrap /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring
  echo "  making $1"
  rm -rf "$dist/roots/$1"
  mkdir -p "$dist/roots"
  debootstrap --variant=minbase --include="$3" "$2" "$dist/roots/$1" $(mirror) >"$dist/roots/$1.log" 2>&1 ||
    { tail -n 20 "$dist/roots/$1.log" >&2; exit 1; }
  rm -rf "$dist/roots/$1/var/cache/apt/archives"/*.deb "$dist/roots/$1/var/lib/apt/lists"/*
  touch "$dist/roots/$1/complete"
}

# `bare`, a folder with the target's musl and nothing else, in which $in_root runs a program: musl_root NAME, with suite=NAME before it
# that of another suite. Sets `architecture`, what Debian calls it (`debian`), `emulate`, and the empty folder `trial` inside, too.
musl_root() {
  architecture=${target%%-*}
  case $architecture in x86_64) debian=amd64 emulate=() ;; aarch64) debian=arm64 emulate=(/qemu) ;; esac
  bare=$dist/roots/$1-$architecture
  if [ ! -e "$bare/complete" ]; then
    rm -rf "$bare"
    debian_packages "$bare" "musl:$debian"
    [ -e "$bare/lib" ] || ln -s usr/lib "$bare/lib"
    touch "$bare/complete"
  fi
  trial=$bare/trial
  rm -rf "$trial" && mkdir -p "$trial"
  if [ "$architecture" = aarch64 ]; then
    system_packages qemu-aarch64-static:qemu-user-static
    # Inside, as nothing outside of the root can be seen from there.
    cp "$(command -v qemu-aarch64-static)" "$bare/qemu"
  fi
  in_root=(chroot "$bare" "${emulate[@]}")
}

# A process with its files in folder $1, which clients know as $2: emulator_in FOLDER SEEN_AS
emulator_in() {
  mkdir -p "$1"
  TMPDIR=$1
  export TMPDIR
  # shellcheck source=tests/demo/emulator.sh
  . "$root/tests/demo/emulator.sh"
  start_emulator
  chmod 755 "$folder_of_emulator"
  seen=$2${kms#"$1"}
}

# The JVM looks there for itself: with_proc ROOT, for as long as the script runs.
with_proc() {
  mkdir -p "$1/proc"
  mount -t proc proc "$1/proc"
  proc=$1/proc
  # A process that has just ended may still have it open.
  trap 'end_all; umount "$proc" 2>/dev/null || umount --lazy "$proc"' EXIT
}

id_now() { "$KMSAK_BIN" get --config "$kms/on_the_cloud.properties" "$secret" | sed -n 's/.*"AccessKeyId": *"\([^"]*\)".*/\1/p'; }

# follow WHAT COMMAND...: the command prints what both gateways give, and after a line on its standard input what a renewal gives.
follow() {
  local what=$1 on='' off='' after=''
  shift
  # Bash warns that the emulator is a coproc already.
  { coproc CLIENT { exec "$@" "$seen/on_the_cloud.properties" "$seen/off_the_cloud.properties" 2>"$kms/errors"; }; } 2>/dev/null
  local pid=$CLIENT_PID to=${CLIENT[1]} from=${CLIENT[0]}
  # Its own numbers, as bash closes a coproc's when it ends.
  exec {mine}<&"$from" {its}>&"$to"
  { read -r -t 120 on <&"$mine" && read -r -t 120 off <&"$mine" && rotate && echo >&"$its" && read -r -t 120 after <&"$mine"; } ||
    { echo "$what failed, after \"$on\" and \"$off\":" >&2; cat "$kms/errors" >&2; kill "$pid" 2>/dev/null; exit 1; }
  exec {mine}<&- {its}>&-
  wait "$pid" || { echo "$what ended with $?:" >&2; cat "$kms/errors" >&2; exit 1; }
  after=${after%$'\r'} on=${on%$'\r'} off=${off%$'\r'}
  [[ $on == LTAI* && $on == "$off" && $after != "$on" && $after == "$(id_now)" ]] ||
    { echo "$what got $on, $off and then $after, not $(id_now)" >&2; exit 1; }
  tell "$what"
}

tell() {
  ran+=("$1")
  printf '  %-70s ok\n' "$1"
}

# The highest version of glibc that a library or program wants: at_most VERSION FILE...
wants_at_most() {
  local most=$1 file version
  shift
  for file in "$@"; do
    version=$(objdump -T "$file" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
    [ "$(printf '%s\n' "GLIBC_$most" "$version" | sort -V | tail -n 1)" = "GLIBC_$most" ] ||
      { echo "$file wants $version, more than GLIBC_$most" >&2; exit 1; }
  done
}

# names_no_folder FILE...: that nothing tells where it was built.
names_no_folder() {
  local file folder
  for file; do
    [ -r "$file" ] || { echo "$file is not there" >&2; exit 1; }
    for folder in "${CARGO_HOME:-$HOME/.cargo}" "$root" "$dist"; do
      ! grep --text --quiet --fixed-strings "$folder/" "$file" || { echo "$file names $folder" >&2; exit 1; }
    done
  done
}

# hardened FILE...: that a program or library of Linux lies somewhere else each time, and can write to no relocation; and that it says what
# it was made of, to `cargo audit bin`.
hardened() {
  local file
  for file; do
    readelf -h "$file" | grep -q 'Type: *DYN' || { echo "$file is not position-independent" >&2; exit 1; }
    { readelf -l "$file" | grep -q GNU_RELRO && readelf -d "$file" | grep -q BIND_NOW; } ||
      { echo "$file has relocations that stay writable" >&2; exit 1; }
    readelf --section-headers --wide "$file" | grep -qF .dep-v0 || { echo "$file does not say what it was made of" >&2; exit 1; }
  done
}

# needs_no_redistributable FILE...: that Windows itself has all that a library or program wants.
needs_no_redistributable() {
  local file
  for file; do
    [ -r "$file" ] || { echo "$file is not there" >&2; exit 1; }
    ! grep --text --quiet --ignore-case --extended-regexp '(vcruntime|msvcp|msvcr)[0-9]+d?\.dll' "$file" || { echo "$file wants Microsoft's redistributable" >&2; exit 1; }
  done
}

# glibc unwinds a thread that is ended with libgcc_s: a library with another unwinder of its own crashes then.
unwinds_with_libgcc() {
  local file
  for file; do
    readelf -d "$file" | grep -q 'NEEDED.*\[libgcc_s.so.1\]' || { echo "$file has an unwinder of its own" >&2; exit 1; }
  done
}

# rpm_in FOLDER PACKAGE...: unpacks .rpm files there, and when called with -e and names instead removes them without a trace.
rpm_in() {
  local folder=$1 how=(-i --nodeps) left
  [ "$2" != -e ] || how=()
  rpm --root "$folder" --dbpath /db --noscripts --force-debian "${how[@]}" "${@:2}" 2>"$kms/rpm" || { cat "$kms/rpm" >&2; exit 1; }
  [ "$2" = -e ] || return 0
  left=$(find "$folder" -path "$folder/db" -prune -o \( -name '*kmsak*' -o -type f \) -print)
  [ -z "$left" ] || { echo "${*:3} left behind: $left" >&2; exit 1; }
}

# The program in a root, each of its ways: try_program COMMAND... (as the user calls it)
try_program() {
  local id gateway
  for gateway in on off; do
    id=$("$@" get --config "$seen/${gateway}_the_cloud.properties" "$secret" | sed -n 's/.*"AccessKeyId": *"\([^"]*\)".*/\1/p')
    [ -n "$id" ] && [ "$id" = "$(id_now)" ] || { echo "get through ${gateway}_the_cloud gave \"$id\"" >&2; exit 1; }
  done
  "$@" doctor --config "$seen/on_the_cloud.properties" "$secret" >"$kms/doctor" 2>&1 || { cat "$kms/doctor" >&2; exit 1; }
  { cat "$kms/on_the_cloud.properties" && printf '\nrotation_interval=500\njitter_interval=0\n'; } >"$kms/often.properties"
  exec {watched}< <(exec "$@" get --watch --config "$seen/often.properties" "$secret" 2>"$kms/errors")
  also_end $!
  local before after
  read -r -t 60 before <&"$watched" && rotate && read -r -t 60 after <&"$watched" || { cat "$kms/errors" >&2; exit 1; }
  [[ $before != "$after" && $after == *"$(id_now)"* ]] || { echo "get --watch did not follow the rotation" >&2; exit 1; }
}

# The agent over TCP, with a token that it makes itself: try_serve COMMAND...
try_serve() {
  local listening address
  exec {agent}< <(exec "$@" serve --config "$seen/on_the_cloud.properties" --secret "$secret" --listen 127.0.0.1:0 --token-file "$seen/token" 2>"$kms/errors")
  also_end $!
  read -r -t 60 listening <&"$agent" || { cat "$kms/errors" >&2; exit 1; }
  address=$(sed 's|.*"\(http:[^"]*\)".*|\1|' <<<"$listening")
  curl --silent --fail --noproxy '*' -H "X-Kmsak-Token: $(cat "$kms/token")" "$address/secrets/$secret" | grep -q "$(id_now)" ||
    { echo "serve does not hand the AccessKey out" >&2; cat "$kms/errors" >&2; exit 1; }
}

# The names by which a Windows or macOS library shows what it has, sorted.
exports() {
  case $1 in
    *.dll) objdump -p "$1" | awk '/Ordinal\/Name Pointer/ { on = 1; next } !NF { on = 0 } on { print $NF }' ;;
    *.dylib) nm -gU "$1" | sed 's/.* _//' ;;
  esac | LC_ALL=C sort
}

# Each library is for one thing, and hides all else.
exports_are_their_own() {
  local pair
  exports "$libraries/${cdylib_prefix}kmsak.$cdylib" | diff "$root/bindings/c/exported-symbols.txt" - >&2 ||
    { echo "the C library does not export what it should" >&2; exit 1; }
  for pair in 'kmsak_jni:(JNI_On|Java_io_kmsak_).*' 'kmsak_node:(napi_register_module_v|node_api_module_get_api_version_v)1' '_kmsak:PyInit__kmsak'; do
    exports "$libraries/$cdylib_prefix${pair%%:*}.$cdylib" >"$kms/exports"
    grep -qxE "${pair#*:}" "$kms/exports" && ! grep -vxE "${pair#*:}" "$kms/exports" >&2 ||
      { echo "${pair%%:*} does not export what it should" >&2; exit 1; }
  done
  tell "each library exports what it is for, and nothing else"
}

# A package of the version that is built: package PATTERN
package() {
  local found=("$packages"/$1)
  [ -e "${found[0]}" ] || { echo "there is no $1 in $packages: make dist TARGET=$target first" >&2; exit 1; }
  printf '%s\n' "${found[0]}"
}
