#!/usr/bin/env bash
# Configures and builds one preset.
set -euo pipefail

usage() {
    cat <<'TXT'
usage: scripts/build.sh [--without-tests] release|debug|asan|tsan [TARGET ...]

Builds into build/PRESET; the programs are in build/PRESET/bin.

  --without-tests   configure without tests and benchmarks, whose packages are then not needed
  --help            show this text
TXT
}

tests=ON
case ${1:-} in
--help | -h) usage; exit 0 ;;
--without-tests) tests=OFF; shift ;;
esac
preset=${1:-}
case $preset in
release | debug | asan | tsan) shift ;;
*) usage >&2; exit 2 ;;
esac

cd "$(dirname "$0")/.."
for dir in shim/js server/web; do
    if [ ! -d "$dir/node_modules" ]; then
        echo "build: the npm packages of $dir are missing; scripts/setup.sh installs what a build needs" >&2
        exit 1
    fi
done
cmake --preset "$preset" --log-level=WARNING -DISOYARD_TESTS=$tests
if [ $# -gt 0 ]; then
    cmake --build --preset "$preset" --target "$@"
else
    cmake --build --preset "$preset"
fi
