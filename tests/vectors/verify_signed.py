#!/usr/bin/env python3
"""Verifies receipts and session manifests with Python alone: `verify_signed.py PUBKEY LOG FILE...`.

Written from the formats' description, not from the Rust code. A receipt must have the members of its
redaction line; a session manifest the root of a checkpoint in its range. Exit 0 or 1.
"""
import base64
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

RECEIPT = ["v", "receipt_type", "ts", "request_id", "session_id", "redaction_count", "types", "hmac8s",
           "policy_hash", "chain_seq", "frameworks", "signing_key_id", "signature"]
MANIFEST = ["v", "manifest_type", "session_id", "started_ts", "ended_ts", "redaction_total", "types_seen",
            "chain_seq_range", "chain_root_hash", "policy_hash", "behavioral_fingerprint", "frameworks",
            "signing_key_id", "signature"]


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def check_receipt(receipt, name, lines):
    if list(receipt) != RECEIPT:
        return "other members than a receipt's"
    line = lines.get(receipt["chain_seq"])
    if not line or line["line_type"] != "redaction":
        return "its chain_seq is no redaction line"
    if line["receipt"] != name or line["redaction_count"] != receipt["redaction_count"]:
        return "its line names another"
    pairs = [{"type": kind, "hmac8": tag} for kind, tag in zip(receipt["types"], receipt["hmac8s"], strict=True)]
    if pairs != line["redactions"]:
        return "other redactions than its line's"
    same = ["ts", "request_id", "session_id", "policy_hash", "frameworks"]
    return next((f"another {key}" for key in same if line[key] != receipt[key]), None)


def check_manifest(manifest, lines):
    if [key for key in manifest if key != "rotations"] != MANIFEST:
        return "other members than a session manifest's"
    first, last = manifest["chain_seq_range"]
    line = lines.get(last)
    if not line or line.get("chain_root_hash") != manifest["chain_root_hash"]:
        return "its range does not end in its checkpoint"
    if not 1 <= first <= last or sum(manifest["types_seen"].values()) != manifest["redaction_total"]:
        return "its numbers do not fit"
    return None


def check(path, lines, key):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    document = json.loads(text)
    if json.dumps(document, indent=2) != text:
        return "not laid out as described"
    try:
        key.verify(base64.b64decode(document["signature"], validate=True), canonical({**document, "signature": ""}))
    except InvalidSignature:
        return "signature failed verification"
    if "receipt_type" in document:
        return check_receipt(document, path.rsplit("/", 1)[-1], lines)
    return check_manifest(document, lines)


def main(pubkey, log, *files):
    with open(pubkey, "rb") as file:
        key = load_pem_public_key(file.read())
    with open(log, "rb") as file:
        lines = {line["seq"]: line for line in map(json.loads, file)}
    for path in files:
        fault = check(path, lines, key)
        if fault:
            print(f"FAIL: {path}: {fault}")
            return 1
    print(f"OK: {len(files)} receipts and manifests verified")
    return 0 if files else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
