#!/usr/bin/env bash
# The main job from end to end: sets up, builds, starts a server on an embedded SQLite file, deploys two sample workers,
# calls them, shows what it cost, and stops the server.
set -euo pipefail

if [ $# -gt 0 ]; then
    echo "usage: scripts/demo.sh"
    echo "Sets up (asking for packages by apt-get), builds, and shows a server at work. Leaves nothing running."
    [ "$1" = --help ] || [ "$1" = -h ] && exit 0 || exit 2
fi

cd "$(dirname "$0")/.."
scripts/setup.sh --build-only
scripts/build.sh --without-tests release

bin=build/release/bin
dir=$(mktemp -d)
server=

stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -rf "$dir"
}
trap stop EXIT

title() { printf '\n== %s\n' "$*"; }
run() {
    printf '$ %s\n' "isoyard $*"
    "$bin/isoyard" "$@"
}

title "A server on an embedded SQLite file"
"$bin/isoyardd" --listen 127.0.0.1:0 --db "$dir/isoyard.db" 2>"$dir/log" &
server=$!
for _ in $(seq 100); do
    grep -q 'msg=ready' "$dir/log" && break
    kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
    sleep 0.1
done
ISOYARD_ADDRESS=$(sed -n 's/.*msg=ready.* listen=\([^ ]*\).*/\1/p' "$dir/log")
[ -n "$ISOYARD_ADDRESS" ] || { cat "$dir/log" >&2; exit 1; }
export ISOYARD_ADDRESS
cat "$dir/log"

title "Deploy two workers: a single file, and a bundle of two modules"
run deploy docs/examples/json.js --name sum --message "first version"
run deploy docs/examples/modules/main.js docs/examples/modules/lib/greeting.js --name greet

title "Call them; --verbose shows the answer's head and what the execution cost"
run exec sum --path '/add?a=1&b=2&c=39' --verbose
printf '\n'
run exec sum --method POST --data '[20, 22]'
printf '\n'
run exec greet --path '/?name=Isoyard' --verbose

title "What is stored"
run workers list

title "What the pool did"
run pool stats

title "What the workers logged"
grep 'msg=console' "$dir/log" || true

title "Stop"
kill "$server"
status=0
wait "$server" || status=$?
server=
tail -n 2 "$dir/log"
echo "the server drained and left with status $status"
exit "$status"
