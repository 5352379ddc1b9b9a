"""What all benchmarks share: turns of runs side by side, rows, and the table that they make.

Sides take turns in one process, and a ratio is the median of the ratios of times of the same turn:
what else the machine does then touches all sides alike. For the same reason times are CPU seconds,
those of started processes included. A row says

- what is measured: of ours, and of the peer that a user would take instead, in the same unit;
- the ratio: how many times better ours is. Where the bar is an upper one (≤) the ratio is that of
  our cost to the peer's;
- the bar that was promised, on the ratio where there is a peer, else on ours;
- the limit: what nobody can do without, and how many times as costly ours is.

A unit that ends in ``/s`` is a rate, of which more is better; of all others less is.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

OURS = "ours"
"""Name of our side among the runs."""


@dataclass(frozen=True)
class Bar:
    """A bound that was promised: at least or at most, of the ratio or of ours."""

    value: float
    upper: bool = False
    of: str = "ratio"

    def __str__(self) -> str:
        return f"{'≤' if self.upper else '≥'} {self.value:,g}"

    def holds(self, found: float) -> bool:
        """Return whether a value keeps the bound."""
        return found <= self.value if self.upper else found >= self.value


def at_least(value: float, of: str = "ratio") -> Bar:
    return Bar(value, of=of)


def at_most(value: float, of: str = "ratio") -> Bar:
    return Bar(value, upper=True, of=of)


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes
    ----------
    ours, peer, limit
        In ``unit``; None where there is no such thing.
    against, limited_by
        What peer and limit are.
    """

    what: str
    ours: float | None = None
    unit: str = ""
    peer: float | None = None
    against: str = ""
    ratio: float | None = None
    bar: Bar | None = None
    limit: float | None = None
    limited_by: str = ""

    @property
    def missed(self) -> bool:
        """Whether the bar is not reached."""
        return self.bar is not None and not self.bar.holds(getattr(self, self.bar.of))

    @property
    def distance(self) -> float | None:
        """How many times as costly as the limit ours is."""
        if not self.ours or not self.limit:
            return None
        return self.limit / self.ours if self.unit.endswith("/s") else self.ours / self.limit

    def plain(self) -> dict:
        """Return what stands in a JSON file."""
        return {**asdict(self), "distance": self.distance, "missed": self.missed}

    @staticmethod
    def read(plain: Mapping) -> Row:
        """Return the row that ``plain`` was made of."""
        kept = {name: plain[name] for name in Row.__dataclass_fields__}
        return Row(**{**kept, "bar": Bar(**plain["bar"]) if plain["bar"] else None})


@dataclass(frozen=True)
class Turns:
    """Seconds that each side took, turn by turn."""

    taken: Mapping[str, list[float]]

    def median(self, name: str) -> float:
        """Return what a side takes."""
        return statistics.median(self.taken[name])

    def ratio(self, name: str, other: str) -> float:
        """Return how many times as long as another a side takes."""
        pairs = zip(self.taken[name], self.taken[other], strict=True)
        return statistics.median(one / two for one, two in pairs)

    def per(self, events: float | Mapping[str, float]) -> Turns:
        """Return the times of one event each, of so many that every side, or each, worked on."""
        each = events if isinstance(events, Mapping) else dict.fromkeys(self.taken, events)
        return Turns({name: [t / each[name] for t in times] for name, times in self.taken.items()})

    def row(
        self,
        what: str,
        unit: str = "ms",
        peer: str | None = None,
        limit: str | None = None,
        bar: Bar | None = None,
        ours: str = OURS,
    ) -> Row:
        """Return the row of our side, beside those that play peer and limit."""

        def value(name: str | None) -> float | None:
            if name is None:
                return None
            seconds = self.median(name)
            return 1 / seconds if unit.endswith("/s") else seconds * SCALES[unit]

        ratio = None
        if peer is not None:
            costs = bar is not None and bar.of == "ratio" and bar.upper
            ratio = self.ratio(ours, peer) if costs else self.ratio(peer, ours)
        return Row(
            what, value(ours), unit, value(peer), peer or "", ratio, bar, value(limit), limit or ""
        )


SCALES = {"s": 1.0, "ms": 1e3, "µs": 1e6}


def cpu_seconds() -> float:
    """Return what this process has used, and those that it started and waited for."""
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + started.ru_utime + started.ru_stime


def in_turns(
    runs: Mapping[str, Callable[[int], object]],
    repeats: int,
    warm_up: int = 1,
    clock: Callable[[], float] = cpu_seconds,
) -> Turns:
    """Run all sides in turns, every second time in reverse; each is given the turn's number."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(warm_up + repeats):
        for name in list(runs)[:: 1 if turn % 2 else -1]:
            start = clock()
            runs[name](turn)
            seconds = clock() - start
            if turn >= warm_up:
                taken[name].append(seconds)
    return Turns(taken)


def number(value: float | None) -> str:
    """Write a number with three digits at least."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.3g}".rstrip(".")


def table(rows: Iterable[Row]) -> str:
    """Return rows as text, aligned."""
    lines = [("", "ours", "", "peer", "", "ratio", "bar", "limit", "×", "", "")]
    for row in rows:
        of_ours = f" {row.unit}" if row.bar and row.bar.of == "ours" else ""
        lines.append(
            (
                row.what,
                number(row.ours),
                row.unit,
                number(row.peer),
                row.against,
                number(row.ratio),
                f"{row.bar}{of_ours}" if row.bar else "",
                number(row.limit),
                number(row.distance),
                row.limited_by,
                "MISSED" if row.missed else "held" if row.bar else "",
            )
        )
    left = {0, 2, 4, 9, 10}
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def main(parser: argparse.ArgumentParser, rows: Callable[[argparse.Namespace], list[Row]]) -> int:
    """Run a benchmark by itself; return 1 if a bar is missed."""
    parser.add_argument("--json", type=Path, help="write the rows to this file, too")
    options = parser.parse_args()
    found = rows(options)
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps([row.plain() for row in found], indent=1) + "\n")
    return int(any(row.missed for row in found))
