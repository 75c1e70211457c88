"""Compares what a tool reports with what was planted."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from planted import CLASSES, Planted
from tools import Finding, Run, Tool


@dataclass(frozen=True)
class Score:
    """How one tool did."""
    tool: Tool
    hits: dict[str, int]
    totals: dict[str, int]
    missed: list[Planted]
    # Of the secrets hit, how many a reported span covers whole; None for tools that report no offsets.
    whole: int | None
    false: list[Finding]
    megabytes: float
    wall: float
    cpu: float

    def recall(self, group: str) -> float:
        return 100 * self.hits[group] / self.totals[group]

    def overall(self) -> float:
        return 100 * sum(self.hits.values()) / sum(self.totals.values())

    def false_per_megabyte(self) -> float:
        return len(self.false) / self.megabytes

    def summary(self) -> str:
        recalls = " ".join(f"{group} {self.recall(group):.1f}" for group in CLASSES)
        return (f"{recalls}; false {len(self.false)} ({self.false_per_megabyte():.3f}/MB); "
                f"{self.wall:.1f} s wall, {self.megabytes / self.cpu:.1f} MB per core-second")


@dataclass(frozen=True)
class Whole:
    """waterwall on all of the public text."""
    megabytes: float
    run: Run


def whole(run: Run, directory: Path) -> Whole:
    return Whole(sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()) / 1e6, run)


def score(tool: Tool, labels: list[Planted], found: Run, false: Run, megabytes: float) -> Score:
    """A secret is found when a reported line is one of its lines."""
    reported = defaultdict(list)
    for finding in found.findings:
        reported[finding.file].append(finding)
    hits, totals, missed, covered = Counter(), Counter(), [], 0
    for label in labels:
        totals[label.group] += 1
        touching = [one for one in reported[label.file] if one.first_line <= label.last_line and one.last_line >= label.first_line]
        if touching:
            hits[label.group] += 1
            covered += any(one.start is not None and one.start <= label.start and one.end >= label.end for one in touching)
        else:
            missed.append(label)
    knows_spans = any(finding.start is not None for finding in found.findings)
    return Score(tool, hits, totals, missed, covered if knows_spans else None, false.findings, megabytes, false.wall, false.cpu)


def details(result: Score, labels: list[Planted], secrets: Path, whole: Whole, everything: Path) -> str:
    """What to work on, every secret masked: kinds missed, and kinds reported in text that holds none."""
    lines = [result.summary(), f"whole secrets covered: {result.whole} of {sum(result.hits.values())}", "", "MISSED, by class and kind (missed/planted)"]
    totals, missed = Counter((label.group, label.kind) for label in labels), defaultdict(list)
    for label in result.missed:
        missed[label.group, label.kind].append(label)
    for (group, kind), some in sorted(missed.items(), key=lambda item: (CLASSES.index(item[0][0]), -len(item[1]))):
        lines.append(f"{group} {kind} {len(some)}/{totals[group, kind]}")
        lines += [f"    {label.file.split('/')[1]}: {_line(secrets / label.file, label.start, label.end)}" for label in some[:3]]
    kinds = defaultdict(list)
    for finding in whole.run.findings:
        kinds[finding.kind].append(finding)
    lines += ["", f"FALSE in {whole.megabytes:.0f} MB: {len(whole.run.findings)} ({len(whole.run.findings) / whole.megabytes:.3f}/MB)"]
    for kind, some in sorted(kinds.items(), key=lambda item: -len(item[1])):
        lines.append(f"{kind} {len(some)}")
        step = max(1, len(some) // 8)
        lines += [f"    {one.file}:{one.first_line}: {_line(everything / one.file, one.start, one.end)}" for one in some[::step][:8]]
    return "\n".join(lines) + "\n"


def _line(file: Path, start: int, end: int) -> str:
    """What stands around a secret, and of itself its beginning and length only."""
    text = file.read_bytes()
    before, inside, after = text[max(0, start - 60):start], text[start:end], text[end:end + 30]
    shown = min(6, len(inside) // 4)
    ends = f"{inside[:shown].decode(errors='replace')}…{len(inside)} bytes"
    return repr(before.decode(errors="replace").rsplit("\n", 1)[-1] + f"⟦{ends}⟧" + after.decode(errors="replace").split("\n", 1)[0])
