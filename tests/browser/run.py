#!/usr/bin/env python3
"""A real page, in headless Chromium and on a port of its own, tries everything on both of the gateway's ports.

    tests/browser/run.py [--waterwall FILE --echo FILE] [--chromium FILE]

The provider must not see a single request of it, the kill switch must stay as it is, and the page must not be
able to read an answer. Chromium is Debian's (`apt-get install chromium`); nothing leaves the machine.
"""

import argparse
import http.server
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path
from urllib.parse import urlencode, urlsplit

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "clients"))

from stack import Failure, Stack  # noqa: E402  (it lies in the other folder)

TIMEOUT = 600


class Page(http.server.BaseHTTPRequestHandler):
    """Serves the page, whatever the path, and takes its results."""

    def do_GET(self):
        content = (HERE / "page.html").read_bytes()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self):
        self.server.results.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def browse(chromium, query, profile):
    """The page's results, once its script is done."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.results = queue.Queue()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    command = [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"]
    command += [f"--user-data-dir={profile}", f"http://127.0.0.1:{server.server_port}/?{urlencode(query)}"]
    with tempfile.TemporaryFile("w+") as output:
        environment = {**os.environ, "HOME": str(profile)}
        options = {"stdout": output, "stderr": output, "env": environment, "start_new_session": True}
        browser = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        try:
            return server.results.get(timeout=TIMEOUT)
        except queue.Empty:
            output.seek(0)
            raise Failure(f"the page did not finish:\n{output.read()[-2000:]}") from None
        finally:
            # The browser and the processes that it has started: a group of their own.
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()
            server.shutdown()


def state(admin):
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/admin/state") as answer:
        return json.load(answer)


def check(options):
    with Stack(options.echo, options.waterwall) as stack, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        agents = urlsplit(stack.anthropic).port
        admin = int(re.search(r"admin: http://127.0.0.1:(\d+)", stack.log.read_text())[1])
        token = (stack.state / "admin.token").read_text()
        results = browse(options.chromium, {"agents": agents, "admin": admin, "token": token}, profile)
        judge(results, stack.requests(), state(admin), stack.log.read_text())
        # The same requests from a program do arrive: the page was refused, and not lost.
        with urllib.request.urlopen(f"{stack.anthropic}/v1/models") as answer:
            answer.read()
        if len(stack.requests()) != 1:
            raise Failure("a program's own request did not reach the provider")
        return len(results)


def judge(results, seen, state, log):
    if "error" in results or len(results) < 40:
        raise Failure(f"the page did not try everything: {results}")
    if readable := {name: result for name, result in results.items() if result.startswith("readable")}:
        raise Failure(f"the page could read: {readable}")
    if loaded := [name for name, result in results.items() if result == "loaded" and not name.startswith("iframe")]:
        raise Failure(f"the page could load: {loaded}")
    if seen:
        raise Failure(f"the provider saw {len(seen)} requests: {[request.get('path') for request in seen]}")
    if state["killswitch"]["active"] or state["config"]["reloads"]:
        raise Failure(f"the page had its way: {state['killswitch']}, {state['config']}")
    # They did arrive at the gateway.
    if log.count("waterwall-foreign-origin") < 10:
        raise Failure(f"the gateway hardly saw the page:\n{log[-3000:]}")


def build(options):
    """Builds the programs that were not given."""
    if options.waterwall and options.echo:
        return
    command = ["cargo", "build", "--locked", "--bin", "waterwall", "--example", "echo-provider"]
    subprocess.run(command, cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    options.waterwall = options.waterwall or target / "debug" / "waterwall"
    options.echo = options.echo or target / "debug" / "examples" / "echo-provider"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waterwall", type=Path, help="the gateway's binary")
    parser.add_argument("--echo", type=Path, help="the echo provider's binary")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    options = parser.parse_args()
    if not options.chromium:
        print("browser: not checked (no chromium; `apt-get install chromium`)")
        return 0
    build(options)
    try:
        count = check(options)
    except Failure as failure:
        print(f"FAILED browser: {failure}")
        return 1
    print(f"ok browser: {count} attempts, none got through")
    return 0


if __name__ == "__main__":
    sys.exit(main())
