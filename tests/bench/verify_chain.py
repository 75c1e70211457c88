#!/usr/bin/env python3
"""What the predecessor's verifier does, and how fast: `verify_chain.py LOG PUB`.

Written from the format's description: each line is parsed, written again in canonical form, hashed, and
compared with the `prev_hash` of the next one; checkpoints are verified. Prints its verdict and the seconds.
"""
import base64
import hashlib
import json
import sys
import time

from cryptography.hazmat.primitives.serialization import load_pem_public_key


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def main(log, pubkey):
    with open(pubkey, "rb") as file:
        key = load_pem_public_key(file.read())
    start = time.monotonic()
    lines, checkpoints, previous = 0, 0, "0" * 64
    with open(log, encoding="utf-8") as file:
        for raw in file:
            line = json.loads(raw)
            if line["prev_hash"] != previous:
                raise SystemExit(f"FAIL: prev_hash mismatch at seq {line['seq']}")
            if line["line_type"] == "checkpoint":
                root = hashlib.sha256(canonical({**line, "chain_root_hash": "", "signature": ""}))
                if root.hexdigest() != line["chain_root_hash"]:
                    raise SystemExit("FAIL: chain_root_hash mismatch")
                key.verify(base64.b64decode(line["signature"]), root.digest())
                checkpoints += 1
            previous = hashlib.sha256(canonical(line)).hexdigest()
            lines += 1
    seconds = time.monotonic() - start
    print(f"OK: {lines} lines verified, {checkpoints} checkpoints valid")
    print(f"{seconds:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
