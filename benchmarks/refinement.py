"""How many stations a second are drawn, and made data-like without a network, on one core.

Blocks are drawn at the default settings, in memory and into HDF5 by ``cascade simulate``; then both
transports take the stations over. CPU seconds of one process are counted, the median of the repeats
is given.

    OMP_NUM_THREADS=1 python benchmarks/refinement.py --events 20000 --repeats 5
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
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


def speed(number: int, repeats: int) -> None:
    simulation, data = (validate(StationSettings, settings) for settings in ({}, DATA))
    known, mapping = validate(OracleSettings, DATA), QuantileMappingSettings()
    roles = {"simulation": drawn(0, number, simulation), "data": drawn(1, number, data)}
    model, _ = fit_quantile_mapping(roles, roles, mapping, 1)
    events = roles["simulation"]
    with tempfile.TemporaryDirectory() as name:
        runs: dict[str, Callable[[int], object]] = {
            "simulation, in memory": lambda seed: drawn(seed, number, simulation),
            "data, in memory": lambda seed: drawn(seed, number, data),
            "into HDF5": lambda seed: into_file(Path(name), seed, number),
            "oracle": lambda seed: transform_oracle({}, events, known, np.random.default_rng(seed)),
            "quantile mapping": lambda seed: transform_quantile_mapping(
                model, events, mapping, np.random.default_rng(seed)
            ),
            "its fit": lambda seed: fit_quantile_mapping(roles, roles, mapping, seed),
        }
        for what, run in runs.items():
            run(0)  # modules are imported and tables made once
            taken = []
            for repeat in range(1, repeats + 1):
                start = time.process_time()
                run(repeat)
                taken.append(time.process_time() - start)
            print(f"{what:22} {number / statistics.median(taken):9.0f} stations/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000, help="stations in a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    speed(options.events, options.repeats)


if __name__ == "__main__":
    main()
