#!/usr/bin/env bash
# Builds and tests in a bare tree of a Debian: nothing there but what scripts/setup.sh installs.
set -euo pipefail

usage() {
    cat <<'TXT'
usage: scripts/trees.sh [OPTION...] bookworm|trixie|testing [CTEST-ARGUMENT...]

Makes a bare tree of that Debian (mmdebstrap), copies this checkout into it, and runs there set-up, release
build and tests, or those that ctest's arguments choose. Takes root. What differs between the three is V8: 10.2,
11.3, 13.6.

  --package      make the Debian package there instead, and try it in another bare tree: packaging/try.sh
  --tree DIR     the tree's folder: used as it is where it is one, and left there. Without this the tree lies
                 under $TMPDIR and is removed at the end, however that comes
  --mirror URL   where packages come from (from where this system's own do)
  --stale        take an index whose time is over, as that of a mirror that is behind
  --help         show this text

Proxies of the environment, its certificates of its own (/usr/local/share/ca-certificates), and a compiler cache
(CCACHE_DIR) are used in the tree, too.
TXT
}

die() { printf 'trees: %s\n' "$*" >&2; exit 1; }

mirror='' tree='' does_package=no options=()
while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) usage; exit 0 ;;
    --package) does_package=yes; shift ;;
    --stale) options+=(--aptopt='Acquire::Check-Valid-Until "false"'); shift ;;
    --tree | --mirror)
        [ $# -gt 1 ] || { usage >&2; exit 2; }
        [ "$1" = --tree ] && tree=$2 || mirror=$2
        shift 2
        ;;
    -*) echo "trees: unknown option '$1'" >&2; usage >&2; exit 2 ;;
    *) break ;;
    esac
done
suite=${1:-}
case $suite in
bookworm | trixie | testing) shift ;;
*) usage >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."

[ "$(id -u)" = 0 ] || die "a tree takes root: sudo $0 ..."
for tool in mmdebstrap unshare git; do
    command -v $tool >/dev/null || die "$tool is missing: apt-get install mmdebstrap util-linux git"
done

if [ -z "$mirror" ]; then
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v -e '-security' | sed -n 1p)
    [ -n "$mirror" ] || die "apt knows no place for packages: name one with --mirror"
fi

work=''
if [ -z "$tree" ]; then
    work=$(mktemp -d "${TMPDIR:-/tmp}/isoyard-tree.XXXXXX")
    trap 'rm -rf --one-file-system "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    tree=$work/$suite
fi
tree=$(realpath -m "$tree")

# The root user of a container can often neither make devices nor see the real ones' absence: bind what is there.
# /sys too: glibc's malloc asks it for the number of processors, and where it is missing leaves ENOENT in errno, which
# gRPC before 1.61 now and then takes for connect's (its pull request 35064): "No such file or directory".
# Mounts and processes live in namespaces that end with the command.
inside() {
    local root=$1 program
    shift
    program='mount --rbind --make-rslave /dev "$1/dev" && mount -t proc proc "$1/proc" || exit 1
        mount --rbind --make-rslave /sys "$1/sys" || exit 1
        if [ -n "${CCACHE_DIR:-}" ]; then mount --bind "$CCACHE_DIR" "$1/var/cache/ccache" || exit 1; fi
        root=$1; shift
        exec chroot "$root" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
            DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} \
            ${https_proxy:+https_proxy="$https_proxy"} \
            ${CCACHE_DIR:+CCACHE_DIR=/var/cache/ccache CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=/src} "$@"'
    unshare --mount --pid --fork --kill-child bash -c "$program" inside "$root" "$@"
}

make_tree() {
    local root=$1
    mmdebstrap --quiet --variant=minbase --include=ca-certificates "${options[@]}" "$suite" "$root" \
        "$mirror" >&2
    # It can be made anew: nothing need have reached the disk.
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
    mkdir -p "$root/var/cache/ccache" "$root/src"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
        cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
        inside "$root" update-ca-certificates >/dev/null 2>&1
    fi
}

copy_checkout() {
    # With what is not committed yet, and with .git, which tells the version. Files get today's times (-m): in a tree
    # that is used again an object may be newer than another version of its source.
    git ls-files -z --cached --others --exclude-standard --deduplicate |
        xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh |
        tar --null -T - -cf - | tar -C "$1/src" --no-same-owner -m -xf -
    rm -rf "$1/src/.git"
    git clone -q --bare --no-hardlinks . "$1/src/.git"
    git -C "$1/src" config core.bare false
    git -C "$1/src" reset -q
}

step() { printf '\n== [%d s] %s: %s\n' $SECONDS "$suite" "$*"; }

if [ ! -e "$tree/etc/debian_version" ]; then
    step "a bare tree"
    mkdir -p "$tree"
    make_tree "$tree"
fi
if [ "$does_package" = yes ]; then
    [ -n "$work" ] || work=$(mktemp -d "${TMPDIR:-/tmp}/isoyard-tree.XXXXXX")
    trap 'rm -rf --one-file-system "$work"' EXIT
    step "a second one, to install into"
    cp -a --one-file-system "$tree" "$work/install"
fi
copy_checkout "$tree"

step "set-up"
if [ -n "${CCACHE_DIR:-}" ]; then
    inside "$tree" apt-get update -qq
    inside "$tree" apt-get install -y -qq --no-install-recommends ccache >/dev/null
fi
if [ "$does_package" = yes ]; then
    inside "$tree" /src/packaging/make.sh
    step "install, start, remove"
    mkdir -p "$work/install/src/packaging"
    cp packaging/try.sh "$work/install/src/packaging/"
    cp "$tree"/src/build/package/*.deb "$work/install/src/"
    inside "$work/install" /src/packaging/try.sh /src
    cp "$tree"/src/build/package/*.deb build/ 2>/dev/null || true
    exit 0
fi
inside "$tree" /src/scripts/setup.sh
step "build"
inside "$tree" /src/scripts/build.sh release
step "tests"
if [ $# -gt 0 ]; then
    inside "$tree" env -C /src ctest --preset release "$@"
else
    # All of them are run, also where some fail, and as scripts/test.sh does.
    failed=no
    inside "$tree" env -C /src ctest --preset release --output-on-failure -LE steady || failed=yes
    inside "$tree" env -C /src ctest --preset release --output-on-failure -L steady --parallel 2 || failed=yes
    [ $failed = no ] || die "tests failed in $suite"
fi
step "passed"
