#!/usr/bin/env bash
# The tables that the three architectures were first compared with, and what isoyardd gives: --help
# says more.
set -euo pipefail

exec /usr/bin/python3 -B "$(dirname "$0")/tables.py" "$@"
