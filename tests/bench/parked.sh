#!/usr/bin/env bash
# What 10,000 parked tasks take, and what a hello-world call costs more beside them: --help says
# more.
set -euo pipefail

exec /usr/bin/python3 -B "$(dirname "$0")/parked.py" "$@"
