"""The agents that the guides have beyond those of tests/clients, pinned, into `target/guides`."""

import subprocess
import sys

GEMINI = "@google/gemini-cli@0.61.0"
# It pins what it pulls in itself.
AIDER = "aider-chat==0.86.2"
# A registry that hangs is one that is out of reach.
PATIENCE = 900


def install(directory):
    """Installs each unless it is there; returns the folders of programs, and what could not be installed."""
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
                subprocess.run(command, cwd=folder, check=True, timeout=PATIENCE)
        except (subprocess.SubprocessError, OSError) as error:
            missing[name] = str(error)
    return list(folders.values()), missing
