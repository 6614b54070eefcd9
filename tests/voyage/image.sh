#!/bin/sh
# Makes the image of the first voyage as an OCI layout: a real Debian, with Python and Node packages that are known to
# be old, and a key that a later layer deletes.
# Usage: tests/voyage/image.sh FOLDER     (the layout; left as it is where it is complete)
set -eu

layout=${1:?usage: image.sh FOLDER}
[ ! -e "$layout/index.json" ] || exit 0
mkdir -p "$layout/blobs/sha256"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Debian 12 as its own installer lays it out.
debootstrap --variant=minbase bookworm "$work/base" >"$work/debootstrap.log" 2>&1 || {
  cat "$work/debootstrap.log" >&2
  exit 1
}

site=$work/python/usr/local/lib/python3.11/site-packages
mkdir -p "$site"
pip=$(command -v pip || command -v pip3)
"$pip" install -q --no-deps --no-compile --target "$site" 'Django==2.2' 'requests==2.19.0' 'PyYAML==5.1' 'Jinja2==2.10'

mkdir -p "$work/node/app"
(cd "$work/node/app" && npm init -y >/dev/null && npm install --silent --no-audit --no-fund --ignore-scripts \
  lodash@4.17.4 minimist@1.2.0 @babel/traverse@7.20.0 >/dev/null)

# The key is made here, so that none is in the repository: well formed, and nobody's. An id encodes its account: after
# `AKIAQ` every continuation names one that can exist.
mkdir -p "$work/key/app"
random() { LC_ALL=C tr -dc "$1" </dev/urandom | head -c "$2"; }
printf 'AWS_ACCESS_KEY_ID=AKIAQ%s\nAWS_SECRET_ACCESS_KEY=%s\n' "$(random 'A-Z2-7' 15)" "$(random 'A-Za-z0-9+' 40)" \
  >"$work/key/app/.env"
mkdir -p "$work/tidy/app"
: >"$work/tidy/app/.wh..env"

digest() { sha256sum "$1" | cut -d' ' -f1; }

store() { # FILE -> its digest, with the file in the layout
  hex=$(digest "$1")
  mv "$1" "$layout/blobs/sha256/$hex"
  echo "$hex"
}

layers='[]' diff_ids='[]' history='[]'
add_layer() { # FOLDER INSTRUCTION
  tar --create --sort=name --numeric-owner --owner=0 --group=0 --one-file-system -C "$1" -f "$work/layer.tar" .
  diff_id=$(digest "$work/layer.tar")
  gzip -n -6 "$work/layer.tar"
  size=$(stat -c %s "$work/layer.tar.gz")
  hex=$(store "$work/layer.tar.gz")
  layers=$(echo "$layers" | jq -c --arg d "sha256:$hex" --argjson s "$size" \
    '. + [{mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: $d, size: $s}]')
  diff_ids=$(echo "$diff_ids" | jq -c --arg d "sha256:$diff_id" '. + [$d]')
  history=$(echo "$history" | jq -c --arg i "$2" '. + [{created_by: $i}]')
}
add_layer "$work/base" 'ADD debian-12-minbase.tar /'
add_layer "$work/python" 'RUN pip install Django==2.2 requests==2.19.0 PyYAML==5.1 Jinja2==2.10'
add_layer "$work/node" 'RUN npm install lodash@4.17.4 minimist@1.2.0 @babel/traverse@7.20.0'
add_layer "$work/key" 'COPY .env /app/.env'
add_layer "$work/tidy" 'RUN rm /app/.env'

architecture=$(dpkg --print-architecture)
jq -cn --arg a "$architecture" --argjson l "$diff_ids" --argjson h "$history" \
  '{os: "linux", architecture: $a, config: {Cmd: ["/bin/sh"]}, rootfs: {type: "layers", diff_ids: $l}, history: $h}' \
  >"$work/config.json"
size=$(stat -c %s "$work/config.json")
config=$(store "$work/config.json")
jq -cn --arg d "sha256:$config" --argjson s "$size" --argjson l "$layers" \
  '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $d, size: $s}, layers: $l}' \
  >"$work/manifest.json"
size=$(stat -c %s "$work/manifest.json")
manifest=$(store "$work/manifest.json")
echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
# Written last: it says that the layout is complete.
jq -cn --arg d "sha256:$manifest" --argjson s "$size" --arg a "$architecture" \
  '{schemaVersion: 2, manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $d, size: $s,
    platform: {os: "linux", architecture: $a}, annotations: {"org.opencontainers.image.ref.name": "latest"}}]}' \
  >"$work/index.json"
mv "$work/index.json" "$layout/index.json"
