#!/bin/sh
# verify-chain beside what the predecessor's verifier does, on the same log of 1,000,000 lines, in one run.
# PYTHON: an interpreter with `cryptography`. LINES: how many.
set -eu
cd "$(dirname "$0")/../.."
lines=${LINES:-1000000}
python=${PYTHON:-python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo build --quiet --release --package waterwall-audit --examples
bin=${CARGO_TARGET_DIR:-target}/release/examples
"$bin/append_rate" "$scratch" 4 "$lines" > /dev/null
echo "$(wc -l < "$scratch/proxy.jsonl") lines, $(($(wc -c < "$scratch/proxy.jsonl") / 1000000)) MB"
"$bin/verify_rate" "$scratch/proxy.jsonl" "$scratch/signing.pub" 3 | tee "$scratch/ours"
"$python" tests/bench/verify_chain.py "$scratch/proxy.jsonl" "$scratch/signing.pub" > "$scratch/theirs"
ours=$(sed -n 's/^verify-chain: .*, \([0-9]*\) ms$/\1/p' "$scratch/ours")
theirs=$(tail -n 1 "$scratch/theirs")
echo "the predecessor's way, in Python: $theirs s"
awk -v ours="$ours" -v theirs="$theirs" 'BEGIN { printf "ratio: %.0f\n", theirs * 1000 / ours }'
