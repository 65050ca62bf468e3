#!/usr/bin/env bash
# The main job from end to end: sets up, builds, starts a server on an embedded SQLite file, deploys sample workers,
# calls them, shows what it cost, and stops the server.
set -euo pipefail

usage() {
    cat <<'TXT'
usage: scripts/demo.sh [--serve] [--help]

Sets up (asking for packages by apt-get), builds, and shows a server at work. Leaves nothing running.

  --serve   in the end, keep the server up under a gentle load, to be looked at in a browser, until Ctrl-C
  --help    show this text
TXT
}

serve=no
for arg in "$@"; do
    case $arg in
    --serve) serve=yes ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
done

cd "$(dirname "$0")/.."
scripts/setup.sh --build-only
scripts/build.sh --without-tests release

bin=build/release/bin
dir=$(mktemp -d)
server=
upstream=
http=127.0.0.1:0
[ "$serve" = no ] || http=127.0.0.1:7071

end() {
    [ -z "$1" ] || kill "$1" 2>/dev/null || true
    [ -z "$1" ] || wait "$1" 2>/dev/null || true
}
# shellcheck disable=SC2317
stop() {
    end "$server"
    end "$upstream"
    rm -rf "$dir"
}
trap stop EXIT

title() { printf '\n== %s\n' "$*"; }
run() {
    printf '$ %s\n' "isoyard $*"
    "$bin/isoyard" "$@"
}

title "A server on an embedded SQLite file"
# In a session of its own: Ctrl-C is for this script, which lets the server drain. A second signal would end it at once.
setsid "$bin/isoyardd" --listen 127.0.0.1:0 --http "$http" --db "$dir/isoyard.db" --egress-allow 127.0.0.1 2>"$dir/log" &
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

title "A worker that asks two upstreams at once: each takes 50 ms, and so do both"
node docs/examples/upstream.mjs >"$dir/port" &
upstream=$!
for _ in $(seq 100); do
    [ ! -s "$dir/port" ] || break
    sleep 0.1
done
run deploy docs/examples/fanout.js --name fanout
run exec fanout --path "/?upstream=http://127.0.0.1:$(cat "$dir/port")" --verbose
printf '\n'

title "Other events than requests"
run deploy docs/examples/jobs.js --name jobs
run exec jobs --event task --data '{"numbers": [3, 4]}' --attempt 2
printf '\n'
run exec jobs --event scheduled --cron '*/5 * * * *'

title "What is stored"
run workers list

title "What the pool did"
run pool stats

title "What the workers logged"
grep 'msg=console' "$dir/log" || true

# Some calls a second of the workers above, of which a few fail.
gentle_load() {
    local i
    for ((i = 1; ; i++)); do
        "$bin/isoyard" exec sum --path "/add?a=$i&b=2" || true
        "$bin/isoyard" exec greet --path "/?name=$i" || true
        ((i % 5)) || "$bin/isoyard" exec fanout --path "/?upstream=http://127.0.0.1:$(cat "$dir/port")" || true
        ((i % 7)) || "$bin/isoyard" exec jobs --event task --data '{"numbers": [3, 4]}' || true
        ((i % 20)) || "$bin/isoyard" exec sum --method POST --data 'no JSON' || true
        sleep 0.2
    done >/dev/null 2>&1
}

if [ "$serve" = yes ]; then
    title "Under a gentle load, until Ctrl-C"
    echo "the dashboard:  http://$(sed -n 's/.*msg=ready.* http=\([^ ]*\).*/\1/p' "$dir/log")/"
    echo "the client:     ISOYARD_ADDRESS=$ISOYARD_ADDRESS $bin/isoyard top"
    trap 'is_over=yes' INT TERM
    is_over=no
    gentle_load &
    load=$!
    while [ "$is_over" = no ] && kill -0 "$server" 2>/dev/null; do sleep 0.5 || true; done
    end "$load"
fi

title "Stop"
kill "$server"
status=0
wait "$server" || status=$?
server=
tail -n 2 "$dir/log"
echo "the server drained and left with status $status"
exit "$status"
