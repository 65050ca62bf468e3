#!/usr/bin/env bash
# Installs the package in DIR, starts the server as its unit does, removes and purges it. For a bare tree, as root:
# scripts/trees.sh --package. systemd need not run there.
set -euo pipefail
dir=${1:?usage: packaging/try.sh DIR}
export DEBIAN_FRONTEND=noninteractive

step() { printf 'try: %s\n' "$*"; }
fail() { printf 'try: %s\n' "$*" >&2; exit 1; }

step "install"
apt-get update -qq
before=$(mktemp)
find / -xdev \( -path /proc -o -path /tmp -o -path /var/lib/apt -o -path /var/cache -o -path "$dir" \) -prune -o -print |
    grep -i isoyard | sort >"$before" || true
apt-get install -y -qq --no-install-recommends "$dir"/isoyard_*.deb >/dev/null
dpkg -s isoyard | grep -E '^(Version|Depends):'
dpkg -s isoyard | grep -q '^Depends:.*libnode[0-9]* (= ' || fail "the package does not depend on the libnode it was built with"
id isoyard >/dev/null
[ "$(isoyard --version)" = "isoyard $(dpkg-query -W -f '${Version}' isoyard)" ] || fail "the version differs"
for file in bin/isoyard sbin/isoyardd share/man/man1/isoyard.1 share/man/man8/isoyardd.8 \
    share/bash-completion/completions/isoyard share/zsh/vendor-completions/_isoyard \
    share/fish/vendor_completions.d/isoyard.fish lib/systemd/system/isoyardd.service; do
    dpkg -L isoyard | grep -qx "/usr/$file" || fail "/usr/$file is missing"
done

step "the unit"
apt-get install -y -qq --no-install-recommends systemd >/dev/null
systemd-analyze verify --man=no /usr/lib/systemd/system/isoyardd.service
systemd-analyze security --offline=yes --no-pager --threshold=30 /usr/lib/systemd/system/isoyardd.service | tail -n 1

step "start"
program=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/isoyardd.service)
install -d -o isoyard -g isoyard -m 0700 /var/lib/isoyard
log=$(mktemp)
setpriv --reuid=isoyard --regid=isoyard --init-groups --no-new-privs --bounding-set=-all \
    env -i STATE_DIRECTORY=/var/lib/isoyard "$program" 2>"$log" &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    grep -q msg=ready "$log" && break
    kill -0 $server 2>/dev/null || { cat "$log" >&2; fail "the server ended"; }
    sleep 0.1
done
cat >/tmp/hello.js <<'JS'
export default { fetch: () => new Response("hello\n") };
JS
isoyard health
isoyard deploy /tmp/hello.js --name hello
[ "$(isoyard exec hello)" = hello ] || fail "the worker did not answer"
[ "$(stat -c '%U %a' /var/lib/isoyard/isoyard.db)" = "isoyard 600" ] || fail "the database is not the user's own"
kill -TERM $server
wait $server || fail "the server ended with status $?"
trap - EXIT

step "remove"
apt-get remove -y -qq isoyard >/dev/null
[ ! -e /usr/sbin/isoyardd ] || fail "the program is still there"
[ -e /var/lib/isoyard/isoyard.db ] && [ -e /etc/default/isoyardd ] || fail "removing it took data or settings"

step "purge"
apt-get purge -y -qq isoyard >/dev/null
! getent passwd isoyard >/dev/null || fail "the user is still there"
left=$(find / -xdev \( -path /proc -o -path /tmp -o -path /var/lib/apt -o -path /var/cache -o -path "$dir" \
    -o -path /var/log \) -prune -o -print | grep -i isoyard | sort | comm -13 "$before" - || true)
[ -z "$left" ] || fail "left behind: $left"
step "passed"
