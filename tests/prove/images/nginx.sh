#!/bin/sh
# As the official image does: a configuration is looked at, then the server takes over and changes its account by itself.
set -e
if [ "$1" = nginx ] && [ -d /docker-entrypoint.d ]; then
  find /docker-entrypoint.d -follow -type f -name '*.sh' | sort | while read -r part; do
    "$part"
  done
fi
exec "$@"
