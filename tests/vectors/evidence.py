#!/usr/bin/env python3
"""Evidence as the predecessor made and checked it: our own code, from the formats' description. Two facts
were looked up in its published source: what the `file` members are relative to, and which name a
mismatch is told with.

`evidence.py make OUT`: a bundle of predecessor.jsonl with a receipt and a session manifest, signed with the
test key. `evidence.py verify BUNDLE PUB`: the predecessor's checks, in its order. Exit 0 or 1.
"""
import base64
import hashlib
import io
import json
import pathlib
import sys
import tarfile

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from make_vectors import HERE, KEY, KEY_ID, POLICY, REDACTION_TAGS, canonical


def digest(data):
    return hashlib.sha256(data).hexdigest()


def signed(document):
    document["signature"] = ""
    document["signature"] = base64.b64encode(KEY.sign(canonical(document).encode())).decode()
    return json.dumps(document, indent=2).encode()


def make(out):
    chain = (HERE / "predecessor.jsonl").read_bytes()
    lines = [json.loads(line) for line in chain.splitlines()]
    receipt = signed({
        "v": 1, "receipt_type": "redaction", "ts": "2026-05-09T07:29:34.090+00:00", "request_id": lines[0]["request_id"],
        "session_id": None, "redaction_count": 1, "types": ["JWT_TOKEN"], "hmac8s": ["a" * 16], "policy_hash": POLICY,
        "chain_seq": 1, "frameworks": REDACTION_TAGS, "signing_key_id": KEY_ID})
    session = signed({
        "v": 1, "manifest_type": "session", "session_id": "s-1", "started_ts": "2026-05-09T07:29:33.000+00:00",
        "ended_ts": "2026-05-09T07:29:37.000+00:00", "redaction_total": 1, "types_seen": {"JWT_TOKEN": 1},
        "chain_seq_range": [1, 4], "chain_root_hash": lines[3]["chain_root_hash"], "policy_hash": POLICY,
        "behavioral_fingerprint": {"avg_redactions_per_request": 1 / 3, "unknown_placeholder_count": 0,
                                   "request_count": 3},
        "frameworks": ["SOC2-CC4.1", "EU-AI-Act-Art-12"], "signing_key_id": KEY_ID})
    policy, key = b"PATTERNS = []\n", (HERE / "test.pub").read_bytes()
    files = {"chain/proxy.jsonl": chain, "receipts/20260509T072934.090_req_____.json": receipt,
             "manifests/20260509T072937_s-1.json": session, "policy/patterns.py": policy, "pubkey.pem": key}
    listed = [{"file": name, "sha256": digest(data)} for name, data in files.items()]
    manifest = signed({
        "v": 1, "ts_exported": "2026-05-10T00:00:00.000Z", "since": "2026-05-09T00:00:00+00:00", "until": None,
        "policy_hash": digest(policy), "signing_key_id": KEY_ID,
        "chain": {**listed[0], "seq_range": [1, 12], "lines": len(lines), "checkpoints": 2},
        "receipts": [listed[1]], "manifests": [listed[2]], "policy_snapshot": listed[3], "pubkey": listed[4]})
    with tarfile.open(out, "w:gz") as tar:
        for name, data in {"MANIFEST.json": manifest, **files}.items():
            member = tarfile.TarInfo(name)
            # As `tar.add` has them: a time with a fraction, which takes a header of its own, and an owner.
            member.size, member.mtime, member.uname = len(data), 1778311773.086, "agent"
            tar.addfile(member, io.BytesIO(data))


def check_signature(document, key, what):
    blank = canonical({**document, "signature": ""}).encode()
    try:
        key.verify(base64.b64decode(document["signature"]), blank)
    except InvalidSignature:
        raise SystemExit(f"FAIL: {what}") from None


def expect(true, what):
    if not true:
        raise SystemExit(f"FAIL: {what}")


def check_chain(text, key):
    lines, previous, checkpoints = [], "0" * 64, 0
    for raw in text.decode().rstrip("\n").split("\n"):
        line = json.loads(raw)
        expect(line["prev_hash"] == previous, f"prev_hash mismatch at seq {line['seq']}")
        if line["line_type"] == "checkpoint":
            root = hashlib.sha256(canonical({**line, "chain_root_hash": "", "signature": ""}).encode())
            expect(root.hexdigest() == line["chain_root_hash"], "chain_root_hash mismatch")
            key.verify(base64.b64decode(line["signature"]), root.digest())
            checkpoints += 1
        previous = digest(canonical(line).encode())
        lines.append(line)
    return lines, checkpoints


def verify(bundle, pubkey):
    given = pathlib.Path(pubkey).read_bytes()
    key = load_pem_public_key(given)
    with tarfile.open(bundle, "r:gz") as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    manifest = json.loads(files["MANIFEST.json"])
    check_signature(manifest, key, "MANIFEST.json signature invalid")
    singles = [manifest["chain"], manifest["policy_snapshot"], manifest["pubkey"]]
    for entry in [*singles, *manifest["receipts"], *manifest["manifests"]]:
        expect(entry["file"] in files, f"{entry['file']} missing")
        expect(digest(files[entry["file"]]) == entry["sha256"], f"sha256 mismatch on {entry['file']}")
    expect(files["pubkey.pem"] == given, "pubkey.pem in bundle does not match supplied pubkey")
    lines, checkpoints = check_chain(files[manifest["chain"]["file"]], key)
    observed = {"lines": len(lines), "checkpoints": checkpoints, "seq_range": [lines[0]["seq"], lines[-1]["seq"]]}
    expect(all(manifest["chain"][name] == value for name, value in observed.items()), "MANIFEST chain stats mismatch")
    redactions = {line["seq"] for line in lines if line["line_type"] == "redaction"}
    for entry in manifest["receipts"]:
        receipt = json.loads(files[entry["file"]])
        check_signature(receipt, key, f"receipt signature invalid: {entry['file']}")
        expect(receipt["chain_seq"] in redactions, "chain_seq is not a redaction line")
    for entry in manifest["manifests"]:
        check_signature(json.loads(files[entry["file"]]), key, f"session manifest signature invalid: {entry['file']}")
    print(f"OK: bundle of {len(lines)} lines and {len(manifest['receipts'])} receipts")


if __name__ == "__main__":
    {"make": make, "verify": verify}[sys.argv[1]](*sys.argv[2:])
