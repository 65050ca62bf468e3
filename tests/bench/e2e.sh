#!/usr/bin/env bash
# What one hello-world Execute costs over TCP, beside the least that any gRPC C-core server costs:
# --help says more.
set -euo pipefail

exec /usr/bin/python3 -B "$(dirname "$0")/e2e.py" "$@"
