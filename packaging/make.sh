#!/usr/bin/env bash
# Builds the Debian package of this checkout, for the Debian that this machine is, into build/package.
set -euo pipefail
case ${1:-} in
'') ;;
--help | -h) echo "usage: packaging/make.sh"; exit 0 ;;
*) echo "usage: packaging/make.sh" >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."

scripts/setup.sh --build-only
# git says the version, and CPack asks file(1) what depends on which libraries.
if ! command -v git >/dev/null || ! command -v file >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends git file >/dev/null
fi
if [ -e .deps/v8 ]; then
    echo "make: V8 is under .deps, in no package that another could depend on: use scripts/trees.sh --package" >&2
    exit 1
fi
cmake -S . -B build/package -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_INSTALL_PREFIX=/usr -DISOYARD_TESTS=OFF
cmake --build build/package
rm -f build/package/*.deb
(cd build/package && cpack -G DEB)
