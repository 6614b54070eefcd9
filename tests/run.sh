#!/bin/sh
# All tests, on real components, too: makes the image of the first voyage, the one to compare with peers and those to prove for them, installs the
# peers, and requires these, the registry and the container engine that they would otherwise skip.
# Usage: tests/run.sh [ARGUMENT OF CARGO TEST ...]
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
tests/setup.sh
tests/voyage/image.sh "$here/target/voyage"
tests/peers/install.sh "$here/target/peers-tools"
tests/peers/image.sh "$here/target/peers"
tests/prove/images.sh "$here/target/prove-images"
PLIMSOLL_REQUIRE_REAL=1 PLIMSOLL_VOYAGE="$here/target/voyage" PLIMSOLL_PROVE_IMAGES="$here/target/prove-images" \
  PLIMSOLL_PEERS="$here/target/peers-tools" PLIMSOLL_PEERS_IMAGE="$here/target/peers" cargo test "$@"
