#!/usr/bin/env bash
# How fast bodies stream through a worker, and what that costs, beside workerd: --help says more.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
if [ ! -x "$here/node_modules/.bin/workerd" ]; then
    (cd "$here" && npm ci --silent)
fi
exec /usr/bin/python3 -B "$here/stream.py" "$@"
