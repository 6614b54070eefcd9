#!/bin/sh
# The first voyage: makes a real Debian image with old Python and Node packages, puts it into a real registry, and
# scans it from there with the advisories inside Plimsoll.
# Usage: tests/voyage.sh [ARGUMENT OF PLIMSOLL SCAN ...]
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
"$here/tests/setup.sh"
cd "$here"
cargo build --quiet --release
layout=$here/target/voyage
"$here/tests/voyage/image.sh" "$layout"

port=${PLIMSOLL_VOYAGE_PORT:-5055}
image=127.0.0.1:$port/voyage:1
sail() {
  skopeo copy -q --dest-tls-verify=false "oci:$layout:latest" "docker://$image"
  echo "\$ plimsoll scan $image $*" >&2
  status=0
  "$here/target/release/plimsoll" scan --cache-dir "$here/target/voyage-cache" "$@" "$image" || status=$?
  # The image was made to have findings: a scan that says so has done its job.
  [ "$status" -eq 1 ] || exit "$((status + (status == 0)))"
}
if [ "${PLIMSOLL_VOYAGE_AT_SEA:-}" ]; then
  sail "$@"
else
  PLIMSOLL_VOYAGE_AT_SEA=1 "$here/tests/voyage/registry.sh" "$port" "$0" "$@"
fi
