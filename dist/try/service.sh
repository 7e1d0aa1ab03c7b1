# For dist/try/wine and dist/try/native: the agent as a service of Windows'. . service.sh, after common.sh
# shellcheck shell=bash

# Until what is logged, or what sc says, holds a sentence: service_says COMMAND... PATTERN
service_says() {
  local pattern=${!#} said deadline=$((SECONDS + 120))
  until said=$("${@:1:$#-1}" 2>&1 | tr -d '\r') && grep -qE "$pattern" <<<"$said"; do
    [ "$SECONDS" -lt "$deadline" ] || { printf 'not "%s" but:\n%s\n' "$pattern" "$said" >&2; exit 1; }
    sleep 0.2
  done
}

# try_service PROGRAM FOLDER COMMAND..., the program and the folder $kms as Windows knows them, and what begins a program there.
try_service() {
  local there=$1 folder=$2 on=("${@:3}") name=kmsak-trial log=$kms/service.log address
  local sc=("${on[@]}" sc)
  zig cc -target x86_64-windows-gnu -O2 "$clients/control.c" -o "$kms/control.exe" -ladvapi32
  # One that an earlier trial may have left.
  "${sc[@]}" delete "$name" >/dev/null 2>&1 || true
  cp "$kms/on_the_cloud.properties" "$kms/service.properties"
  "${sc[@]}" create "$name" binpath= "\"$there\" serve --service --log-file \"$folder/service.log\" --config \"$folder/service.properties\" \
--secret $secret --listen 127.0.0.1:0 --token-file \"$folder/service-token\"" >"$kms/sc" || { cat "$kms/sc" >&2; exit 1; }

  "${sc[@]}" start "$name" >"$kms/sc" || { cat "$kms/sc" >&2; exit 1; }
  service_says "${sc[@]}" query "$name" 'STATE *: 4 +RUNNING'
  service_says cat "$log" 'listening on http'
  address=$(tr -d '\r' <"$log" | sed -n 's|.*listening on \(http:.*\)|\1|p')
  curl --silent --fail --noproxy '*' -H "X-Kmsak-Token: $(cat "$kms/service-token")" "$address/secrets/$secret" | grep -q "$(id_now)" ||
    { echo "the service does not hand the AccessKey out" >&2; cat "$log" >&2; exit 1; }
  "${on[@]}" "$kms/control.exe" "$name"
  service_says cat "$log" 'the configuration was read anew'
  "${sc[@]}" stop "$name" >"$kms/sc" || { cat "$kms/sc" >&2; exit 1; }
  service_says "${sc[@]}" query "$name" 'STATE *: 1 +STOPPED'
  service_says cat "$log" 'info: stopping'

  # What keeps it from starting is told.
  echo 'nonsense' >"$kms/service.properties"
  "${sc[@]}" start "$name" >"$kms/sc" 2>&1 || true
  service_says cat "$log" 'error: .*service.properties'
  service_says "${sc[@]}" query "$name" 'SERVICE_EXIT_CODE *: 3'
  "${sc[@]}" delete "$name" >"$kms/sc" || { cat "$kms/sc" >&2; exit 1; }
}
