#!/usr/bin/env bash
# What the log of workers costs a call, and how much of a flood it keeps: --help says more.
set -euo pipefail

exec /usr/bin/python3 -B "$(dirname "$0")/logs.py" "$@"
