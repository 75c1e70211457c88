"""The corpus without secrets: public text, of pinned packages and of what Debian documents on this machine.

Left out are binary files and files that hold a private key: test keys in public packages are real credentials to
any scanner. Everything else that a tool reports here counts as false, documented example keys included.
"""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
NPM = ["typescript@5.6.3", "react-dom@18.3.1", "lodash@4.17.21", "express@4.21.1", "webpack@5.95.0", "eslint@9.13.0",
       "vue@3.5.12", "three@0.169.0", "rxjs@7.8.1", "prettier@3.3.3", "@babel/core@7.26.0", "aws-sdk@2.1692.0",
       "stripe@17.3.0", "firebase@11.0.1", "bootstrap@5.3.3", "highlight.js@11.10.0"]
PYPI = ["django==5.1.2", "sqlalchemy==2.0.36", "requests==2.32.3", "botocore==1.35.50", "boto3==1.35.50", "sphinx==8.1.3",
        "ansible-core==2.17.5", "scipy==1.14.1", "pandas==2.2.3", "sympy==1.13.3", "azure-storage-blob==12.23.1",
        "google-api-python-client==2.149.0", "twilio==9.3.6", "cryptography==43.0.3", "jupyterlab==4.2.5"]
DEBIAN = Path("/usr/share/doc")
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY|PuTTY-User-Key-File-|AGE-SECRET-KEY-1[02-9A-Z]{20}")
LARGEST = 20_000_000


def gather(directory: Path) -> dict[str, int]:
    """Fills an empty directory; returns the bytes that came from each source."""
    sources = {"crates": _crates(), "npm": _npm(directory.parent), "pypi": _pypi(directory.parent), "debian": DEBIAN}
    return {name: _copy(source, directory / name) for name, source in sources.items()}


def sample(directory: Path, into: Path, megabytes: int) -> int:
    """Links about as much as asked for of every source, chosen by the hash of the path; returns the bytes."""
    taken = 0
    for source in sorted(directory.iterdir()):
        room = megabytes * 1_000_000 // 4
        for file in sorted(_files(source), key=lambda file: _hash(str(file.relative_to(directory)))):
            size = file.stat().st_size
            if size > room:
                continue
            room -= size
            taken += size
            target = into / file.relative_to(directory)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, target)
    return taken


def _copy(source: Path | list[Path], target: Path) -> int:
    copied = 0
    for root in source if isinstance(source, list) else [source]:
        for file in _files(root):
            if file.stat().st_size > LARGEST:
                continue
            opened = gzip.open(file) if file.suffix == ".gz" else file.open("rb")
            try:
                with opened:
                    text = opened.read()
            except (OSError, EOFError):
                continue
            if b"\0" in text[:8000] or PRIVATE_KEY.search(text):
                continue
            # Dots and a name like node_modules would make some tools pass over it.
            parts = [part.lstrip(".") or "_" for part in file.relative_to(root).parts]
            path = target.joinpath(root.name, *parts).with_name(parts[-1].removesuffix(".gz"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
            copied += len(text)
    return copied


def _files(root: Path):
    for directory, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            path = Path(directory, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _crates() -> list[Path]:
    """The sources of what Cargo.lock names."""
    subprocess.run(["cargo", "fetch", "--locked", "--quiet"], cwd=ROOT, check=True)
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "registry/src"
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    names = sorted(f"{package['name']}-{package['version']}" for package in packages if "source" in package)
    return [path for name in names for path in home.glob(f"*/{name}")]


def _npm(work: Path) -> Path:
    package = work / "npm-packages"
    if not (package / "package-lock.json").exists():
        package.mkdir(exist_ok=True)
        (package / "package.json").write_text("{}")
        subprocess.run(["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", *NPM], cwd=package, check=True)
        (package / "node_modules").rename(package / "packages")
    return package


def _pypi(work: Path) -> Path:
    wheels, unpacked = work / "wheels", work / "pypi-packages"
    if not unpacked.exists():
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", wheels, *PYPI], check=True)
        for wheel in sorted(wheels.glob("*.whl")):
            zipfile.ZipFile(wheel).extractall(unpacked)
        shutil.rmtree(wheels)
    return unpacked
