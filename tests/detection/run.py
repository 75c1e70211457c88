#!/usr/bin/env python3
"""Compares `waterwall scan` with other secret scanners, in one run on the same two corpora.

Installs the others at pinned versions, makes a corpus with planted secrets (planted.py) and one without (clean.py),
runs every tool on both with its defaults, and prints a table: recall per class of format, false positives per MB,
and what it cost. `--docs` writes the table into docs/detection.md.
"""

import argparse
import datetime
import os
import shutil
import tempfile
from pathlib import Path

import clean
import findings
import planted
import table
import tools

ROOT = Path(__file__).parents[2]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "waterwall-detection"
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/waterwall", help="the waterwall to measure, a release build")
    parser.add_argument("--work", type=Path, default=cache, help="where tools and public text are kept from run to run")
    parser.add_argument("--seed", type=int, default=1, help="of the planted corpus")
    parser.add_argument("--per-kind", type=int, default=8, help="surroundings for every format")
    parser.add_argument("--text", default="1", help="which set of public text, see public.tsv")
    parser.add_argument("--megabytes", type=int, default=60, help="public text that all tools scan")
    parser.add_argument("--only", nargs="*", choices=tools.ALL, default=tools.ALL, metavar="TOOL", help="beside waterwall itself")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/detection.md")
    parser.add_argument("--misses", type=Path, help="write what waterwall misses and what it reports falsely, masked, to this file")
    return parser.parse_args()


def public_text(work: Path, number: str) -> Path:
    """The corpus without secrets, made once."""
    directory = work / ("clean" if number == "1" else f"clean-{number}")
    if not directory.exists():
        unfinished = work / "clean-unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        clean.gather(unfinished, number)
        unfinished.rename(directory)
    return directory


def main() -> None:
    options = arguments()
    work = options.work.resolve()
    names = [name for name in tools.ALL if name == "waterwall" or name in options.only]
    installed = tools.install(work / "tools", names, options.binary.resolve())
    everything = public_text(work, options.text)
    with tempfile.TemporaryDirectory(dir=work, prefix="run-") as name:
        scratch = Path(name)
        secrets, text = scratch / "secrets", scratch / "text"
        secrets.mkdir()
        labels = planted.write(secrets, options.seed, options.per_kind)
        megabytes = clean.sample(everything, text, options.megabytes) / 1e6
        part = scratch / "part"
        part_megabytes = clean.sample(everything, part, options.megabytes // 8) / 1e6
        results = []
        for tool in installed:
            found, false = tool.run(secrets, scratch), tool.run(part if tool.slow else text, scratch)
            results.append(findings.score(tool, labels, found, false, part_megabytes if tool.slow else megabytes))
            print(f"{tool.name}: {results[-1].summary()}", flush=True)
            if tool.name == "waterwall":
                whole = findings.whole(tool.run(everything, scratch), everything)
                if options.misses:
                    options.misses.write_text(findings.details(results[-1], labels, secrets, whole, everything))
    made = {"date": datetime.date.today(), "seed": options.seed, "secrets": len(labels), "megabytes": megabytes}
    rendered = table.render(results, whole, made)
    print(rendered)
    if options.docs:
        table.replace(ROOT / "docs/detection.md", rendered)


if __name__ == "__main__":
    main()
