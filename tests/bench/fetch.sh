#!/usr/bin/env bash
# What a fetch() costs a worker's task, beside the least that it costs with libcurl: --help says
# more.
set -euo pipefail

exec /usr/bin/python3 -B "$(dirname "$0")/fetch.py" "$@"
