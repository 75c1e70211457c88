"""A guide as a reader takes it: files to write, commands to run, one way after the other.

The conventions, all of them visible on the page:

- a line that is nothing but a name in backquotes and a colon, before a fenced block: write that file;
- a block marked `sh`: run it;
- any other block: read it;
- what stands before the first `##` heading is for every way; each `##` section with an `sh` block is one way.
"""

import re
from dataclasses import dataclass, field

FENCE = re.compile(r"(?:^`(?P<file>[^`\n]+)`:\n\n?)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)


@dataclass
class Way:
    """One way through a guide. `files` are (name, text), names as on the page; `commands` are for one shell."""

    title: str
    files: list = field(default_factory=list)
    commands: list = field(default_factory=list)


def ways(text):
    """The ways of a page, each with what stands before the first section."""
    head, *sections = re.split(r"^## ", text, flags=re.M)
    before = read("", head)
    found = []
    for section in sections:
        title, _, body = section.partition("\n")
        way = read(title.strip(), body)
        if way.commands:
            found.append(Way(way.title, before.files + way.files, before.commands + way.commands))
    return found


def read(title, text):
    way = Way(title)
    for block in FENCE.finditer(text):
        if block["file"]:
            way.files.append((block["file"], block["text"]))
        elif block["language"] == "sh":
            way.commands.append(block["text"])
    return way
