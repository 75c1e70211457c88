#!/usr/bin/env python3
"""Runs official SDKs and real coding agents through the gateway, against the echo provider.

    tests/clients/run.py [--only NAME,NAME] [--direct] [--waterwall FILE --echo FILE]

It installs the pinned clients itself (into target/clients) and builds what it is not given. Each part
asserts that the provider never received a made-up secret and that the client got it back byte for
byte. `--direct` leaves the gateway out, to see whether clients and echo provider understand each other.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import agents
import made_secrets
from install import install
from stack import PATIENCE, Failure, Stack

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SDKS = ["sdk-python", "sdk-node"]
SDK_TIMEOUT = 900

# How often each agent may ask an armed switch: somewhat more often than docs/kill-switch.md has it, and far less than
# one that retries for as long as it likes.
MOST_TRIES = {"claude": 6, "claude-launched": 0, "codex": 15, "codex-login": 15, "codex-builtin": 60, "opencode": 14}

# A placeholder of the gateway's; the texts of the SDK tests have one of somebody else's, too.
PLACEHOLDER = re.compile(r"<pl:(?!NOT_OURS)[A-Z0-9_]+:[0-9a-f]{16}>")

# How the provider cuts its streams, as request headers for it.
CUTS = {
    "1 character": {"x-echo-delta": "1"},
    "5 characters": {"x-echo-delta": "5"},
    "whole": {"x-echo-delta": "all"},
    "5 characters in 1-byte chunks": {"x-echo-delta": "5", "x-echo-chunk": "1"},
    "3 characters, CRLF, pings": {"x-echo-delta": "3", "x-echo-newline": "crlf", "x-echo-pings": "on"},
    "5 characters, HTML escapes": {"x-echo-delta": "5", "x-echo-escape": "html"},
    "5 characters, ASCII, gzip": {"x-echo-delta": "5", "x-echo-escape": "ascii", "x-echo-encoding": "gzip"},
}


class Runner:
    """Runs the parts and counts them."""

    def __init__(self, options):
        self.options = options
        self.python, self.node = install(options.clients)
        self.gateway = None if options.direct else options.waterwall
        self.passed = self.failed = 0

    def part(self, name, act, *arguments):
        started = time.monotonic()
        try:
            note = act(*arguments)
        except Failure as failure:
            self.failed += 1
            print(f"FAILED {name}: {failure}", flush=True)
        else:
            self.passed += 1
            print(f"ok {name}{note} ({time.monotonic() - started:.1f} s)", flush=True)

    def demo(self):
        done = subprocess.run([self.gateway, "demo"], capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0 or "The audit log says" not in done.stdout:
            raise Failure(f"exit {done.returncode}\n{done.stdout}{done.stderr}")
        return ""

    def sdks(self, names):
        with Stack(self.options.echo, self.gateway) as stack:
            secrets = made_secrets.make(key_bytes=121)
            for name in names:
                self.part(name, self.sdk, name, stack, secrets)
            self.aftermath(stack, secrets)

    def sdk(self, name, stack, secrets):
        stack.reset()
        plan = {"anthropic": stack.anthropic, "openai": stack.openai, "secrets": secrets, "cuts": CUTS}
        if name == "sdk-python":
            command, extra = [sys.executable, HERE / "sdk_python.py"], {"PYTHONPATH": str(self.python)}
        else:
            command, extra = ["node", HERE / "sdk_node.mjs"], {}
        try:
            done = subprocess.run(
                command,
                input=json.dumps(plan),
                cwd=self.node,
                env={**os.environ, **extra},
                capture_output=True,
                text=True,
                timeout=SDK_TIMEOUT,
            )
        except subprocess.TimeoutExpired as late:
            raise Failure(f"took more than {SDK_TIMEOUT} s\n{late.stderr}") from None
        if done.returncode != 0:
            raise Failure(f"exit {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        self.unseen(stack, secrets)
        return f": {done.stdout.strip()} checks"

    def agents(self, names):
        with Stack(self.options.echo, self.gateway, "--mode", "agent", "--delta", "5") as stack:
            made = made_secrets.make()
            secrets = {kind: made[kind] for kind in ("aws", "pem")}
            if self.gateway is None:
                secrets = {"placeholder": "<pl:TEST:0123456789abcdef>"}
            for name in names:
                for kind, secret in secrets.items():
                    for way in agents.ways(name):
                        self.part(f"{name}, {kind}, by {way}", self.agent, name, stack, kind, secret, way)
            self.aftermath(stack, secrets)

    def agent(self, name, stack, kind, secret, way):
        stack.reset()
        binaries = self.node / "node_modules" / ".bin"
        written, transcript = agents.copy_file(name, stack, binaries, f"{secret}\n", way)
        if written.rstrip("\n") != secret:
            raise Failure(f"the file holds {written!r}. Transcript:\n{transcript}")
        self.unseen(stack, {kind: secret})
        return ""

    def kill_switch(self, names):
        """While the switch is armed, an agent's turn ends by itself, and soon: that is measured, and told."""
        for refusal in (502, 403, 400):
            with Stack(self.options.echo, self.gateway, "--mode", "agent", refusal=refusal) as stack:
                stack.kill.touch()
                for name in names:
                    self.part(f"{name}, kill switch, {refusal}", self.refused, name, stack, refusal)
                self.part("gateway: exit, chain", self.check_gateway, stack, {})

    def refused(self, name, stack, refusal):
        before = stack.refusals()
        binaries = self.node / "node_modules" / ".bin"
        transcript, seconds = agents.refused(name, stack, binaries, agents.TIMEOUT)
        count = stack.refusals() - before
        # Counted and not timed: this many tries take an agent as long as its own pauses do.
        if refusal == 502 and count > MOST_TRIES[name]:
            raise Failure(f"{count} tries, and not {MOST_TRIES[name]} at most. Transcript:\n{transcript}")
        if stack.requests():
            raise Failure(f"the provider was asked. Transcript:\n{transcript}")
        if "kill switch" not in transcript:
            raise Failure(f"it does not say why. Transcript:\n{transcript}")
        return f": over after {seconds:.1f} s and {count} refusals"

    def unseen(self, stack, secrets):
        """The provider was asked, saw placeholders, and no secret."""
        if self.gateway is None:
            return
        requests = stack.requests()
        if leaks := made_secrets.leaks(requests, secrets):
            more = f"\nand {len(leaks) - 5} more" if len(leaks) > 5 else ""
            raise Failure("\n".join(leaks[:5]) + more)
        if not any(PLACEHOLDER.search(made_secrets.plain(request)) for request in requests):
            raise Failure("the provider saw no placeholder")

    def aftermath(self, stack, secrets):
        """The gateway ends well, its chain verifies, and nothing that it wrote holds a secret."""
        if self.gateway is not None:
            self.part("gateway: exit, chain, canary", self.check_gateway, stack, secrets)

    def check_gateway(self, stack, secrets):
        code = stack.end_gateway()
        if code != 0:
            raise Failure(f"exit {code}\n{stack.log.read_text()[-3000:]}")
        chain, key = stack.state / "audit" / "proxy.jsonl", stack.state / "signing.pub"
        verdict = subprocess.run(
            [self.gateway, "verify-chain", chain, "--pubkey", key], capture_output=True, text=True, timeout=PATIENCE
        )
        if verdict.returncode != 0:
            raise Failure(f"verify-chain: exit {verdict.returncode}\n{verdict.stdout}{verdict.stderr}")
        for path, content in stack.traces().items():
            for name, secret in secrets.items():
                if any(line.encode() in content for line in secret.split("\n") if not line.startswith("-----")):
                    raise Failure(f"{path} holds {name}")
        return f": {len(chain.read_bytes().splitlines())} lines"


def build(options):
    """Builds the programs that were not given."""
    if options.waterwall and options.echo:
        return
    subprocess.run(["cargo", "build", "--locked", "--bin", "waterwall", "--example", "echo-provider"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    options.waterwall = options.waterwall or target / "debug" / "waterwall"
    options.echo = options.echo or target / "debug" / "examples" / "echo-provider"


def main():
    names = [*SDKS, *agents.AGENTS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(names), help=f"of {', '.join(names)}")
    parser.add_argument("--direct", action="store_true", help="without the gateway")
    parser.add_argument("--waterwall", type=Path, help="the gateway's binary")
    parser.add_argument("--echo", type=Path, help="the echo provider's binary")
    parser.add_argument("--clients", type=Path, default=ROOT / "target" / "clients", help="where to install")
    options = parser.parse_args()
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(names):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    options.clients = options.clients.resolve()
    build(options)
    runner = Runner(options)
    if runner.gateway is not None:
        runner.part("demo", runner.demo)
    if sdks := [name for name in SDKS if name in chosen]:
        runner.sdks(sdks)
    there = [name for name in agents.AGENTS if runner.gateway is not None or name not in agents.PROXIED]
    if crew := [name for name in there if name in chosen]:
        runner.agents(crew)
        if runner.gateway is not None:
            # `launch` does not start an agent then; tests/it holds what a CONNECT is told.
            runner.kill_switch([name for name in crew if name not in agents.PROXIED])
    print(f"{runner.passed} passed, {runner.failed} failed")
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
