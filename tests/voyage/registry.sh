#!/bin/sh
# Runs a real registry on 127.0.0.1 for as long as a command lasts.
# Usage: tests/voyage/registry.sh PORT COMMAND [ARGUMENT ...]
set -eu

port=${1:?usage: registry.sh PORT COMMAND...}
shift
folder=$(mktemp -d)
cat >"$folder/config.yml" <<EOF
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $folder/data}}
http: {addr: 127.0.0.1:$port}
EOF
docker-registry serve "$folder/config.yml" >"$folder/log" 2>&1 &
registry=$!
trap 'kill "$registry" 2>/dev/null; wait "$registry" 2>/dev/null || true; rm -rf "$folder"' EXIT

tries=0
until [ "$tries" -ge 100 ] || curl -sf "http://127.0.0.1:$port/v2/" >/dev/null 2>&1; do
  kill -0 "$registry" 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
  tries=$((tries + 1))
  sleep 0.1
done
status=0
"$@" || status=$?
exit "$status"
