#!/bin/sh
# Makes the image of the first voyage as an OCI layout: a real Debian, with Python and Node packages that are known to
# be old, and a key that a later layer deletes.
# Usage: tests/voyage/image.sh FOLDER     (the layout; left as it is where it is complete)
set -eu

layout=${1:?usage: image.sh FOLDER}
[ ! -e "$layout/index.json" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/layout.sh"

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

add_layer "$work/base" 'ADD debian-12-minbase.tar /'
add_layer "$work/python" 'RUN pip install Django==2.2 requests==2.19.0 PyYAML==5.1 Jinja2==2.10'
add_layer "$work/node" 'RUN npm install lodash@4.17.4 minimist@1.2.0 @babel/traverse@7.20.0'
add_layer "$work/key" 'COPY .env /app/.env'
add_layer "$work/tidy" 'RUN rm /app/.env'
finish_layout
