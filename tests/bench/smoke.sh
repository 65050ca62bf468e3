#!/usr/bin/env bash
# Runs each benchmark once in its shortest form, so that all are known to run. Their figures mean
# nothing then.
set -euo pipefail

if [ $# -gt 0 ]; then
    echo "usage: tests/bench/smoke.sh"
    echo "Runs each benchmark of the release build (or those in the folder \$ISOYARD_BIN) once, as"
    echo "short as can be; fails where one fails."
    [ "$1" = --help ] || [ "$1" = -h ] && exit 0 || exit 2
fi

here=$(cd "$(dirname "$0")" && pwd)
bin=${ISOYARD_BIN:-$here/../../build/release/bin}
failed=()
pid=

stop() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    [ -z "$pid" ] || wait "$pid" 2>/dev/null || true
}
trap stop EXIT

run() {
    printf '\n== %s\n' "$*"
    timeout --foreground 120 "$@" &
    pid=$!
    wait "$pid" || failed+=("${1##*/}")
    pid=
}

run "$bin/bench_warm" 1 640
run "$bin/bench_adoption" 3
run "$bin/bench_handoff" 1 50
run "$bin/bench_spread" 1
run "$bin/bench_optimised" --check
run "$bin/bench_locker" 1
run "$bin/bench_code_cache" 1
run "$bin/bench_switch" 2 2
run "$here/snapshot.sh" --rounds 1
run "$here/e2e.sh" --quick
run "$here/fetch.sh" --quick
run "$here/parked.sh" --quick
run "$here/observe.sh" --quick
run "$here/logs.sh" --quick
run "$here/tables.sh" --quick

if [ ${#failed[@]} -gt 0 ]; then
    echo "smoke: failed: ${failed[*]}" >&2
    exit 1
fi
