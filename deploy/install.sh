#!/bin/sh
# Installs waterwall for the whole machine: binary, user, directories, keys, CA, systemd unit.
# Run it again to upgrade: nothing of the operator's is overwritten.
set -eu
# The service's user has to get at the program, whatever this shell is set to.
umask 022

usage() {
    cat <<'USAGE'
Usage: install.sh [OPTION…]

  --binary FILE   the binary to install [default: target/release/waterwall beside this directory]
  --prefix DIR    where it goes: DIR/lib/waterwall, and a link in DIR/bin [default: /usr/local]
  --root DIR      install into DIR instead of /; starts nothing
  --import DIR    take over a predecessor's settings, key and log
  --with-ca       with --import: its private CA too
  --no-start      install, but neither enable nor start the service
  --help          this text
USAGE
}

here=$(cd "$(dirname "$0")" && pwd)
binary=$here/../target/release/waterwall
prefix=/usr/local
root=
start=yes
import=
with_ca=

fail() {
    printf 'install.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

while [ $# -gt 0 ]; do
    case $1 in
    --binary | --prefix | --root | --import)
        [ $# -ge 2 ] || fail "$1 needs a value" 2
        case $1 in
        --binary) binary=$2 ;;
        --prefix) prefix=$2 ;;
        --root) root=${2%/} ;;
        --import) import=$2 ;;
        esac
        shift 2
        ;;
    --with-ca) with_ca=yes && shift ;;
    --no-start) start=no && shift ;;
    --help | -h) usage && exit 0 ;;
    *) usage >&2 && fail "unknown option $1" 2 ;;
    esac
done

[ -x "$binary" ] || fail "there is no binary at $binary: run 'cargo build --release', or name one with --binary"
[ -n "$root" ] || [ "$(id -u)" -eq 0 ] || fail "installing for the whole machine takes root; --root DIR does not"
case $prefix in /*) ;; *) fail "--prefix must begin with /" 2 ;; esac
case $root in '' | /*) ;; *) root=$(pwd)/$root ;; esac

units=/etc/systemd/system

# Put in place in one step, so that a gateway that is running keeps its own file.
put() {
    mkdir -p "$(dirname "$root$2")"
    install -m "$1" /dev/stdin "$root$2.new"
    mv -f "$root$2.new" "$root$2"
    printf 'installed %s\n' "$root$2"
}

# The program has a directory of its own: see ExecPaths in the unit.
put 0755 "$prefix/lib/waterwall/waterwall" <"$binary"
mkdir -p "$root$prefix/bin"
ln -sf ../lib/waterwall/waterwall "$root$prefix/bin/waterwall"
for unit in waterwall.service waterwall-rotate.service waterwall-rotate.timer; do
    sed "s|/usr/bin/waterwall|$prefix/bin/waterwall|g; s|/usr/lib/waterwall|$prefix/lib/waterwall|g" "$here/$unit" |
        put 0644 "$units/$unit"
done

set -- ${import:+--import "$import"} ${with_ca:+--with-ca}
"$here/setup.sh" "$root$prefix/lib/waterwall/waterwall" "$root" "$@"

if [ -n "$root" ]; then
    echo "staged under $root; nothing was started"
elif [ "$start" = no ] || [ ! -d /run/systemd/system ]; then
    echo "not started: systemctl enable --now waterwall"
else
    systemctl daemon-reload
    systemctl enable waterwall.service
    if systemctl --quiet is-active waterwall.service; then
        "$here/upgrade.sh"
    else
        systemctl start waterwall.service
    fi
    systemctl --no-pager --lines=0 status waterwall.service
fi
