#!/bin/sh
# Makes images of real servers from Debian packages, as archives for `docker load`: nginx, redis, postgres, a Python program, and one
# static program in an empty image. No registry is asked.
# Usage: tests/prove/images.sh FOLDER [NAME ...]     (FOLDER/NAME.tar; left as they are where they are complete)
#
# They start as official images do: as root by an entry point that hands over to the service's account (`images/*.sh`).
set -eu

out=${1:?usage: images.sh FOLDER [NAME ...]}
shift
[ $# -gt 0 ] || set -- nginx redis postgres python static
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)

wanted=''
for name in "$@"; do
  [ -e "$out/$name.tar" ] || wanted="$wanted $name"
done
[ -n "$wanted" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

quietly() { # COMMAND ... (its output only where it fails)
  "$@" >"$work/log" 2>&1 </dev/null || {
    cat "$work/log" >&2
    exit 1
  }
}

digest() { sha256sum "$1" | cut -d' ' -f1; }

# Debian 12, once for all of them. Kept, since it costs minutes.
base() {
  [ ! -e "$out/base/complete" ] || return 0
  rm -rf "$out/base"
  mkdir -p "$out/base"
  quietly debootstrap --variant=minbase bookworm "$out/base/root"
  rm -rf "$out/base/root"/var/lib/apt/lists/* "$out/base/root"/var/cache/apt/archives/*.deb
  tar --create --sort=name --numeric-owner --one-file-system -C "$out/base/root" -f "$out/base/layer.tar" .
  # Only while packages are installed: no service is started by it.
  printf '#!/bin/sh\nexit 101\n' >"$out/base/root/usr/sbin/policy-rc.d"
  chmod 755 "$out/base/root/usr/sbin/policy-rc.d"
  mkdir -p "$out/base/root/etc/postgresql-common"
  echo 'create_main_cluster = false' >"$out/base/root/etc/postgresql-common/createcluster.conf"
  cp /etc/resolv.conf "$out/base/root/etc/resolv.conf"
  chroot "$out/base/root" apt-get update -qq
  : >"$out/base/complete"
}

install_packages() { # FOLDER PACKAGE ... (the base with packages)
  root=$1
  shift
  cp -a "$out/base/root" "$root"
  : >"$work/stamp"
  sleep 0.1
  quietly env DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold "$@"
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/archives/*.deb "$root/usr/sbin/policy-rc.d"
}

# The files that came after the stamp: a layer on top of the base.
changed_layer() { # FOLDER
  (cd "$1" && find . -cnewer "$work/stamp" -print0 | LC_ALL=C sort -z) >"$work/changed"
  tar --create --numeric-owner --no-recursion --null -C "$1" -T "$work/changed" -f "$work/layer.tar"
  echo "$work/layer.tar"
}

archive() { # NAME CONFIG LAYER.tar ... (`docker save` of one image: https://docs.docker.com/reference/api/engine/version/v1.41/)
  name=$1 config=$2
  shift 2
  rm -rf "$work/save"
  mkdir -p "$work/save"
  diff_ids='[]' layers='[]'
  for layer in "$@"; do
    hex=$(digest "$layer")
    ln "$layer" "$work/save/$hex.tar" 2>/dev/null || cp "$layer" "$work/save/$hex.tar"
    diff_ids=$(echo "$diff_ids" | jq -c --arg d "sha256:$hex" '. + [$d]')
    layers=$(echo "$layers" | jq -c --arg l "$hex.tar" '. + [$l]')
  done
  jq -cn --arg a "$(dpkg --print-architecture)" --argjson c "$config" --argjson d "$diff_ids" \
    '{os: "linux", architecture: $a, created: "2026-11-01T00:00:00Z", config: $c, rootfs: {type: "layers", diff_ids: $d},
      history: ($d | map({created: "2026-11-01T00:00:00Z", created_by: "tests/prove/images.sh"}))}' >"$work/config.json"
  hex=$(digest "$work/config.json")
  mv "$work/config.json" "$work/save/$hex.json"
  jq -cn --arg c "$hex.json" --arg n "plimsoll-prove/$name:1" --argjson l "$layers" \
    '[{Config: $c, RepoTags: [$n], Layers: $l}]' >"$work/save/manifest.json"
  tar --create -C "$work/save" -f "$out/$name.partial" .
  mv "$out/$name.partial" "$out/$name.tar"
}

path='PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

entry_point() { # ROOT NAME
  cp "$here/images/$2.sh" "$1/usr/local/bin/docker-entrypoint.sh"
  chmod 755 "$1/usr/local/bin/docker-entrypoint.sh"
}

packed() { # NAME CONFIG (the layers of $work/root)
  archive "$1" "$2" "$out/base/layer.tar" "$(changed_layer "$work/root")"
  rm -rf "$work/root"
}

nginx() {
  install_packages "$work/root" nginx-light curl
  entry_point "$work/root" nginx
  ln -sf /dev/stdout "$work/root/var/log/nginx/access.log"
  ln -sf /dev/stderr "$work/root/var/log/nginx/error.log"
  packed nginx "$(jq -cn --arg p "$path" '{Env: [$p], Entrypoint: ["/usr/local/bin/docker-entrypoint.sh"],
    Cmd: ["nginx", "-g", "daemon off;"], ExposedPorts: {"80/tcp": {}}, StopSignal: "SIGQUIT"}')"
}

redis() {
  install_packages "$work/root" redis-server redis-tools
  entry_point "$work/root" redis
  mkdir "$work/root/data"
  chroot "$work/root" chown redis:redis /data
  packed redis "$(jq -cn --arg p "$path" '{Env: [$p], Entrypoint: ["/usr/local/bin/docker-entrypoint.sh"],
    Cmd: ["redis-server", "--dir", "/data"], ExposedPorts: {"6379/tcp": {}}, Volumes: {"/data": {}}, WorkingDir: "/data"}')"
}

postgres() {
  install_packages "$work/root" postgresql-15
  entry_point "$work/root" postgres
  mkdir -p "$work/root/var/lib/postgresql/data" "$work/root/var/run/postgresql"
  chroot "$work/root" chown postgres:postgres /var/lib/postgresql/data /var/run/postgresql
  chmod 3777 "$work/root/var/run/postgresql"
  packed postgres "$(jq -cn --arg p "$path:/usr/lib/postgresql/15/bin" \
    '{Env: [$p, "PGDATA=/var/lib/postgresql/data", "LANG=C.UTF-8"], Entrypoint: ["/usr/local/bin/docker-entrypoint.sh"],
      Cmd: ["postgres"], ExposedPorts: {"5432/tcp": {}}, Volumes: {"/var/lib/postgresql/data": {}}, StopSignal: "SIGINT"}')"
}

python() {
  install_packages "$work/root" python3-minimal
  chroot "$work/root" useradd --uid 10001 --home-dir /srv/app --no-create-home app
  mkdir -p "$work/root/srv/app/cache"
  cp "$here/images/app.py" "$work/root/srv/app/app.py"
  chroot "$work/root" chown app:app /srv/app/cache
  packed python "$(jq -cn --arg p "$path" '{Env: [$p], User: "app", WorkingDir: "/srv/app", Cmd: ["python3", "/srv/app/app.py"],
    ExposedPorts: {"8000/tcp": {}}, Healthcheck: {Test: ["CMD", "python3", "/srv/app/app.py", "check"],
    Interval: 1000000000, Timeout: 5000000000, Retries: 20}}')"
}

static() {
  target=$(rustc -vV | sed -n 's/^host: //p')
  quietly rustc --edition 2024 -O -C target-feature=+crt-static --target "$target" -o "$work/answer" "$here/images/answer.rs"
  mkdir -p "$work/root"
  cp "$work/answer" "$work/root/answer"
  tar --create --numeric-owner --owner=0 --group=0 -C "$work/root" -f "$work/static.tar" answer
  rm -rf "$work/root"
  archive static "$(jq -cn '{Entrypoint: ["/answer"], ExposedPorts: {"8080/tcp": {}}}')" "$work/static.tar"
}

for name in $wanted; do
  [ "$name" = static ] || base
  "$name"
done
