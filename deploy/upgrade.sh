#!/bin/sh
# After the program of a running service was replaced: has it hand over to the new one, which drops no
# connection, and restarts it where that does not work. install.sh and the package end with this.
#
#   upgrade.sh [UNIT]
set -eu

unit=${1:-waterwall.service}
# What the successor may take to read the log through and to serve.
patience=90

main_pid() { systemctl show --property=MainPID --value "$unit"; }

if ! systemctl --quiet is-active "$unit"; then
    echo "$unit does not run: nothing to hand over"
    exit 0
fi
older=$(main_pid)
kill -USR2 "$older"
waited=0
while [ "$waited" -lt "$((patience * 5))" ]; do
    newer=$(main_pid)
    if [ "$newer" != "$older" ] && [ "$newer" != 0 ]; then
        echo "$unit: the new program has taken over, no connection was dropped"
        exit 0
    fi
    sleep 0.2
    waited=$((waited + 1))
done
echo "$unit: the new program has not taken over, see journalctl --unit=$unit; restarting it" >&2
systemctl restart "$unit"
