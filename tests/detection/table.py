"""The result as Markdown."""

from pathlib import Path

from findings import Score, Whole
from planted import CLASSES

BEGIN, END = "<!-- measured: written by tests/detection/run.py --docs -->", "<!-- /measured -->"
BARS = {"anchored": 95, "structural": 85, "context": 75}


def render(results: list[Score], whole: Whole, made: dict) -> str:
    """Everything between the marks in docs/detection.md."""
    totals = results[0].totals
    head = ["tool", *(f"{group} ({totals[group]})" for group in CLASSES), "all", "false per MB", "wall s", "CPU s", "MB per core-second"]
    lines = [f"Measured {made['date']}, seed {made['seed']}: {made['secrets']} planted secrets, recall in percent by class "
             f"(how many in brackets); {made['megabytes']:.0f} MB of public text without secrets.", "",
             _row(head), _row(["---", *["---:"] * (len(head) - 1)])]
    lines += [_row(_cells(result)) for result in results]
    bars = [f"≥ {BARS[group]}" if group in BARS else "" for group in CLASSES]
    lines.append(_row(["*bar for waterwall*", *bars, "", "≤ 0.05", "", "", ""]))
    slow = [f"{result.tool.name} read {result.megabytes:.0f} MB of the text, for its time." for result in results if result.tool.slow]
    lines += ["", " ".join([_alone(results, whole), *slow])]
    return "\n".join(line.rstrip() for line in lines)


def _cells(result: Score) -> list[str]:
    return [f"{result.tool.name} {result.tool.version}", *(f"{result.recall(group):.1f}" for group in CLASSES), f"{result.overall():.1f}",
            f"{result.false_per_megabyte():.3f}", f"{result.wall:.1f}", f"{result.cpu:.1f}", f"{result.megabytes / result.cpu:.1f}"]


def _alone(results: list[Score], whole: Whole) -> str:
    """What can be said of waterwall only, which tells offsets and is fast enough for all of the text."""
    ours = next(result for result in results if result.tool.name == "waterwall")
    hits, false = sum(ours.hits.values()), len(whole.run.findings)
    return (f"Of the {hits} secrets that waterwall found by line, its span covers {100 * ours.whole / hits:.1f} % whole. On all "
            f"{whole.megabytes:.0f} MB of the public text it reports {false} ({false / whole.megabytes:.3f} per MB), in {whole.run.wall:.1f} s "
            f"wall and {whole.run.cpu:.1f} s CPU: {whole.megabytes / whole.run.cpu:.0f} MB per core-second, files and all.")


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def replace(file: Path, text: str) -> None:
    """Puts the text between the marks of a document."""
    before, rest = file.read_text().split(BEGIN)
    after = rest.split(END)[1]
    file.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
