"""How fast showers are simulated on one core, beside a naive simulation particle by particle.

Both draw from the same laws with the same settings; the naive one, written from the published
formulas, loops over events and stations and draws every particle, of protons alone and without the
stations' times, both to its favour. CPU seconds of one process are counted. The limit is what the
random numbers alone cost: Poisson counts and the noise of the bins.

    OMP_NUM_THREADS=1 python benchmarks/showers.py --events 4000 --repeats 5
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import awkward as ak
import numpy as np

from cascade.events.seeding import Block, blocks, sequence
from cascade.events.writing import writing
from cascade.studies.showers import SCHEMA
from cascade.studies.showers.array import positions
from cascade.studies.showers.settings import ShowerSettings
from cascade.studies.showers.simulation import atmosphere, depth_of_maximum
from cascade.studies.showers.simulation.simulate import simulate
from comparison import OURS, Row, at_least, in_turns, main

NUMBERS, NAIVE = "random numbers", "particle by particle"
MEMORY, FILE = 6000.0, 4000.0  # events/s


def naive(rng: np.random.Generator, events: int, s: ShowerSettings) -> list[int]:
    """Simulate proton showers particle by particle; return their numbers of triggered stations."""
    stations = positions(s.array)
    return [_naive_event(rng, stations, s) for _ in range(events)]


def _naive_event(rng: np.random.Generator, stations: np.ndarray, s: ShowerSettings) -> int:
    lg_energy = rng.uniform(*s.lg_energy)
    theta = np.arcsin(np.sqrt(rng.uniform(0, np.sin(np.radians(s.zenith_max)) ** 2)))
    phi = rng.uniform(0, 2 * np.pi)
    axis = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    radius, around = s.core_radius * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
    core = np.array([radius * np.cos(around), radius * np.sin(around), 0.0])
    height = -np.inf
    while height < s.clearance * axis[2]:
        x_max = depth_of_maximum.draw(rng, np.array([lg_energy]), np.array([1]))[0]
        height = float(atmosphere.height(x_max * axis[2])) - s.array.altitude
    maximum = core + axis * height / axis[2]
    ground = float(atmosphere.vertical_depth(s.array.altitude))
    triggered = 0
    edges = np.arange(s.traces.bins + 1) * s.traces.bin_width
    for station in stations:
        apart = station - core
        r = np.linalg.norm(apart - (apart @ axis) * axis)
        line = maximum - station
        delta_x = (ground - x_max * axis[2]) / (line[2] / np.linalg.norm(line))
        scale = s.signal.scale * 10 ** (lg_energy - 19) * s.signal.muonic
        far = max(r, 150) / 1000
        muonic = scale * far**-4.7 * min((delta_x / 100) ** -0.1, 10)
        scale *= s.signal.electromagnetic / s.signal.muonic
        electromagnetic = scale * far**-6.1 * min((delta_x / 100) ** -0.4, 10)
        kept = min(1.0, s.signal.limit / (muonic + electromagnetic))
        growth = (r / 750) ** 1.4
        early = 50 + 140 * growth * (1 - 0.2 * delta_x / 1000)
        late = 80 + 200 * growth * (1 - 0.1 * delta_x / 1000)
        trace = np.zeros(s.traces.bins)
        for mean, median, delay in (
            (kept * muonic, early, 0.0),
            (kept * electromagnetic, late, (late - early) / 1.5),
        ):
            number = max(int(mean + np.sqrt(mean) * rng.normal()), 0)
            times = rng.lognormal(np.log(median), s.traces.spread, number) + delay
            trace += np.histogram(times, edges)[0]
        trace += 0.05 * trace * rng.normal(size=trace.shape)
        trace += 1.2 * (1 + 0.5 * rng.normal(size=trace.shape))
        triggered += np.maximum(trace, 0).sum() >= s.traces.bins * 1.2 * 1.2
    return triggered


def into_file(seed: int, events: int, settings: ShowerSettings) -> None:
    """Simulate as ``cascade simulate`` does, into compressed HDF5."""
    with tempfile.TemporaryDirectory() as folder:
        made = [simulate(block, settings) for block in blocks(seed, "showers", "b", "b", 10, 10)]
        schema = [field for field in SCHEMA if field.name in made[0]]
        with writing(Path(folder) / "showers.h5", schema, {"study": "showers"}) as writer:
            for block in blocks(seed, "showers", "b", "b", events, 1000):
                writer.append(simulate(block, settings))


def random_numbers(events: int, settings: ShowerSettings) -> Callable[[int], None]:
    """Return what draws the numbers that no simulation of the same events can do without."""
    drawn = simulate(Block(0, events, sequence(1)), settings)
    traces = ak.to_numpy(ak.flatten(drawn["trace"], axis=1))
    # two components of about equal size in each bin
    means = np.repeat(np.maximum(traces - settings.detector.pedestal, 0) / 2, 2)

    def run(turn: int) -> None:
        rng = np.random.default_rng(turn)
        rng.poisson(means)
        rng.standard_normal(traces.size, dtype=np.float32)

    return run


def rows(options: argparse.Namespace) -> list[Row]:
    settings, protons = ShowerSettings(), ShowerSettings(primaries=(1,))
    events, few = options.events, options.naive_events
    runs = {
        OURS: lambda turn: simulate(Block(0, events, sequence(turn)), settings),
        "HDF5": lambda turn: into_file(turn, events, settings),
        NUMBERS: random_numbers(events, settings),
        NAIVE: lambda turn: naive(np.random.default_rng(turn), few, protons),
    }
    turns = in_turns(runs, options.repeats)
    turns = turns.per({**dict.fromkeys(runs, events), NAIVE: few})
    unit = "events/s"
    return [
        turns.row("showers, in memory", unit, NAIVE, NUMBERS, at_least(MEMORY, OURS)),
        turns.row("showers, into HDF5", unit, None, NUMBERS, at_least(FILE, OURS), ours="HDF5"),
    ]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=4000, help="of ours in a repeat")
    parser.add_argument("--naive-events", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
