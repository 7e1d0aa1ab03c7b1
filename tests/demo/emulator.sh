# For the demo's scripts: an emulator that ends with the script, and rotations of its secret. KMSAK_BIN names the program.

secret=acs/ram/user/app
export no_proxy='*'

ending=()
folder_of_emulator=
end_all() {
  local process
  for process in "${ending[@]}"; do kill "$process" 2>/dev/null || true; done
  for process in "${ending[@]}"; do wait "$process" 2>/dev/null || true; done
  rm -rf "$folder_of_emulator"
}
trap end_all EXIT

# Has a process end with the script.
also_end() { ending=("$1" "${ending[@]}"); }

# Sets `kms`, the folder with the emulator's files, and `ready`, what the emulator says once it is ready.
start_emulator() {
  folder_of_emulator=$(mktemp -d)
  kms=$folder_of_emulator/kms
  coproc EMULATOR { exec "${KMSAK_BIN:?names the kmsak program}" emulator --dir "$kms" 2>/dev/null; }
  also_end "$EMULATOR_PID"
  read -r ready <&"${EMULATOR[0]}" || { echo "the emulator did not start" >&2; return 1; }
}

# The URL that the emulator gave this name.
url() { sed -n "s|.*\"$1\":\"\([^\"]*\)\".*|\1|p" <<<"$ready"; }

# Rotates as after a leak: the old AccessKey is deleted at once. No program is needed that a bare machine may lack.
rotate() {
  local address socket status body="{\"secret\":\"$secret\"}"
  address=$(url admin)
  address=${address#http://}
  exec {socket}<>"/dev/tcp/${address%:*}/${address##*:}"
  printf 'POST /rotations HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
    "$address" "${#body}" "$body" >&"$socket"
  read -r status <&"$socket"
  exec {socket}>&-
  [[ $status == 'HTTP/1.1 200 '* ]] || { echo "the emulator answered $status" >&2; return 1; }
}
