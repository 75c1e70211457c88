"""Installs the pinned clients, from the package registries that pip and npm are set up for."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LISTS = ["requirements.txt", "package.json"]


def install(directory):
    """Installs into `directory`, unless what is there comes from the same lists; returns the two folders."""
    python, node = directory / "python", directory / "node"
    stamp = directory / "installed"
    lists = b"".join((HERE / name).read_bytes() for name in LISTS)
    wanted = hashlib.sha256(lists + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(directory, ignore_errors=True)
        node.mkdir(parents=True)
        # A folder of its own needs neither a virtual environment nor the system's consent; the list is complete.
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        pip += ["--root-user-action=ignore", "--target", python]
        subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
        shutil.copy(HERE / "package.json", node)
        npm = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(npm, cwd=node, check=True)
        stamp.write_text(wanted)
    return python, node
