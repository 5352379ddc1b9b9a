"""How many stations a second are drawn, and made data-like without a network, on one core.

Blocks are drawn at the default settings, in memory and into HDF5 by ``cascade simulate``; then both
transports take the stations over. CPU seconds of one process are counted. No rate was promised.

    OMP_NUM_THREADS=1 python benchmarks/refinement.py --events 20000 --repeats 5
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cascade.cli import cascade
from cascade.events.seeding import Block, sequence
from cascade.settings import validate
from cascade.studies.refinement import STUDY
from cascade.studies.refinement.settings import (
    OracleSettings,
    QuantileMappingSettings,
    StationSettings,
)
from cascade.studies.refinement.simulation.simulate import simulate
from cascade.studies.refinement.transport.oracle import transform_oracle
from cascade.studies.refinement.transport.quantile_mapping import (
    fit_quantile_mapping,
    transform_quantile_mapping,
)
from comparison import Row, in_turns, main

BLOCK = STUDY.sources["toy"].block
DATA = {
    "signal": {"muonic": 0.7, "electromagnetic": 0.3},
    "detector": {"relative_noise": 0.1, "pedestal_spread": 1.0},
}


def drawn(seed: int, number: int, settings: StationSettings) -> dict[str, np.ndarray]:
    blocks = [
        simulate(Block(block, BLOCK, sequence(seed, block)), settings)
        for block in range(-(-number // BLOCK))
    ]
    return {name: np.concatenate([block[name] for block in blocks])[:number] for name in blocks[0]}


def into_file(folder: Path, seed: int, number: int) -> None:
    """Run ``cascade simulate``, within this process."""
    line = ["simulate", "refinement", "toy", "--events", str(number), "--seed", str(seed)]
    cascade([*line, "-o", str(folder / "stations.h5")], standalone_mode=False)


def rows(options: argparse.Namespace) -> list[Row]:
    number = options.events
    simulation, data = (validate(StationSettings, settings) for settings in ({}, DATA))
    known, mapping = validate(OracleSettings, DATA), QuantileMappingSettings()
    roles = {"simulation": drawn(0, number, simulation), "data": drawn(1, number, data)}
    model, _ = fit_quantile_mapping(roles, roles, mapping, 1)
    events = roles["simulation"]
    with tempfile.TemporaryDirectory() as name:
        runs: dict[str, Callable[[int], object]] = {
            "stations of simulation, in memory": lambda turn: drawn(turn, number, simulation),
            "stations of data, in memory": lambda turn: drawn(turn, number, data),
            "stations, into HDF5": lambda turn: into_file(Path(name), turn, number),
            "stations, oracle": lambda turn: transform_oracle(
                {}, events, known, np.random.default_rng(turn)
            ),
            "stations, quantile mapping": lambda turn: transform_quantile_mapping(
                model, events, mapping, np.random.default_rng(turn)
            ),
            "stations, fit of the mapping": lambda turn: fit_quantile_mapping(
                roles, roles, mapping, turn
            ),
        }
        turns = in_turns(runs, options.repeats).per(number)
    return [turns.row(what, "stations/s", ours=what) for what in runs]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000, help="stations in a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
