#!/usr/bin/env bash
# The same tests, and the scenarios of tests/conformance, with sanitizers and under valgrind:
# memory.sh LIBRARY_FOLDER DEBUG_LIBRARY_FOLDER WORK_FOLDER COMMAND..., which runs the scenarios
# In the environment: KMSAK_BIN, the kmsak program.
set -euo pipefail
libraries=$1 debug_libraries=$2 work=$3 scenarios=("${@:4}")
here=$(cd "$(dirname "$0")" && pwd)
for tool in cc:gcc c++:g++ cmake:cmake valgrind:valgrind pkg-config:pkg-config readelf:binutils; do
  command -v "${tool%%:*}" >/dev/null ||
    { echo "The tests of libkmsak need ${tool%%:*}: install the Debian package ${tool##*:}, or your system's like." >&2; exit 1; }
done

build() {
  mkdir -p "$work/$1"
  { cmake -S "$here" -B "$work/$1" -DKMSAK_LIBRARY="$libraries/libkmsak.so" -DKMSAK_INCLUDE="$here/../../../include" "${@:2}" &&
    cmake --build "$work/$1" --parallel 2; } >"$work/$1/log" 2>&1 || { cat "$work/$1/log" >&2; exit 1; }
}

driver=$here/../../../tests/conformance/drivers/c/build
export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1

build sanitized -DSANITIZE=ON
KMSAK_TEST_SHARE=4 ctest --test-dir "$work/sanitized" --output-on-failure
CFLAGS='-g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
  "$driver" "$libraries" "$work/sanitized/driver"
KMSAK_DRIVER="$work/sanitized/driver" "${scenarios[@]}"

# The same programs and library, but built with symbols, which the suppressions go by; and not the program that has an allocator
# of its own, since valgrind has one, too. "Possibly lost" is no error: hash tables and reference counts in statics are
# reached through pointers into the middle of their blocks, which is all that this says.
build debuggable -DKMSAK_LIBRARY="$debug_libraries/libkmsak.so"
# Forked children count their errors and tell the test, but would also list what the parent's threads held.
valgrind=(valgrind --quiet --child-silent-after-fork=yes --error-exitcode=9 --fair-sched=yes
  --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect
  --suppressions="$here/valgrind.supp")
for test in provider_test arguments_test callback_test pending_test fixed_test process_test cpp_test coroutine_test dlopen_test; do
  echo "valgrind $test"
  KMSAK_TEST_SHARE=20 "${valgrind[@]}" "$work/debuggable/$test" --gtest_brief=1
done
CFLAGS=-g "$driver" "$debug_libraries" "$work/debuggable/driver"
# Those that neither have short deadlines nor count requests: valgrind is so slow that a handshake outlasts kmsak's patience
# and a second request is sent beside it. The environment wins over the scenarios' files.
export KMSAK_SCENARIOS='both_gateways other_types wrong_configuration refresh_asks call_renews rejections statistics use_after'
KMSAK_CONNECT_TIMEOUT=60000 KMSAK_READ_TIMEOUT=60000 KMSAK_FETCH_DEADLINE=120000 KMSAK_RENEW_DEADLINE=120000 \
  KMSAK_DRIVER="${valgrind[*]} $work/debuggable/driver" "${scenarios[@]}"
