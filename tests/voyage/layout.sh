# Writes an OCI image layout, a layer a folder. Sourced, not run: it needs $layout, the folder that becomes the layout, and $work,
# a folder to work in that the caller removes.
# shellcheck shell=sh

mkdir -p "$layout/blobs/sha256"

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

finish_layout() {
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
}
