#!/bin/sh
# The part of an installation that a package and install.sh share: user, directories, keys, CA.
# May run any number of times; nothing that exists is overwritten.
#
#   setup.sh WATERWALL [ROOT [INIT-OPTION…]]
#
# WATERWALL is the binary to run; ROOT, when given and not empty, a directory that stands for /.
set -eu
umask 022

binary=$1
root=${2:-}
shift $(($# < 2 ? $# : 2))
user=waterwall

say() { printf '%s\n' "$*"; }

# Changing owners takes root; a staged tree of an ordinary user stays that user's.
owners() { [ "$(id -u)" -eq 0 ]; }

# The number of a user or group as ROOT knows it.
number() { awk -F: -v name="$user" '$1 == name { print $3; exit }' "$root/etc/$1"; }

make_user() {
    owners || return 0
    [ -n "$(number passwd 2>/dev/null)" ] && return 0
    # --root needs a user database to begin with.
    useradd ${root:+--root "$root"} --system --user-group --no-create-home \
        --home-dir /var/lib/waterwall --shell /usr/sbin/nologin --comment 'waterwall gateway' "$user"
    say "created user $user"
}

# directory PATH MODE OWNER: the owner is root or the service's user, the group always the service's.
directory() {
    mkdir -p "$root$1"
    chmod "$2" "$root$1"
    if owners; then
        [ "$3" = root ] && uid=0 || uid=$(number passwd)
        chown "$uid:$(number group)" "$root$1"
    fi
}

# Owned by root, so that the gateway cannot change its own policy or keys.
protect() {
    dir=$root/etc/waterwall
    for name in waterwall.yaml patterns.yaml signing.pub ca.pem; do
        if [ -e "$dir/$name" ]; then
            chmod 0644 "$dir/$name"
            ! owners || chown 0:0 "$dir/$name"
        fi
    done
    for name in signing.key ca.key; do
        if [ -e "$dir/$name" ]; then
            chmod 0440 "$dir/$name"
            ! owners || chown "0:$(number group)" "$dir/$name"
        fi
    done
}

# What init made as root is the service's own.
hand_over() {
    owners || return 0
    # A file with two names may be another user's: whoever can write here can make such a link.
    find "$root/var/lib/waterwall" "$root/var/log/waterwall" \( -type d -o -links 1 \) \
        -exec chown -h "$(number passwd):$(number group)" {} +
}

make_user
# Others may open the certificate and the configuration by name, and not look around.
directory /etc/waterwall 0751 root
directory /var/lib/waterwall 0700 user
directory /var/log/waterwall 0750 user
"$binary" init --system ${root:+--root "$root"} "$@"
protect
hand_over
