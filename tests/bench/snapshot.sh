#!/usr/bin/env bash
# What the web platform in the startup snapshot costs each isolate, as a whole and part by part.
set -euo pipefail

usage() {
    cat <<'TXT'
usage: tests/bench/snapshot.sh [--rounds N] [PART ...]

Builds the prelude without each of the parts (all by default), and without all of them, and measures
isolates of each snapshot with bench_snapshot, both in the release build. The first line is what the
ratios are to: without any of the parts.
TXT
}

# PART=MODULE,...: the modules of shim/js that only that part needs.
parts=(
    blobs=blob.js,formdata.js,multipart.js
    builtins=builtins/index.js
    crypto=subtle/subtle.js,subtle/key.js,subtle/compute.js
    messages=messageevent.js,messageport.js
    streams=streams/streams.js,streams/transfer.js,textstreams.js,compression.js
    urlpattern=urlpattern/urlpattern.js
)

rounds=11
wanted=()
while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) usage; exit 0 ;;
    --rounds) rounds=${2:?a number is missing}; shift 2 ;;
    -*) usage >&2; exit 2 ;;
    *) wanted+=("$1"); shift ;;
    esac
done

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/release
# A snapshot fits the program only where both are of the same source.
cmake --build "$build" --target make_snapshot bench_snapshot >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# FOLDER MODULES: a snapshot without these modules.
make_variant() {
    mkdir "$work/$1"
    node "$top/shim/js/build.mjs" "$work/$1/prelude.js" "--without=$2"
    (cd "$work/$1" && "$build/generated/shim/make_snapshot" prelude.js snapshot.bin snapshot.sha256)
}

is_wanted() {
    local part
    [ ${#wanted[@]} -gt 0 ] || return 0
    for part in "${wanted[@]}"; do
        [ "$part" != "$1" ] || return 0
    done
    return 1
}

all=
folders=()
for part in "${parts[@]}"; do
    name=${part%%=*}
    all+=${all:+,}${part#*=}
    if is_wanted "$name"; then
        make_variant "without-$name" "${part#*=}"
        folders+=("$work/without-$name")
    fi
done
make_variant without-any "$all"
make_variant whole ""
"$build/bin/bench_snapshot" --rounds "$rounds" "$work/without-any" "$work/whole" "${folders[@]}"
