"""How time and memory grow with the number of events, from simulation to prediction.

For each study and for ×1, ×10 and ×100 events the steps of the workflow run as it runs them, each
as a process of its own on the command line: shards are simulated and merged; a network learns for
one epoch, validated on a tenth as many events; it is applied to all of them. The network is of the
study but small, and its memory is so little that all but the smallest sizes are streamed, and the
events that the larger ones are validated on: what is held in one size and streamed in another would
look like growth. What is measured is the way of the events through simulation, files, scalers,
batches, validation and predictions, not arithmetic.

A machine changes its speed by more than growth is allowed to be, and each core by its own, so the
sizes share one core at the same time: while a stage of the largest runs, the others run beside it
in turns, over and over until it ends, and have means taken. The kernel gives each its thousandths
of a second, and CPU seconds of user and system are counted, so that all see the same machine. All
read their files from the disk, as the largest must. Peak memory is the largest resident memory of a
process as it ends; a stage of several processes has the sum of the seconds and the maximum of the
memory. Nothing else should run, but for other studies, each on a core of its own.

Growth of time is the exponent x of t ∝ eventsˣ between the largest two sizes, where t is the time
without its constant start: from events and seconds of each process those of runs with very
few events, which take their turns too, are taken away. (With the start, x would look smaller than
it is.) What is left of the second largest size is what makes x uncertain: turns go on, and the
largest is run again beside them, until it is known well enough. The standard error of x counts
the scatter of all sizes but those that ran once: that of the machine's speed too, which the sizes
share, so that x is known better than it says. Growth of memory is the ratio between the same two
sizes, the start included.

    python benchmarks/growth.py --studies radio skies --events 2000 20000  # a minute
    taskset -c 0 python benchmarks/growth.py --studies jets refinement --json one.json
    taskset -c 1 python benchmarks/growth.py --studies showers skies radio --json two.json
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from statistics import mean, stdev

from comparison import Row, at_most, table

EXPONENT, MEMORY = at_most(1.02), at_most(1.2)
STAGES = ("simulate", "merge", "train", "predict")
MEMORY_MB = 10
"""What a training may hold of its events: less than 10,000 jets, or 100,000 stations, take."""
BATCH, BLOCK = 512, 1000


@dataclass(frozen=True)
class Small:
    """A small network of a study, and where it finds its events.

    Attributes
    ----------
    scale
        How many times as many events are taken, where one is so little work that fewer take less
        than the start of a process.
    """

    method: str
    settings: dict
    role: str = "train"
    source: str = "toy"
    scale: int = 1


NETWORKS = {
    "jets": Small("fully_connected", {"widths": [8]}),
    "showers": Small(
        "graph",
        {"encoder": {"hidden": 8, "width": 4}, "convolutions": 0, "width": 8, "hidden": 8},
    ),
    "skies": Small("deep_sets", {"width": 4, "layers": 1}),
    "radio": Small(
        "classifier", {"gate": 1, "filters": 1, "channels": 2, "evidence": 2, "hidden": 4}
    ),
    "refinement": Small("energy", {"channels": 2, "hidden": 8}, scale=10),
}


@dataclass(frozen=True)
class Cost:
    """What a stage took, of so many processes together.

    Attributes
    ----------
    error
        Standard error of the CPU seconds; 0 where they were taken once.
    """

    events: int
    cpu: float
    megabytes: float
    processes: int = 1
    error: float = 0.0

    @staticmethod
    def of(events: int, parts: Sequence[Cost]) -> Cost:
        """Return the cost of a stage of several processes."""
        cpu, most = sum(part.cpu for part in parts), max(part.megabytes for part in parts)
        return Cost(events, cpu, most, len(parts))

    @staticmethod
    def mean(costs: Sequence[Cost]) -> Cost:
        """Return what equal stages take in the mean."""
        cpu, megabytes = (
            mean(getattr(cost, name) for cost in costs) for name in ("cpu", "megabytes")
        )
        error = stdev(cost.cpu for cost in costs) / len(costs) ** 0.5 if len(costs) > 1 else 0.0
        return Cost(costs[0].events, cpu, megabytes, costs[0].processes, error)

    def without(self, start: Cost) -> Cost:
        """Return events and CPU seconds beyond those of processes that hardly do anything."""
        return replace(
            self,
            events=self.events - self.processes * start.events,
            cpu=self.cpu - self.processes * start.cpu,
            error=math.hypot(self.error, self.processes * start.error),
        )


def spent(words: Sequence[object]) -> Cost:
    """Run ``cascade`` with these words to its end."""
    program = Path(sys.executable).with_name("cascade")
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([program, *map(str, words)], stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"cascade {' '.join(map(str, words))}\n{said.read().decode()}")
    return Cost(0, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@dataclass(frozen=True)
class Size:
    """So many events of a study, and where their files lie."""

    study: str
    events: int
    folder: Path
    shards: int

    @property
    def paths(self) -> list[Path]:
        """Shards of the simulation."""
        return [self.folder / f"shard-{index}.h5" for index in range(self.shards)]

    def draw(self, split: str, events: int) -> tuple[object, ...]:
        """Return the words that simulate a split."""
        source = NETWORKS[self.study].source
        split = ("--split", split, "--events", events)
        return ("simulate", self.study, source, "--seed", 1, *split)

    def prepare(self) -> None:
        """Simulate what the network is validated on."""
        few = self.draw("validation", max(100, self.events // 10))
        spent((*few, "-o", self.folder / "validation.h5"))

    def lines(self, stage: str) -> list[tuple[object, ...]]:
        """Return the words of each process of a stage."""
        small, folder = NETWORKS[self.study], self.folder
        whole, model = folder / "train.h5", folder / "model.ckpt"
        match stage:
            case "simulate":
                draw = (*self.draw("train", self.events), "--block", BLOCK)
                return [
                    (*draw, "--shard", f"{index}/{self.shards}", "-o", path)
                    for index, path in enumerate(self.paths)
                ]
            case "merge":
                return [("merge", self.study, *self.paths, "-o", whole)]
            case "train":
                training = {"epochs": 1, "batch_size": BATCH, "memory_mb": MEMORY_MB, "patience": 0}
                how = ("--settings", json.dumps(small.settings), "--training", json.dumps(training))
                events = (f"{small.role}={folder / split}.h5" for split in ("train", "validation"))
                splits = zip(("--train", "--validation"), events, strict=True)
                words = ("train", self.study, small.method, *how, *chain.from_iterable(splits))
                return [(*words, "--accelerator", "cpu", "-o", model)]
            case "predict":
                words = ("predict", self.study, small.method, whole, "--model", model)
                return [(*words, "--accelerator", "cpu", "-o", folder / "predictions.h5")]
        raise ValueError(stage)

    def take(self, stage: str) -> Cost:
        """Run the processes of a stage one after the other."""
        for path in self.folder.glob("*.h5"):
            forget(path)
        return Cost.of(self.events, [spent(words) for words in self.lines(stage)])


def forget(path: Path) -> None:
    """Have a file read from the disk again: only small ones would be found in the memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@dataclass(frozen=True)
class Turns:
    """How many turns the smaller sizes take.

    Attributes
    ----------
    least, most
        Turns of the start and of the largest of them; sizes between take the least.
    error
        Relative standard error of the time of the largest of them, without the start, below which
        no more are needed.
    """

    least: int
    most: int
    error: float

    def suffice(self, taken: Sequence[Sequence[Cost]]) -> bool:
        """Return whether these are enough, from those of the start up."""
        done = len(taken[-1])
        if done >= self.most:
            return True
        if done < max(2, self.least):  # of one there is no scatter
            return False
        start, *_, small = map(Cost.mean, taken)
        work = small.without(start)
        return work.error <= self.error * work.cpu


def together(stage: str, sizes: Sequence[Size], turns: Turns) -> list[Cost]:
    """Run a stage of the last size, and of the others in turns beside it; return their mean costs.

    The last size is run again until the others have had their turns: none runs alone, and faster.
    """
    *others, largest = sizes
    taken: dict[Size, list[Cost]] = {size: [] for size in others}
    enough = threading.Event()  # by an error too: nobody would wait for further turns

    def take_largest() -> list[Cost]:
        runs = [largest.take(stage)]
        while not enough.is_set():
            runs.append(largest.take(stage))
        return runs

    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(take_largest)
        try:
            while True:
                for size, costs in taken.items():
                    if size in others[1:-1] and len(costs) >= turns.least:
                        continue  # the exponent does not wait for them
                    cost = size.take(stage)
                    if beside.done():
                        runs = beside.result()  # or its error
                        return [Cost.mean(costs) for costs in (*taken.values(), runs)]
                    costs.append(cost)
                if turns.suffice(list(taken.values())):
                    enough.set()
        finally:
            enough.set()


def measured(study: str, options: argparse.Namespace) -> dict[str, list[Cost]]:
    """Return the costs of a study's stages: of the start, then size by size."""
    turns = Turns(options.repeats, options.most, options.error)
    whole = Path(tempfile.mkdtemp(prefix=f"growth-{study}-", dir=options.folder))
    try:
        sizes = []
        for events in (options.start, *(NETWORKS[study].scale * n for n in sorted(options.events))):
            folder = whole / str(events)
            folder.mkdir()
            shards = min(options.shards, -(-events // BLOCK))
            sizes.append(Size(study, events, folder, shards))
            sizes[-1].prepare()
        found = {}
        for stage in STAGES[: 1 + max(map(STAGES.index, options.stages))]:
            if stage in options.stages:
                found[stage] = together(stage, sizes, turns)
            else:  # others need its files
                for size in sizes:
                    size.take(stage)
            for cost in found.get(stage, ()):
                print(line(study, stage, cost), flush=True)
            if stage == "merge":
                for path in (path for size in sizes for path in size.paths):
                    path.unlink()  # as the workflow does
        return found
    finally:
        shutil.rmtree(whole)


def line(study: str, stage: str, cost: Cost) -> str:
    """Return a line of the table of all costs."""
    return f"{study:12} {stage:9} {cost.events:10,d} {cost.cpu:9.1f} {cost.megabytes:7.0f}"


HEAD = f"{'study':12} {'stage':9} {'events':>10} {'CPU s':>9} {'MB':>7}"


def exponent(start: Cost, small: Cost, large: Cost) -> tuple[float, float]:
    """Return the exponent of time without the start, and its standard error."""
    one, two = small.without(start), large.without(start)
    if min(one.cpu, two.cpu) <= 0:  # a stage that takes no longer than its start does not grow
        return 0.0, 0.0
    by = math.log(two.events / one.events)
    # an error of the start makes both sizes seem faster, or both slower
    common = start.error * (large.processes / two.cpu - small.processes / one.cpu)
    error = math.hypot(small.error / one.cpu, large.error / two.cpu, common)
    return math.log(two.cpu / one.cpu) / by, error / by


def rows(study: str, found: dict[str, list[Cost]]) -> Iterator[Row]:
    """Return what the bars are about: growth of time and of memory, of each stage."""
    for stage, (start, *_, small, large) in found.items():
        one, two = (cost.without(start) for cost in (small, large))
        grown, error = exponent(start, small, large)
        yield Row(
            f"{study} {stage}: CPU an event",
            1e6 * two.cpu / two.events,
            "µs",
            1e6 * one.cpu / one.events,
            f"at {small.events:,}, exponent ± {error:.3f}",
            grown,
            EXPONENT,
        )
        yield Row(
            f"{study} {stage}: memory",
            large.megabytes,
            "MB",
            small.megabytes,
            f"at {small.events:,}",
            large.megabytes / small.megabytes,
            MEMORY,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--studies", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    add("--events", nargs="+", type=int, default=[10_000, 100_000, 1_000_000], help="two or more")
    add("--stages", nargs="+", choices=STAGES, default=STAGES, help="those that are measured")
    add("--start", type=int, default=100, help="events of the run that tells the start")
    add("--shards", type=int, default=2)
    add("--repeats", type=int, default=3, help="turns of the smaller sizes, at least")
    add("--most", type=int, default=20, help="turns after which nobody waits for a small error")
    add("--error", type=float, default=0.04, help="of the second largest size's time, at most")
    add("--folder", type=Path, help="where the files lie meanwhile; 1,000,000 skies take 15 GB")
    add("--json", type=Path, help="write the rows to this file, too")
    options = parser.parse_args()
    if len(set(options.events)) < 2:
        parser.error("argument --events: growth takes two sizes or more")
    os.environ["OMP_NUM_THREADS"] = "1"
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # all sizes share a core
    kept: list[Row] = []
    for study in options.studies:
        print(HEAD)
        found = measured(study, options)
        kept += rows(study, found)
        print(table(list(rows(study, found))) + "\n", flush=True)
        if options.json:  # of what is done so far: all of it takes long
            plain = [row.plain() for row in kept]
            options.json.write_text(json.dumps(plain, indent=1) + "\n")
    print("the ratio of a time is its exponent")
    print(table(kept))
    missed = [row for row in kept if row.missed]
    print(f"{len(missed)} bars missed")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
