"""How fast skies are drawn on one core, in memory and into HDF5 by ``cascade simulate``.

Skies of 500 rays at the reference settings, and as the Pierre Auger Observatory would see them
(exposure up to 80° from the zenith, uncertainties of 14 % and 1°). CPU seconds of one process are
counted. The limit is what the random numbers alone cost.

    OMP_NUM_THREADS=1 python benchmarks/skies.py --events 4000 --repeats 5
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from cascade.cli import cascade
from cascade.events.seeding import Block, sequence
from cascade.studies.skies.settings import SkySettings
from cascade.studies.skies.simulation.simulate import simulate
from comparison import OURS, Row, at_least, in_turns, main

AUGER = {
    "exposure": {"latitude": -35.25, "zenith": 80.0},
    "spectrum": {"resolution": 0.14},
    "angular_resolution": 1.0,
}
VARIANTS = {"skies": {}, "skies as seen by Auger": AUGER}
RATE = 2000.0
"""Skies a second that shall be drawn."""
NUMBERS = "random numbers"


def in_memory(seed: int, skies: int, settings: SkySettings) -> None:
    for block in range(0, skies, 1000):
        simulate(Block(block, min(1000, skies - block), sequence(seed, block)), settings)


def into_file(seed: int, skies: int, settings: dict) -> None:
    """Run ``cascade simulate``, within this process."""
    with tempfile.TemporaryDirectory() as folder:
        line = ["simulate", "skies", "toy", "--events", str(skies), "--seed", str(seed)]
        line += ["--settings", json.dumps(settings), "-o", str(Path(folder) / "skies.h5")]
        cascade(line, standalone_mode=False)


def random_numbers(seed: int, skies: int, settings: SkySettings) -> None:
    """Draw what no simulation of these skies can do without: energy, charge and direction."""
    rng = np.random.default_rng(seed)
    uncertain = bool(settings.spectrum.resolution) + 2 * bool(settings.angular_resolution)
    for start in range(0, skies, 1000):
        for _ in range(4 + uncertain):
            rng.random((min(1000, skies - start), settings.rays))


def rows(options: argparse.Namespace) -> list[Row]:
    found, unit = [], "skies/s"
    for name, given in VARIANTS.items():
        settings = SkySettings.model_validate(given)
        runs = {
            OURS: lambda turn, s=settings: in_memory(turn, options.events, s),
            NUMBERS: lambda turn, s=settings: random_numbers(turn, options.events, s),
            "HDF5": lambda turn, g=given: into_file(turn, options.events, g),
        }
        turns = in_turns(runs, options.repeats).per(options.events)
        found += [
            turns.row(f"{name}, in memory", unit, None, NUMBERS, at_least(RATE, OURS)),
            turns.row(f"{name}, into HDF5", unit, None, NUMBERS, ours="HDF5"),
        ]
    return found


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=4000, help="skies in a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
