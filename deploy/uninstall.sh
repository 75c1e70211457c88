#!/bin/sh
# Takes waterwall off the machine. The evidence stays: the log, its receipts and manifests, and the
# public key that verifies them.
set -eu

usage() {
    cat <<'USAGE'
Usage: uninstall.sh [OPTION…]

  --prefix DIR    where it was installed [default: /usr/local]
  --root DIR      uninstall from DIR instead of /
  --purge         also configuration, private keys, state and the user; never the evidence
  --help          this text
USAGE
}

prefix=/usr/local
root=
purge=no

fail() {
    printf 'uninstall.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

while [ $# -gt 0 ]; do
    case $1 in
    --prefix | --root)
        [ $# -ge 2 ] || fail "$1 needs a value" 2
        [ "$1" = --prefix ] && prefix=$2 || root=${2%/}
        shift 2
        ;;
    --purge) purge=yes && shift ;;
    --help | -h) usage && exit 0 ;;
    *) usage >&2 && fail "unknown option $1" 2 ;;
    esac
done
[ -n "$root" ] || [ "$(id -u)" -eq 0 ] || fail "taking it off the machine takes root"

if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now waterwall-rotate.timer waterwall.service 2>/dev/null || true
fi
rm -f "$root$prefix/bin/waterwall" "$root$prefix/lib/waterwall/waterwall"
rmdir "$root$prefix/lib/waterwall" 2>/dev/null || true
for unit in waterwall.service waterwall-rotate.service waterwall-rotate.timer; do
    rm -f "$root/etc/systemd/system/$unit"
done
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi

logs=$root/var/log/waterwall
if [ "$purge" = yes ]; then
    # Without its public key the log proves nothing.
    if [ -e "$root/etc/waterwall/signing.pub" ] && [ -d "$logs" ] && [ ! -e "$logs/signing.pub" ]; then
        cp -p "$root/etc/waterwall/signing.pub" "$logs/signing.pub"
    fi
    rm -rf "$root/etc/waterwall" "$root/var/lib/waterwall" "$root/run/waterwall"
    if [ -z "$root" ] && id waterwall >/dev/null 2>&1; then
        [ ! -d "$logs" ] || chown -R -h root:root "$logs"
        userdel waterwall
    fi
fi
echo "kept: $logs"
[ "$purge" = yes ] || echo "kept: $root/etc/waterwall $root/var/lib/waterwall (--purge removes them)"
