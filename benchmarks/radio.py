"""How fast radio traces are drawn on one core, in memory and into HDF5 by ``cascade simulate``.

CPU seconds of one process are counted. The limit in memory is what random numbers and Fourier
transforms alone cost, that of a file is writing traces that there are already, compressed.

    OMP_NUM_THREADS=1 python benchmarks/radio.py --events 20000 --repeats 5
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

from cascade.cli import cascade
from cascade.events.seeding import Block, sequence
from cascade.events.writing import writing
from cascade.studies.radio import SCHEMA
from cascade.studies.radio.settings import TraceSettings
from cascade.studies.radio.simulation.band import Band
from cascade.studies.radio.simulation.simulate import simulate
from comparison import OURS, Row, at_least, in_turns, main

BLOCK = 2000
SETTINGS = TraceSettings()
BAND = Band.of(SETTINGS.sampling)
MEMORY = 20_000.0  # traces/s
NUMBERS, WRITING, PLAIN = "random numbers, FFT", "gzip alone", "plain h5py"


def in_memory(seed: int, number: int) -> Iterator[dict]:
    for block in range(-(-number // BLOCK)):
        yield simulate(Block(block, BLOCK, sequence(seed, block)), SETTINGS)


def into_file(folder: Path, seed: int, number: int) -> None:
    """Run ``cascade simulate``, within this process."""
    line = ["simulate", "radio", "toy", "--events", str(number), "--seed", str(seed)]
    cascade([*line, "-o", str(folder / "traces.h5")], standalone_mode=False)


def written(folder: Path, blocks: list[dict]) -> None:
    """Write traces that there are already, as ``cascade simulate`` does."""
    with writing(folder / "written.h5", SCHEMA, {"study": "radio"}) as writer:
        for block in blocks:
            writer.append(block)


def written_plain(folder: Path, blocks: list[dict]) -> None:
    """Write the same without compression."""
    with h5py.File(folder / "plain.h5", "w") as file:
        for place, block in enumerate(blocks):
            for name, values in block.items():
                file[f"{place}/{name}"] = values


def numbers(seed: int, number: int) -> None:
    """Draw and transform what no simulation of these traces can do without."""
    rng, bins = np.random.default_rng(seed), len(BAND.frequency)
    for _ in range(0, number, 250):
        noise = rng.standard_normal((250, 2 * bins), dtype=np.float32).view(np.complex64)
        BAND.traces(noise)
        BAND.analytic(noise[:125])


def rows(options: argparse.Namespace) -> list[Row]:
    number = options.events
    with tempfile.TemporaryDirectory() as name:
        folder, blocks = Path(name), list(in_memory(0, number))
        runs: dict[str, Callable[[int], object]] = {
            OURS: lambda turn: [len(block["snr"]) for block in in_memory(turn, number)],
            NUMBERS: lambda turn: numbers(turn, number),
            "HDF5": lambda turn: into_file(folder, turn, number),
            WRITING: lambda turn: written(folder, blocks),
            PLAIN: lambda turn: written_plain(folder, blocks),
        }
        turns = in_turns(runs, options.repeats).per(number)
    unit = "traces/s"
    return [
        turns.row("radio traces, in memory", unit, None, NUMBERS, at_least(MEMORY, OURS)),
        turns.row("radio traces, into HDF5", unit, None, WRITING, ours="HDF5"),
        turns.row("radio traces, gzip instead of none", unit, None, PLAIN, ours=WRITING),
    ]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000, help="traces in a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
