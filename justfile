# `just` lists these.
default:
    @just --list

# What CI runs, without the slower suites.
check: fmt lint test

test:
    cargo test --workspace

fmt:
    cargo fmt --all --check

lint:
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

deny:
    cargo deny check bans licenses sources

# Official SDKs and real agents through the gateway.
clients *ARGS:
    tests/clients/run.py {{ARGS}}

# The set-up guides, to the letter.
guides *ARGS:
    tests/guides/run {{ARGS}}

# A web page in a real browser against both ports.
browser *ARGS:
    tests/browser/run.py {{ARGS}}

# Which TLS clients take our leaves, and refuse a thief's.
reach:
    tests/clients/reach.py

# The dashboard in tmux.
dashboard *ARGS:
    tests/dashboard/run {{ARGS}}

# The log against an independent implementation.
vectors:
    tests/vectors/run

# Recall and precision beside other scanners.
detection *ARGS:
    tests/detection/run.py {{ARGS}}

# The documentation as a book, and its links.
book:
    mdbook build docs
    tests/docs/check

# Any bytes at detectors, bodies, streams and the log's lines.
fuzz *ARGS:
    tests/fuzz/run {{ARGS}}

bench:
    cargo bench -p waterwall-core
    tests/bench/run.sh
    tests/bench/verify.sh

# One exchange from all sides.
demo:
    cargo run -- demo
