#!/usr/bin/env bash
# Installs what Isoyard needs to be built and tested on Debian 12 or newer: packages by apt-get, V8 from libnode-dev,
# the npm packages that the lock files pin. Safe to run again; does nothing where nothing is missing.
set -euo pipefail

usage() {
    cat <<'TXT'
usage: scripts/setup.sh [--build-only] [--help]

Installs the packages that Isoyard needs (Debian 12 or newer), using sudo where you are not root.

  --build-only   leave out what only the tests and benchmarks need
  --help         show this text

Where the installed Node.js is another vendor's, apt-get refuses Debian's libnode-dev. Its two packages are then
unpacked under .deps/v8, which the build prefers to anything in the system. V8_ROOT points the build at any other V8.
TXT
}

build_only=no
for arg in "$@"; do
    case $arg in
    --build-only) build_only=yes ;;
    --help | -h) usage; exit 0 ;;
    *) echo "setup: unknown option '$arg'" >&2; usage >&2; exit 2 ;;
    esac
done

cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
    die "this is not a Debian system (no apt-get). Install the packages named in scripts/setup.sh by hand, then run cmake."

build_packages=(
    build-essential cmake ninja-build pkg-config ca-certificates
    libgrpc-dev protobuf-compiler protobuf-c-compiler libprotobuf-c-dev libprotobuf-dev
    libsqlite3-dev libuv1-dev libicu-dev libssl-dev libjansson-dev uthash-dev
    libcurl4-openssl-dev libc-ares-dev libncurses-dev libmicrohttpd-dev zlib1g-dev
    libbrotli-dev libzstd-dev
)
test_packages=(
    check openssl python3 python3-grpcio python3-protobuf protobuf-compiler-grpc nghttp2-client git
    chromium fonts-dejavu-core prometheus
)

# Tests of shells, manuals and the Go client are skipped where these are missing; not every Debian has all of them.
wanted_packages=(
    fish golang-go golang-google-genproto-dev golang-google-grpc-dev golang-google-protobuf-dev man-db mandoc zsh
)

packages=("${build_packages[@]}")
[ "$build_only" = yes ] || packages+=("${test_packages[@]}")

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        die "root is needed for '$*', and there is no sudo. Run this script as root."
    fi
}

is_index_fresh=no
refresh_index() {
    [ "$is_index_fresh" = no ] || return 0
    say "reading the package index"
    as_root apt-get update -qq || die "apt-get update failed; is the network up?"
    is_index_fresh=yes
}

install_packages() {
    refresh_index
    say "installing $*"
    as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        die "apt-get could not install the packages above; its own message says why."
}

missing=()
for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"

is_known() { apt-cache show "$1" >/dev/null 2>&1; }
want() {
    missing=()
    for package in "$@"; do
        is_installed "$package" || ! is_known "$package" || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
}
if [ "$build_only" = no ]; then
    want "${wanted_packages[@]}"
    # protoc's plugins that fit Debian's grpc-go: until Debian 12, and after it. (grep -q would end before apt-cache has
    # written all, which then fails.)
    if [[ $(apt-cache depends golang-google-grpc-dev 2>/dev/null || true) == *protobuf-1-3* ]]; then
        want protoc-gen-go-1-3
    else
        want protoc-gen-go protoc-gen-go-grpc
    fi
fi

# V8 by the ordinary way, or, where apt-get refuses because of another vendor's Node.js, unpacked beside the project.
unpack_v8() {
    local dir=.deps/v8 work runtime depends
    work=$(mktemp -d)
    trap 'rm -rf "$work"' RETURN
    refresh_index
    chmod 755 "$work"
    runtime=$(apt-cache depends libnode-dev | sed -n 's/.*Depends: \(libnode[0-9]*\)$/\1/p' | head -n 1)
    [ -n "$runtime" ] || die "the package index knows no libnode-dev."
    say "unpacking libnode-dev and $runtime under $dir (apt-get refuses them beside this machine's Node.js)"
    (cd "$work" && apt-get download -qq -o APT::Sandbox::User=root libnode-dev "$runtime") ||
        die "apt-get could not download libnode-dev and $runtime."
    depends=$(dpkg-deb -f "$work/$runtime"_*.deb Depends | tr ',' '\n' | awk '{print $1}' | grep -v '^node-')
    missing=()
    for package in $depends; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
    rm -rf "$dir" "$dir.new"
    mkdir -p "$dir.new"
    for deb in "$work"/*.deb; do
        dpkg-deb -x "$deb" "$dir.new"
    done
    mv "$dir.new" "$dir"
}

if [ -n "${V8_ROOT:-}" ]; then
    say "using V8 from V8_ROOT=$V8_ROOT"
elif ! is_installed libnode-dev && [ ! -e .deps/v8/usr/include/node/v8.h ]; then
    refresh_index
    if apt-get install -s -qq --no-install-recommends libnode-dev >/dev/null 2>&1; then
        install_packages libnode-dev
    else
        unpack_v8
    fi
fi

command -v node >/dev/null && command -v npm >/dev/null || install_packages nodejs npm

# npm packages: the libraries of prelude and dashboard, and their bundler; the proto linter of the tests.
npm_install() {
    local dir=$1 stamp="$1/node_modules/.installed"
    if ! cmp -s "$dir/package-lock.json" "$stamp"; then
        say "installing the npm packages of $dir"
        npm --prefix "$dir" ci --no-audit --no-fund --loglevel=error 2>&1 >/dev/null | head -n 12 >&2 ||
            die "npm ci failed in $dir; its own message says why."
        cp "$dir/package-lock.json" "$stamp"
    fi
}
npm_install shim/js
npm_install server/web
[ "$build_only" = yes ] || npm_install tests
[ "$build_only" = yes ] || npm_install tests/bundles
[ "$build_only" = yes ] || npm_install docs/examples/clients/node
[ "$build_only" = yes ] || npm_install tests/web

say "ready"
