#!/bin/sh
# Makes an image with a real package of every ecosystem that package registries give, as an OCI layout.
# Usage: tests/peers/image.sh FOLDER     (the layout; left as it is where it is complete)
#
# Versions are pinned, Debian's packages to its release. What has to be compiled is kept in target/peers-build.
set -eu

layout=${1:?usage: image.sh FOLDER}
[ ! -e "$layout/index.json" ] || exit 0
here=$(cd "$(dirname "$0")/../.." && pwd)
build=$here/target/peers-build
# What a run that broke off has left there.
rm -rf "$layout"
mkdir -p "$build"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/tests/voyage/layout.sh"

quietly() { # COMMAND ... (its output only where it fails)
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
  }
}

# Debian 12 with gems, Python modules and a PHP that are Debian's own.
quietly debootstrap --variant=minbase \
  --include=ruby-rack,ruby-nokogiri,python3-requests,php8.2-cli,openjdk-17-jre-headless bookworm "$work/base"
rm -rf "$work/base/var/cache/apt/archives" "$work/base/var/lib/apt/lists"
add_layer "$work/base" 'ADD debian-12-with-languages.tar /'
rm -rf "$work/base"

# Programs that are copied in: no database knows them.
mkdir -p "$work/debs" "$work/copied/opt"
(cd "$work/debs" && quietly apt-get download busybox-static haproxy memcached redis-tools python3.11-minimal perl-base r-cran-r6)
for deb in "$work"/debs/*.deb; do
  dpkg-deb -x "$deb" "$work/copied/opt"
done
mkdir -p "$work/copied/usr/local/lib"
mv "$work/copied/opt/usr/lib/R" "$work/copied/usr/local/lib/R"
add_layer "$work/copied" 'COPY opt /opt'

pip=$(command -v pip || command -v pip3)
quietly "$pip" install -q --no-deps --no-compile --only-binary :all: --platform manylinux2014_x86_64 --python-version 3.11 \
  --target "$work/python/usr/local/lib/python3.11/dist-packages" \
  Flask==2.0.1 Werkzeug==2.0.1 Jinja2==3.0.1 itsdangerous==2.0.1 click==8.0.1 MarkupSafe==2.1.2 numpy==1.24.4 \
  cryptography==41.0.0 cffi==1.15.1 pycparser==2.21 setuptools==65.5.0 wheel==0.38.4
add_layer "$work/python" 'RUN pip install Flask==2.0.1 numpy==1.24.4 cryptography==41.0.0 setuptools==65.5.0'

mkdir -p "$work/node/srv/app"
(cd "$work/node/srv/app" && cp "$here"/tests/peers/node/package*.json . &&
  quietly npm ci --silent --no-audit --no-fund --ignore-scripts)
add_layer "$work/node" 'RUN npm ci'

# Jars one by one, and all of them in a fat jar as Spring Boot lays it out.
mkdir -p "$work/java/srv/java" "$work/fat/BOOT-INF/lib" "$work/fat/META-INF"
quietly mvn -B -q -f "$here/tests/peers/java/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
  -DexcludeTransitive=true -DoutputDirectory="$work/jars"
cp "$work"/jars/log4j-core-*.jar "$work"/jars/hadoop-shaded-guava-*.jar "$work/java/srv/java"
mv "$work"/jars/*.jar "$work/fat/BOOT-INF/lib"
printf 'Manifest-Version: 1.0\nImplementation-Title: harbour\nImplementation-Version: 1.0.0\nMain-Class: Main\n' \
  >"$work/fat/META-INF/MANIFEST.MF"
quietly jar --create --no-compress --file "$work/java/srv/java/harbour-1.0.0.jar" --manifest "$work/fat/META-INF/MANIFEST.MF" \
  -C "$work/fat" BOOT-INF
add_layer "$work/java" 'COPY *.jar /srv/java/'

mkdir -p "$work/compiled/usr/local/bin"
[ -x "$build/go/yq" ] ||
  quietly env GOBIN="$build/go" GOFLAGS=-trimpath CGO_ENABLED=0 go install github.com/mikefarah/yq/v4@v4.30.8
[ -x "$build/rust/bin/cargo-auditable" ] ||
  quietly cargo install --quiet --locked --root "$build/rust" cargo-auditable@0.6.6
[ -x "$build/rust/bin/hexyl" ] ||
  quietly env PATH="$build/rust/bin:$PATH" cargo auditable install --quiet --locked --root "$build/rust" hexyl@0.8.0
cp "$build/go/yq" "$build/rust/bin/hexyl" "$work/compiled/usr/local/bin"
add_layer "$work/compiled" 'COPY yq hexyl /usr/local/bin/'

finish_layout
