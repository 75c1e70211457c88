#!/usr/bin/env python3
"""Which TLS clients take what the gateway signs, and refuse what a thief of its CA key could sign.

    tests/clients/reach.py [--waterwall FILE --echo FILE]

Each client talks to a listed host through the gateway, and to a host that is not listed through a blind tunnel, which
shows its own certificate. Then it meets a server whose leaf was signed with the gateway's own CA key: for an IP
address, for a foreign name, for both a listed and a foreign one; all have to be refused. The same leaves, signed by an
authority without constraints, have to be taken: so it is the constraints that refuse.
"""

import argparse
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import run as runner
from install import install
from stack import Failure, Stack

HERE = Path(__file__).parent
NAMES = {"address": "IP:127.0.0.1", "foreign": "DNS:localhost", "mixed": "DNS:api.anthropic.com,DNS:localhost"}
UNLISTED = "unlisted.test"
PUBLIC = "1.2.3.4"  # the gateway tunnels to no other addresses; in a network of our own it is loopback's
INSIDE = "WATERWALL_TEST_NETWORK"
URLS = {"address": "https://127.0.0.1:{}/", "foreign": "https://localhost:{}/", "mixed": "https://localhost:{}/"}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that refuses is what is wanted; its own words are looked at."""


def enter_own_network():
    """Starts this program once more in a network in which UNLISTED is this machine; False where none can be made."""
    if INSIDE in os.environ:
        return True
    hosts = f"printf '127.0.0.1 localhost\\n{PUBLIC} {UNLISTED}\\n'"
    script = f'ip link set lo up && ip address add {PUBLIC}/32 dev lo && {hosts} >$HOSTS && mount --bind $HOSTS /etc/hosts'
    script += ' && rm $HOSTS && exec "$0" "$@"'
    script = f"HOSTS=$(mktemp) && {script}"
    unshare = ["unshare", "-nm" if os.geteuid() == 0 else "-rnm", "sh", "-c", script]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], capture_output=True).returncode:
        return False
    os.environ[INSIDE] = "1"
    os.execvp("unshare", [*unshare, sys.executable, *sys.argv])


def serve(certificate, key, address="127.0.0.1"):
    """An HTTPS server on a free port of loopback, with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server((address, 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=180)
    if done.returncode:
        raise Failure(f"openssl {arguments[0]}: {done.stderr}")


class Forge:
    """Signs leaves with a CA's key, as a thief of it could."""

    def __init__(self, directory):
        self.directory = directory
        self.key = directory / "leaf.key"
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(self.key))

    def authority(self):
        """One without constraints."""
        certificate, key = self.directory / "open.pem", self.directory / "open.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9",
                "-subj", "/CN=open", "-keyout", str(key), "-out", str(certificate),
                "-addext", "keyUsage=critical,keyCertSign", "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0")
        return certificate, key

    def leaf(self, name, subject, authority, key):
        request, extensions = self.directory / f"{name}.csr", self.directory / f"{name}.ext"
        certificate = self.directory / f"{name}.pem"
        extensions.write_text(
            f"subjectAltName={subject}\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n"
            "basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        )
        openssl("req", "-new", "-key", str(self.key), "-subj", "/O=thief", "-out", str(request))
        openssl("x509", "-req", "-in", str(request), "-CA", str(authority), "-CAkey", str(key), "-CAcreateserial",
                "-days", "5", "-extfile", str(extensions), "-out", str(certificate))
        return certificate


class Clients:
    """The commands, and the variables with which each is told its proxy and its roots."""

    def __init__(self, options, directory):
        self.python, self.node = install(options.clients.resolve())
        self.commands = {"curl": ["curl", "--silent", "--show-error", "--fail", "--output", os.devnull,
                                  "--write-out", "%{http_code}\n"]}
        for kind in ("strict", "requests", "httpx"):
            self.commands[f"python {kind}"] = [sys.executable, HERE / "reach" / "client.py", kind]
        for kind in ("https", "undici"):
            self.commands[f"node {kind}"] = ["node", HERE / "reach" / "client.mjs", kind]
        if shutil.which("go"):
            program = directory / "client"
            cache = {"GOCACHE": str(directory / "go"), "GO111MODULE": "off"}
            build = ["go", "build", "-o", program, HERE / "reach" / "client.go"]
            subprocess.run(build, check=True, env={**os.environ, **cache})
            self.commands["go"] = [program]

    def ask(self, name, url, roots, proxy=None):
        """The status, or what the client said instead."""
        variables = {"SSL_CERT_FILE": roots, "REQUESTS_CA_BUNDLE": roots, "CURL_CA_BUNDLE": roots,
                     "NODE_EXTRA_CA_CERTS": roots, "PYTHONPATH": self.python}
        if proxy:
            variables |= {"HTTPS_PROXY": proxy, "https_proxy": proxy}
        clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
        environment = {**clean, **{key: str(value) for key, value in variables.items()}}
        done = subprocess.run([*self.commands[name], url], capture_output=True, text=True, timeout=180,
                              cwd=self.node, env=environment)
        return done.stdout.strip() if done.returncode == 0 else (done.stderr or done.stdout)


class Reach:
    """Asks every client, and counts."""

    def __init__(self, stack, clients, forge, unconstrained):
        self.clients, self.forge = clients, forge
        self.proxy = stack.anthropic.removesuffix("/anthropic")
        self.ours, self.key = stack.state / "ca.pem", stack.state / "ca.key"
        self.open, self.open_key = unconstrained
        self.passed = self.failed = 0

    def expect(self, what, said, right):
        if right:
            self.passed += 1
            print(f"ok {what}", flush=True)
        else:
            self.failed += 1
            print(f"FAILED {what}: {said}", flush=True)

    def accepted(self, name, what, said):
        self.expect(f"{name}: {what} is taken", said, said == "200")

    def refused(self, name, what, said):
        # By its verifier, and not because of something else that went wrong.
        why = said.lower()
        words = ("certificate", "permitted subtree", "excluded subtree", "constraint", "self-signed")
        self.expect(f"{name}: {what} is refused", said, said != "200" and any(word in why for word in words))

    def listed(self):
        for name in self.clients.commands:
            said = self.clients.ask(name, "https://api.anthropic.com/v1/models", self.ours, self.proxy)
            self.accepted(name, "a listed host", said)

    def unlisted(self, port):
        for name in self.clients.commands:
            said = self.clients.ask(name, f"https://{UNLISTED}:{port}/", self.open, self.proxy)
            self.accepted(name, "the own certificate of a host that is not listed", said)

    def stolen(self):
        for kind, subject in NAMES.items():
            genuine = serve(self.forge.leaf(f"{kind}-open", subject, self.open, self.open_key), self.forge.key)
            forged = serve(self.forge.leaf(f"{kind}-ours", subject, self.ours, self.key), self.forge.key)
            for name in self.clients.commands:
                self.accepted(name, f"{kind}, unconstrained,", self.clients.ask(name, URLS[kind].format(genuine), self.open))
                self.refused(name, kind, self.clients.ask(name, URLS[kind].format(forged), self.ours))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waterwall", type=Path, help="the gateway's binary")
    parser.add_argument("--echo", type=Path, help="the echo provider's binary")
    parser.add_argument("--clients", type=Path, default=runner.ROOT / "target" / "clients", help="where they are installed")
    options = parser.parse_args()
    runner.build(options)
    install(options.clients.resolve())  # while there is a network
    isolated = enter_own_network()
    with tempfile.TemporaryDirectory(prefix="waterwall-reach-") as directory:
        forge = Forge(Path(directory))
        certificate, key = forge.authority()
        unlisted = forge.leaf("unlisted", f"DNS:{UNLISTED}", certificate, key)
        port = serve(unlisted, forge.key, PUBLIC) if isolated else 443
        extra = f"forward: {{ tunnel_ports: [{port}] }}\n"
        with Stack(options.echo.resolve(), options.waterwall.resolve(), extra=extra) as stack:
            reach = Reach(stack, Clients(options, Path(directory)), forge, (certificate, key))
            reach.listed()
            if isolated:
                reach.unlisted(port)
            else:
                print("left out: a host that is not listed needs a network namespace of its own")
            reach.stolen()
    print(f"{reach.passed} passed, {reach.failed} failed")
    return 1 if reach.failed else 0


if __name__ == "__main__":
    sys.exit(main())
