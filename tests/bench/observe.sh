#!/usr/bin/env bash
# What being observed costs a hello-world Execute: --help says more.
set -euo pipefail

exec /usr/bin/python3 -B "$(dirname "$0")/observe.py" "$@"
