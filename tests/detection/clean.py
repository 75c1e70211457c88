"""The corpus without secrets: public text, of pinned packages and of what Debian documents on this machine.

There are several sets of packages: rules are changed by what one shows, and judged by another.

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
# Set, registry, name, version.
PACKAGES = Path(__file__).with_name("public.tsv")
DEBIAN = Path("/usr/share/doc")
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY|PuTTY-User-Key-File-|AGE-SECRET-KEY-1[02-9A-Z]{20}")
LARGEST = 20_000_000


def gather(directory: Path, number: str) -> dict[str, int]:
    """Fills an empty directory with a set; returns the bytes that came from each source."""
    work = directory.parent / f"packages-{number}"
    work.mkdir(exist_ok=True)
    rows = [line.split("\t") for line in PACKAGES.read_text().splitlines() if not line.startswith("#")]
    named = {kind: [(name, version) for group, registry, name, version in rows if (group, registry) == (number, kind)]
             for kind in ["crates", "npm", "pypi"]}
    sources = {"npm": _npm(work, named["npm"]), "pypi": _pypi(work, named["pypi"])}
    if number == "1":
        sources |= {"crates": _locked_crates(), "debian": DEBIAN}
    elif named["crates"]:
        sources["crates"] = _crates(work, named["crates"])
    return {name: _copy(source, directory / name) for name, source in sources.items()}


def sample(directory: Path, into: Path, megabytes: int) -> int:
    """Links about as much as asked for of every source, chosen by the hash of the path; returns the bytes."""
    taken = 0
    sources = sorted(directory.iterdir())
    for source in sources:
        room = megabytes * 1_000_000 // len(sources)
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


def _locked_crates() -> list[Path]:
    """The sources of what Cargo.lock names."""
    subprocess.run(["cargo", "fetch", "--locked", "--quiet"], cwd=ROOT, check=True)
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "registry/src"
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    names = sorted(f"{package['name']}-{package['version']}" for package in packages if "source" in package)
    return [path for name in names for path in home.glob(f"*/{name}")]


def _crates(work: Path, named: list[tuple[str, str]]) -> Path:
    """Some crates and all that they depend on."""
    package, vendored = work / "crates", work / "crates/vendor"
    if not vendored.exists():
        (package / "src").mkdir(parents=True, exist_ok=True)
        (package / "src/lib.rs").touch()
        dependencies = "".join(f'{name} = "={version}"\n' for name, version in named)
        head = '[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n'
        (package / "Cargo.toml").write_text(head + dependencies)
        subprocess.run(["cargo", "vendor", "--quiet", "vendor"], cwd=package, check=True, stdout=subprocess.DEVNULL)
    return vendored


def _npm(work: Path, named: list[tuple[str, str]]) -> Path:
    package = work / "npm-packages"
    if not (package / "packages").exists():
        package.mkdir(exist_ok=True)
        (package / "package.json").write_text("{}")
        install = ["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"]
        subprocess.run([*install, *(f"{name}@{version}" for name, version in named)], cwd=package, check=True)
        (package / "node_modules").rename(package / "packages")
    return package


def _pypi(work: Path, named: list[tuple[str, str]]) -> Path:
    wheels, unpacked = work / "wheels", work / "pypi-packages"
    if not unpacked.exists():
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", wheels]
        subprocess.run([*download, *(f"{name}=={version}" for name, version in named)], check=True)
        for wheel in sorted(wheels.glob("*.whl")):
            zipfile.ZipFile(wheel).extractall(unpacked)
        shutil.rmtree(wheels)
    return unpacked
