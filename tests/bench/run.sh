#!/bin/sh
# Builds the gateway and the benchmark in release mode, installs nginx if there is none, and runs the
# benchmark. Arguments go to it: `--help` lists them. Uses loopback only.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v nginx >/dev/null 2>&1; then
    echo "run.sh: installing nginx" >&2
    apt-get install --yes --no-install-recommends nginx >/dev/null
fi
cargo build --release --bin waterwall --example bench
target=${CARGO_TARGET_DIR:-target}
exec "$target/release/examples/bench" --gateway "$target/release/waterwall" "$@"
