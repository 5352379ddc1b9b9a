"""How fast the toy source is on one core: the shower alone, with reconstruction, accepted jets.

CPU seconds of one process are counted; the median of the repeats is given.

    OMP_NUM_THREADS=1 python benchmarks/jets_toy.py --events 4000 --repeats 5
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from cascade.events.seeding import Block, sequence
from cascade.studies.jets.reconstruction import reconstruct
from cascade.studies.jets.settings import ToySettings
from cascade.studies.jets.toy import shower, simulate


def rate(run: Callable[[int], object], events: int, repeats: int) -> float:
    """Return events per CPU second, the median over repeats numbered from 1."""
    run(0)
    taken = []
    for repeat in range(1, repeats + 1):
        start = time.process_time()
        run(repeat)
        taken.append(time.process_time() - start)
    return events / statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=4000, help="generated in a repeat")
    parser.add_argument("--jets", type=int, default=1000, help="accepted in a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    settings, events = ToySettings(), options.events
    for label, name in ((1, "W"), (0, "QCD")):

        def alone(repeat: int, label: int = label) -> object:
            return shower(np.random.default_rng(repeat), events, label, settings)

        def reconstructed(repeat: int, label: int = label) -> object:
            particles = alone(repeat, label)
            return reconstruct(particles, settings.selection)

        for what, run in (("shower", alone), ("shower and reconstruction", reconstructed)):
            speed = rate(run, events, options.repeats)
            print(f"{name:4} {what:26} {speed:8.0f} events/s")

    def block(repeat: int) -> object:
        return simulate(Block(0, options.jets, sequence(repeat)), settings)

    print(
        f"both simulate                   {rate(block, options.jets, options.repeats):8.0f} jets/s"
    )


if __name__ == "__main__":
    main()
