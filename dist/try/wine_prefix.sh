# For dist/try/wine and dist/try/tests: a Windows of wine's own, in $WINEPREFIX: . wine_prefix.sh, after common.sh
# shellcheck shell=bash
system_packages wine:wine
export WINEPREFIX=$dist/wine WINEDEBUG=-all
wineboot --init >/dev/null 2>&1 || true
wine winecfg /v win10 >/dev/null 2>&1

# Wine 8 lacks a function of Windows 10's that Rust's standard library takes its random numbers by.
primitives=$dist/wine-primitives
mkdir -p "$primitives"
cat >"$primitives/primitives.c" <<'C'
#include <stddef.h>
unsigned char __stdcall SystemFunction036(void *buffer, unsigned long length);
__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *buffer, size_t length) { return SystemFunction036(buffer, (unsigned long)length); }
C
zig cc -target x86_64-windows-gnu -shared -O2 "$primitives/primitives.c" -ladvapi32 -o "$primitives/bcryptprimitives.dll"
# In one step, as a program may have it open.
mv "$primitives/bcryptprimitives.dll" "$WINEPREFIX/drive_c/windows/system32/"
rm -rf "$primitives"
