"""How fast showers are simulated on one core, beside a naive simulation particle by particle.

Both draw from the same laws with the same settings; the naive one, written from the published
formulas, loops over events and stations and draws every particle. CPU seconds of one process are
counted, in turns, the median of the repeats is given. The limit is what the random numbers alone
cost: Poisson counts and the noise of the bins.

    OMP_NUM_THREADS=1 python benchmarks/showers.py --events 4000 --repeats 5
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import awkward as ak
import numpy as np

from cascade.events import hdf5
from cascade.events.seeding import Block, blocks, sequence
from cascade.studies.showers import SCHEMA
from cascade.studies.showers.array import positions
from cascade.studies.showers.settings import ShowerSettings
from cascade.studies.showers.simulation import atmosphere, depth_of_maximum
from cascade.studies.showers.simulation.simulate import simulate


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
        with hdf5.writing(Path(folder) / "showers.h5", schema, {"study": "showers"}) as writer:
            for block in blocks(seed, "showers", "b", "b", events, 1000):
                writer.append(simulate(block, settings))


def random_numbers(rng: np.random.Generator, means: np.ndarray, bins: int) -> None:
    """Draw what no simulation of the same events can do without."""
    rng.poisson(means)
    rng.standard_normal(bins, dtype=np.float32)


def seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=4000, help="of ours in a repeat")
    parser.add_argument("--naive-events", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    settings, events = ShowerSettings(), options.events
    protons = ShowerSettings(primaries=(1,))
    simulate(Block(0, 100, sequence(0)), settings)  # tables are made once
    ours, filed, slow, limit, counts = [], [], [], [], []
    for repeat in range(1, options.repeats + 1):
        drawn = simulate(Block(0, events, sequence(repeat)), settings)
        traces = ak.to_numpy(ak.flatten(drawn["trace"], axis=1))
        rng = np.random.default_rng(repeat)
        # two components of about equal size in each bin
        means = np.repeat(np.maximum(traces - settings.detector.pedestal, 0) / 2, 2)
        ours.append(seconds(lambda: simulate(Block(0, events, sequence(repeat)), settings)))  # noqa: B023
        filed.append(seconds(lambda: into_file(repeat, events, settings)))  # noqa: B023
        limit.append(seconds(lambda: random_numbers(rng, means, traces.size)))  # noqa: B023
        slow.append(
            seconds(lambda: counts.extend(naive(rng, options.naive_events, protons)))  # noqa: B023
        )
    memory, files, numbers = (events / statistics.median(taken) for taken in (ours, filed, limit))
    reference = options.naive_events / statistics.median(slow)
    print(f"in memory                     {memory:8.0f} events/s")
    print(f"into HDF5                     {files:8.0f} events/s")
    print(f"random numbers alone          {numbers:8.0f} events/s ({numbers / memory:.1f} x)")
    print(
        f"naive, particle by particle   {reference:8.1f} events/s (ours {memory / reference:.0f} x)"
    )


if __name__ == "__main__":
    main()
