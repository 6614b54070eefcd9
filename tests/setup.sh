#!/bin/sh
# Installs what the build and the tests need, on Debian and its kin. Does nothing where all of it is there.
# Usage: tests/setup.sh
set -eu

command -v cargo >/dev/null || {
  echo "setup: Rust is missing: install rustup (https://rustup.rs), then run this again" >&2
  exit 1
}

missing=''
need() { # COMMAND PACKAGE
  command -v "$1" >/dev/null || missing="$missing $2"
}
need cc gcc
need debootstrap debootstrap
need docker-registry docker-registry
need skopeo skopeo
need openssl openssl
need dockerd docker.io
need zstd zstd
need jq jq
command -v pip >/dev/null || command -v pip3 >/dev/null || missing="$missing python3-pip"
need npm npm
need go golang-go
need mvn maven
need jar default-jdk-headless

[ -n "$missing" ] || exit 0
echo "setup: installing$missing" >&2
as_root=''
[ "$(id -u)" -eq 0 ] || as_root=sudo
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086 # a list of package names
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
