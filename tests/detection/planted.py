"""The corpus with secrets: one file each, and a label for every secret planted."""

import json
import random
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import draw
import structures
from structures import CLOSE, OPEN
from surroundings import ANYWHERE, NAMED, camel

TABLE = Path(__file__).with_name("kinds.tsv")
CLASSES = ["anchored", "infix", "structural", "context", "encoded"]


@dataclass(frozen=True)
class Planted:
    """A secret's place: offsets in bytes, lines from 1, both ends inclusive for lines only."""
    file: str
    group: str
    kind: str
    start: int
    end: int
    first_line: int
    last_line: int


def rows() -> list[tuple[str, str, str]]:
    lines = TABLE.read_text().splitlines()
    return [tuple(line.split("\t")) for line in lines if not line.startswith("#")]


def write(directory: Path, seed: int, per_kind: int) -> list[Planted]:
    """Writes the corpus into an empty directory."""
    rng = random.Random(seed)
    labels = []
    for group, kind, name, text in _documents(rng, per_kind):
        labels += _plant(directory, f"{len(labels):05}", group, kind, name, text)
    return labels


def _documents(rng: random.Random, per_kind: int):
    table = rows()
    for group, kind, pattern in table:
        surroundings = NAMED if group == "context" else ANYWHERE
        for name, text in rng.sample(surroundings, min(per_kind, len(surroundings))):
            yield group, kind, name, _fill(text, _beside(group, kind, rng), draw.secret(pattern, rng))
    for build in structures.STRUCTURES:
        for _ in range(per_kind):
            yield "structural", build.__name__, structures.NAMES.get(build, "sample.txt"), build(rng)
    known = [pattern for group, _, pattern in table if group != "context"]
    for build in structures.ENCODED:
        for _ in range(2 * per_kind):
            text = build(rng, draw.secret(rng.choice(known), rng))
            yield "encoded", build.__name__, "sample.txt", text


def _beside(group: str, kind: str, rng: random.Random) -> str:
    """The name beside the secret: a telling one, or one that says nothing."""
    if group == "context":
        return kind
    return rng.choice([kind.lower(), "value", "first_setting", "item"])


def _fill(text: str, name: str, secret: str) -> str:
    title = camel(name)[:1].upper() + camel(name)[1:]
    for hole, value in [("{NAME}", name.upper()), ("{name}", name), ("{camel}", camel(name)), ("{Camel}", title),
                        ("{S}", f"{OPEN}{secret}{CLOSE}"), ("{J}", f"{OPEN}{json.dumps(secret)[1:-1]}{CLOSE}"),
                        ("{U}", f"{OPEN}{urllib.parse.quote(secret, safe='')}{CLOSE}")]:
        text = text.replace(hole, value)
    return text


def _plant(directory: Path, number: str, group: str, kind: str, name: str, text: str) -> list[Planted]:
    file = f"{number}/{name}"
    clean, labels = "", []
    for index, part in enumerate(text.split(OPEN)):
        secret, _, rest = part.partition(CLOSE) if index else ("", "", part)
        start, first = len(clean.encode()), clean.count("\n") + 1
        if index:
            end, last = start + len(secret.encode()), first + secret.count("\n")
            labels.append(Planted(file, group, kind, start, end, first, last))
        clean += secret + rest
    path = directory / file
    path.parent.mkdir()
    path.write_text(clean, newline="")
    return labels
