"""The processes of a test: an echo provider, and a gateway in front of it."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

CONFIG = """\
listen: 127.0.0.1:{listen}
admin: {{ listen: 127.0.0.1:{admin} }}
state_dir: {state}
kill_switch: {{ armed: false, sentinel: {kill}, refusal_status: {refusal} }}
upstreams:
  - {{ host: api.anthropic.com, dialect: anthropic, prefix: /anthropic, url: "{echo}" }}
  - {{ host: api.openai.com, dialect: openai, prefix: /openai, url: "{echo}" }}
"""


# How long a process may take to begin or to end, on a machine as busy as it likes.
PATIENCE = 180


class Failure(Exception):
    """A check that failed; its text is all that is to be said."""


class Stack:
    """An echo provider in the given mode and, unless `gateway` is None, a gateway in front of it.

    Everything lives in a directory of its own. Leaving the `with` block ends the processes, and
    checks that the gateway ends well.
    """

    def __init__(self, echo, gateway, *echo_arguments, refusal=502, extra=""):
        self.refusal, self.extra = refusal, extra
        self.echo_command = [echo, *echo_arguments]
        self.gateway = gateway
        self.processes = []

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="waterwall-clients-")
        self.path = Path(self.directory.name)
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def start(self):
        echo = self.spawn(self.echo_command, stdout=subprocess.PIPE, text=True)
        self.echo_url = echo.stdout.readline().strip()
        if self.gateway is None:
            self.anthropic, self.openai = self.echo_url, f"{self.echo_url}/v1"
            return
        listen, admin = free_ports(2)
        self.state, self.kill = self.path / "state", self.path / "kill"
        self.config = self.path / "waterwall.yaml"
        self.config.write_text(CONFIG.format(
            listen=listen, admin=admin, state=self.state, kill=self.kill, refusal=self.refusal, echo=self.echo_url
        ) + self.extra)
        self.log = self.path / "gateway.log"
        with self.log.open("wb") as log:
            run = [self.gateway, "run", "--config", self.config]
            self.gateway_process = self.spawn(run, stdout=log, stderr=log, env={**os.environ, "RUST_LOG": "trace"})
        base = f"http://127.0.0.1:{listen}"
        self.anthropic, self.openai = f"{base}/anthropic", f"{base}/openai/v1"
        self.wait_for_announcement()

    def spawn(self, command, **options):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def wait_for_announcement(self):
        """Waits until the gateway says that it serves. Its ports are bound long before, and its log is not there yet."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.gateway_process.poll() is None:
            if "admin: http://" in self.log.read_text():
                return
            time.sleep(0.05)
        raise Failure(f"the gateway does not serve:\n{self.log.read_text()[-4000:]}")

    def requests(self):
        """What the provider received since the last `reset`."""
        with urllib.request.urlopen(f"{self.echo_url}/__requests") as answer:
            return json.load(answer)

    def refusals(self):
        """How many requests the kill switch has refused, by the audit log."""
        return (self.state / "audit" / "proxy.jsonl").read_text().count('"line_type":"killswitch"')

    def reset(self):
        urllib.request.urlopen(f"{self.echo_url}/__reset", data=b"").close()

    def end_gateway(self):
        """Ends the gateway as an init system would; returns its exit code."""
        self.gateway_process.send_signal(signal.SIGTERM)
        return self.gateway_process.wait(PATIENCE)

    def traces(self):
        """Everything that the gateway wrote: its log and the files of its state directory, by name."""
        files = [self.log, *(path for path in self.state.rglob("*") if path.is_file())]
        return {str(path.relative_to(self.path)): path.read_bytes() for path in files}

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        self.directory.cleanup()

    def __exit__(self, *_):
        self.stop()


def free_ports(count):
    """Ports that nothing listens on. Another process could take one before the gateway does; then it says so."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
