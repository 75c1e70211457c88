#!/usr/bin/env python3
"""Makes the golden vectors of the audit formats with Python's own json, hashlib and cryptography.

An independent second implementation: nothing in here is derived from the Rust code. The outputs are
committed, so the Rust tests need no Python; `tests/vectors/run` makes them again and compares.
"""
import base64
import datetime
import hashlib
import json
import pathlib
import random
import re
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HERE = pathlib.Path(__file__).resolve().parent
KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"waterwall test key").digest())
KEY_ID = "waterwall-2026-05"
POLICY = "b4fc4c826bc1b64a16bff14db6ede157f6c389c2c68a0a18dfe6ea4223b90bc4"
LOG_ID = "00112233445566778899aabbccddeeff"
DETOKENIZATION_TAGS = ["SOC2-CC7.2", "OWASP-LLM-02"]
REDACTION_TAGS = [
    "SOC2-CC7.2", "SOC2-CC9.2", "OWASP-LLM-02", "OWASP-LLM-06", "EU-AI-Act-Art-12",
    "EU-AI-Act-Art-13", "MITRE-ATLAS-T0048", "NIST-800-53-AC-4",
]


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text):
    return hashlib.sha256(text.encode("utf-8"))


class Chain:
    """Links lines; `spacing` writes the same values in another form."""

    def __init__(self, start, spacing=None):
        self.lines, self.seq, self.prev = [], 0, "0" * 64
        self.moment, self.spacing = start, spacing

    def peek(self, step_ms):
        moment = self.moment + datetime.timedelta(milliseconds=step_ms)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+00:00"

    def common(self, step_ms):
        ts = self.peek(step_ms)
        self.moment += datetime.timedelta(milliseconds=step_ms)
        self.seq += 1
        return {"v": 1, "ts": ts, "seq": self.seq, "prev_hash": self.prev}

    def put(self, line):
        text = canonical(line)
        self.prev = digest(text).hexdigest()
        self.lines.append(self.spacing(line) if self.spacing else text)

    def event(self, step_ms=1000, **fields):
        self.put({**self.common(step_ms), **fields})

    def checkpoint(self, step_ms=1):
        line = {**self.common(step_ms), "line_type": "checkpoint", "signing_key_id": KEY_ID,
                "chain_root_hash": "", "signature": ""}
        root = digest(canonical(line))
        line["chain_root_hash"] = root.hexdigest()
        line["signature"] = base64.b64encode(KEY.sign(root.digest())).decode()
        self.put(line)
        return root.hexdigest()

    def save(self, name):
        (HERE / name).write_bytes("".join(line + "\n" for line in self.lines).encode("utf-8"))


def exchange(**fields):
    return {"host": "api.anthropic.com", "request_id": "req_01", "session_id": "s-1", **fields}


def redaction(host, request_id, session_id, pairs, **more):
    return dict(line_type="redaction", direction="out", host=host, request_id=request_id,
                session_id=session_id, redactions=[{"type": t, "hmac8": h} for t, h in pairs],
                path_hashes=[], policy_hash=POLICY, frameworks=REDACTION_TAGS, **more)


START = datetime.datetime(2026, 5, 9, 7, 29, 33, 86000, tzinfo=datetime.timezone.utc)


def name_of(id):
    """An id as a part of a file name."""
    cleaned = re.sub(r"[^A-Za-z0-9._-]", "_", re.sub(r"\.{2,}", "_", id or "unknown"))
    return cleaned[:120].strip(".") or "unknown"


def sign(body):
    """A receipt or session manifest as its file has it."""
    body = {**body, "signing_key_id": KEY_ID, "signature": ""}
    body["signature"] = base64.b64encode(KEY.sign(canonical(body).encode("utf-8"))).decode()
    return json.dumps(body, indent=2)


def redacted(chain, host, request_id, session_id, pairs):
    """A redaction with its receipt: the line names the receipt, the receipt the line's number."""
    ts = chain.peek(1000)
    compact = ts.replace("-", "").replace(":", "")[:19]
    name = f"{compact}_{name_of(request_id)}_s{chain.seq + 1}.json"
    chain.event(**redaction(host, request_id, session_id, pairs, redaction_count=len(pairs), receipt=name))
    receipt = sign(dict(v=1, receipt_type="redaction", ts=ts, request_id=request_id, session_id=session_id,
                        redaction_count=len(pairs), types=[t for t, _ in pairs], hmac8s=[h for _, h in pairs],
                        policy_hash=POLICY, chain_seq=chain.seq, frameworks=REDACTION_TAGS))
    (HERE / "receipts").mkdir(exist_ok=True)
    (HERE / "receipts" / name).write_text(receipt, encoding="ascii")


def genesis(chain, archive=None, previous_hash=None, lines=None):
    raw = KEY.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    chain.event(0, line_type="genesis", log_id=LOG_ID, public_key=base64.b64encode(raw).decode(),
                previous_archive=archive, previous_hash=previous_hash, previous_lines=lines)


def manifest(chain, ended, root):
    """A session that ended before the chain's last line, the checkpoint that covers it."""
    session_id = "s\u00e9ance"
    text = sign(dict(v=1, manifest_type="session", session_id=session_id, started_ts=Chain(START).peek(1000),
                     ended_ts=ended, redaction_total=3, types_seen={"AWS_ACCESS_KEY": 2, "PEM_BLOCK": 1},
                     chain_seq_range=[2, chain.seq], chain_root_hash=root, policy_hash=POLICY,
                     behavioral_fingerprint={"avg_redactions_per_request": 3 / 7, "request_count": 7,
                                             "unknown_placeholder_count": 1},
                     frameworks=["SOC2-CC4.1", "EU-AI-Act-Art-12"]))
    name = f"{ended[:19].replace('-', '').replace(':', '')}_{name_of(session_id)}.json"
    (HERE / "manifests").mkdir(exist_ok=True)
    for old in (HERE / "manifests").iterdir():
        old.unlink()
    (HERE / "manifests" / name).write_text(text, encoding="ascii")


def waterwall():
    """What waterwall writes, every event once, to the byte (see filters/audit/tests/chain/golden.rs)."""
    chain = Chain(START)
    genesis(chain)
    redacted(chain, "api.anthropic.com", "req_01", "s-1",
             [("AWS_ACCESS_KEY", "d7d27033aabbccdd"), ("PEM_BLOCK", "00ff00ff00ff00ff")])
    chain.event(**exchange(line_type="detokenization", direction="in", phase="open", streaming=True,
                           policy_hash=POLICY, frameworks=DETOKENIZATION_TAGS))
    chain.event(**exchange(line_type="detokenization", direction="in", phase="close", streaming=True,
                           detok_count=3, unknown_placeholders=1, types=["AWS_ACCESS_KEY", "PEM_BLOCK"],
                           policy_hash=POLICY, frameworks=DETOKENIZATION_TAGS))
    chain.event(line_type="detokenization", direction="in", phase="open", host="api.openai.com",
                request_id=None, session_id=None, policy_hash=POLICY, frameworks=DETOKENIZATION_TAGS)
    chain.event(line_type="detokenization", direction="in", phase="close", host="api.openai.com",
                request_id=None, session_id=None, detok_count=0, unknown_placeholders=2, types=[],
                policy_hash=POLICY, frameworks=DETOKENIZATION_TAGS)
    redacted(chain, "api.openai.com", "r\u00e9q/../../\U0001f600", "s\u00e9ance-\U0001f600\ufffd",
             [("GITHUB_TOKEN", "0123456789abcdef0011")])
    chain.checkpoint()
    chain.event(line_type="killswitch", request_id=None, sources_active=["config", "sentinel"],
                frameworks=["SOC2-CC7.3", "EU-AI-Act-Art-15"])
    chain.event(line_type="policy_change", old_policy_hash=POLICY, new_policy_hash="0" * 64, pattern_count=32,
                frameworks=["SOC2-CC8.1"])
    chain.event(line_type="verify_install", checks_passed=9, checks_total=10, failed=["ca_file"],
                frameworks=["SOC2-CC4.2"])
    chain.event(**exchange(line_type="warn", warn="unscannable_passed", reason="unknown content-encoding"))
    chain.event(line_type="warn", warn="reload_refused", reason="unknown key")
    chain.event(line_type="tunnel", host="login.example.com", request_id=None, session_id=None, port=443,
                bytes_sent=1234, bytes_received=56789, duration_ms=2500, refused=None,
                frameworks=["SOC2-CC6.6", "NIST-800-53-SC-7"])
    chain.event(line_type="recovered", moved_to="proxy.jsonl.torn-20260509T072933.086Z", bytes=17)
    chain.event(line_type="warn", warn="uncovered_at_start", lines=4, last_seq=13)
    ended = chain.peek(0)
    manifest(chain, ended, root=chain.checkpoint())
    chain.save("waterwall.jsonl")


def predecessor(name, spacing):
    """What the predecessor writes: own `ts`, time going back over a restart, no counts on streams,
    `seq` gaps after a failed write."""
    chain = Chain(START, spacing)
    chain.event(**redaction("api.anthropic.com", "req_\u2028\u007f/<", None, [("JWT_TOKEN", "a" * 16)]))
    chain.event(**exchange(line_type="detokenization", direction="in", streaming=True, policy_hash=None))
    chain.event(line_type="detokenization", direction="in", host="api.openai.com",
                ts="2020-01-01T00:00:00.000+00:00", detok_count=1, unknown_placeholders=0, types=["JWT_TOKEN"])
    chain.checkpoint()
    chain.seq += 3
    chain.moment -= datetime.timedelta(hours=1)
    chain.event(line_type="warn", warn="sse_degraded_mode", block_idx=0, reason="buffer exceeded 1048576 bytes")
    chain.event(line_type="future", n=123456789012345678901234567890, f=1e-07, g=[2.0, 1e16, -0.0],
                deep={"\U00010000": 1, "\uffff": {"b": True, "a": None}}, control="\x00\x1f\b\f\n\r\t\"\\")
    chain.event(line_type="rotation", archive_path="/var/log/waterwall/x", reason="rotate-chain")
    chain.checkpoint()
    chain.event(**redaction("api.anthropic.com", None, None, []))
    chain.save(name)


def spaced(line):
    """Another spelling of the same value: spaces, other key order, \\uXXXX."""
    return json.dumps(dict(reversed(line.items())))


def canonical_vectors():
    texts = [
        "{}", "[]", "null", "true", " [ 1 , 2 ] ", '""', "0", "-0", "-12", "1.0", "2.50", "1e2", "1E+2", "-0.0",
        "1e-7", "1e16", "1e15", "123456789012345.6", "0.0001", "0.00001", "1.5e300", "5e-324", "0.1",
        "1.7976931348623157e308", "9007199254740993", "123456789012345678901234567890", "-18446744073709551616",
        '{"b":1,"a":2}', '{"\\ud800\\udc00":1,"\\uffff":2,"\\ue000":3}', '{"a":{"z":[],"y":{}},"B":1,"_":0}',
        '"\\u0000\\u0001\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f\\u007f\\u0080"', '"\\/\\\\\\""', '"<>&\'"',
        '"\\u2028\\u2029"', '"\u00e9\u4e2d\U0001f600"', '"\\ud83d\\ude00"', '{"\\u0061":1}', "[[[[[[]]]]]]",
        '{"avg_redactions_per_request":2.0,"n":3.3333333333333335}',
    ]
    pick = random.Random(7)
    for _ in range(200):
        value = struct.unpack("<d", pick.randbytes(8))[0]
        if value == value and abs(value) != float("inf"):
            texts.append(repr(value))
    texts += [repr(pick.randrange(1, 10**6) * 10.0 ** pick.randrange(-9, 20)) for _ in range(100)]
    cases = [{"input": text, "canonical": canonical(json.loads(text)),
              "sha256": digest(canonical(json.loads(text))).hexdigest()} for text in texts]
    (HERE / "canonical.json").write_text(json.dumps(cases, indent=1) + "\n")


def main():
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (HERE / "test.pub").write_bytes(public)
    canonical_vectors()
    waterwall()
    predecessor("predecessor.jsonl", None)
    predecessor("predecessor-spaced.jsonl", spaced)


if __name__ == "__main__":
    main()
