#!/bin/sh
# All tests, on real components, too: makes the image of the first voyage for them, and requires the registry and the
# container engine that they would otherwise skip.
# Usage: tests/run.sh [ARGUMENT OF CARGO TEST ...]
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
tests/setup.sh
tests/voyage/image.sh "$here/target/voyage"
PLIMSOLL_REQUIRE_REAL=1 PLIMSOLL_VOYAGE="$here/target/voyage" cargo test "$@"
