#!/usr/bin/env bash
# For a client under wine that cannot use pipes: it writes to FILE and waits for FILE.go: through_files.sh FILE COMMAND...
set -euo pipefail
file=$1
shift
: >"$file"
"$@" "Z:$file" </dev/null >/dev/null &
client=$!
tail -n +1 -f --pid="$client" "$file" &
said=$!
read -r _ && : >"$file.go"
wait "$client" || exit
wait "$said"
