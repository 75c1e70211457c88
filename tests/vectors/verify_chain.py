#!/usr/bin/env python3
"""Verifies a waterwall chain with Python alone: `verify_chain.py LOG PUBKEY`.

Written from the format's description, not from the Rust code, so that the two check each other.
Strict: canonical bytes, `seq` from 1 without gaps, `ts` rising. Exit 0 or 1.
"""
import base64
import binascii
import hashlib
import json
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

TS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def check_checkpoint(line, key):
    root = hashlib.sha256(canonical({**line, "chain_root_hash": "", "signature": ""}))
    if root.hexdigest() != line["chain_root_hash"]:
        return "chain_root_hash mismatch"
    try:
        key.verify(base64.b64decode(line["signature"], validate=True), root.digest())
    except (InvalidSignature, binascii.Error):
        return "signature failed verification"
    return None


def check_line(raw, expected, key):
    seq, prev, ts = expected
    if not raw.endswith(b"\n"):
        return "no newline"
    line = json.loads(raw)
    if canonical(line) + b"\n" != raw:
        return "not canonical"
    if line["v"] != 1 or line["seq"] != seq:
        return "wrong v or seq"
    if line["prev_hash"] != prev:
        return "prev_hash mismatch"
    if not TS.fullmatch(line["ts"]) or line["ts"] <= ts:
        return "ts malformed or not rising"
    return check_checkpoint(line, key) if line["line_type"] == "checkpoint" else None


def main(log, pubkey):
    with open(pubkey, "rb") as file:
        key = load_pem_public_key(file.read())
    lines = checkpoints = 0
    prev, ts = "0" * 64, ""
    with open(log, "rb") as file:
        for raw in file:
            fault = check_line(raw, (lines + 1, prev, ts), key)
            if fault:
                print(f"FAIL: first failure at seq {lines + 1}: {fault}")
                return 1
            line = json.loads(raw)
            lines += 1
            checkpoints += line["line_type"] == "checkpoint"
            prev, ts = hashlib.sha256(raw[:-1]).hexdigest(), line["ts"]
    if not lines:
        print("FAIL: empty")
        return 1
    print(f"OK: {lines} lines verified, {checkpoints} checkpoints valid")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
