#!/usr/bin/env bash
# Configures and builds one preset (release, debug, asan, tsan): scripts/build.sh PRESET [TARGET ...]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?usage: scripts/build.sh release|debug|asan|tsan [TARGET ...]}
shift
cmake --preset "$preset" --log-level=WARNING
if [ $# -gt 0 ]; then
    cmake --build --preset "$preset" --target "$@"
else
    cmake --build --preset "$preset"
fi
