"""The agents that the guides have beyond those of tests/clients, pinned, into `target/guides`."""

import subprocess
import sys
import time

GEMINI = "@google/gemini-cli@0.61.0"
# It pins what it pulls in itself.
AIDER = "aider-chat==0.86.2"


def install(directory, until):
    """Installs each unless it is there; returns the folders of programs, and what could not be installed.

    A registry that hangs is one that is out of reach: nothing is waited for after `until`, a time."""
    node, aider = directory / "node", directory / "aider"
    folders = {"gemini": node / "node_modules" / ".bin", "aider": aider / "bin"}
    npm = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error", "--omit=optional"]
    pip = [aider / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", AIDER]
    steps = {
        "gemini": (node, [[*npm, GEMINI]]),
        "aider": (aider, [[sys.executable, "-m", "venv", "."], pip]),
    }
    missing = {}
    for name, (folder, commands) in steps.items():
        if (folders[name] / name).exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for command in commands:
                subprocess.run(command, cwd=folder, check=True, timeout=max(1, until - time.time()))
        except (subprocess.SubprocessError, OSError) as error:
            missing[name] = str(error)
    return list(folders.values()), missing
