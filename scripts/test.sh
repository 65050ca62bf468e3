#!/usr/bin/env bash
# Sets up, builds and runs the tests.
set -euo pipefail

usage() {
    cat <<'TXT'
usage: scripts/test.sh [--all] [--help]

Sets up, builds, and runs: all tests of the release build; unit and shim tests under AddressSanitizer and
UndefinedBehaviorSanitizer; the tests of lanes and pools under ThreadSanitizer; the linter of the protos.

  --all    also all tests of the debug build, whose checks abort, and each benchmark once, so that it is known to run
  --help   show this text
TXT
}

all=no
for arg in "$@"; do
    case $arg in
    --all) all=yes ;;
    --help | -h) usage; exit 0 ;;
    *) echo "test: unknown option '$arg'" >&2; usage >&2; exit 2 ;;
    esac
done

cd "$(dirname "$0")/.."
started=$SECONDS
step() { printf '\n== [%d s] %s\n' $((SECONDS - started)) "$*"; }
check() { ctest --preset "$1" --output-on-failure "${@:2}"; }

step "set-up"
scripts/setup.sh

step "protos"
tests/node_modules/.bin/buf lint api

step "release: build"
scripts/build.sh release
step "release: tests"
check release -LE steady
step "release: tests that may have company"
check release -L steady --parallel 2

step "asan: build"
scripts/build.sh asan unit-tests shim-tests
step "asan: unit and shim tests"
check asan -L 'unit|shim'

step "tsan: build"
scripts/build.sh tsan thread-tests
step "tsan: lanes and pools"
check tsan -L threads

if [ "$all" = yes ]; then
    step "debug: build"
    scripts/build.sh debug
    step "debug: all tests"
    check debug
    step "benchmarks"
    scripts/build.sh release
    tests/bench/smoke.sh
fi

step "all tests passed"
