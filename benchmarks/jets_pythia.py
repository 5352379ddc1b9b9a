"""What Cascade adds to Pythia: accepted jets per second, end to end against the bare event loop.

Both sides start from the same seed and initialise Pythia themselves. The bare loop calls Pythia's
``next()`` up to the event that gives the last wanted jet and looks at no particle; Cascade goes on
to towers, jets, trimming, selection, observables and images, and pays for the events of its last
batch that turn out not to be needed. CPU seconds of one process are counted, the two sides taking
turns.

    python benchmarks/jets_pythia.py --jets 200 --repeats 3
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from cascade.studies.jets import pythia
from cascade.studies.jets.reconstruction import find_jets
from cascade.studies.jets.settings import PythiaSettings


def events_needed(label: int, seed: int, jets: int, settings: PythiaSettings) -> int:
    """Return the number of events up to the one that gives the last wanted jet."""
    generator = pythia.generator(label, seed, settings)
    found = tried = 0
    while True:
        _, event = find_jets(pythia.visible_particles(generator, 50), settings.selection)
        if found + len(event) >= jets:
            return tried + int(event[jets - found - 1]) + 1
        found += len(event)
        tried += 50


def cascade(label: int, seed: int, jets: int, settings: PythiaSettings) -> None:
    pythia.accepted_jets(pythia.generator(label, seed, settings), jets, settings)


def bare(label: int, seed: int, events: int, settings: PythiaSettings) -> None:
    generator = pythia.generator(label, seed, settings)
    for _ in range(events):
        generator.next()


def seconds(run: Callable[[], None]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jets", type=int, default=200, help="accepted jets of each class")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of Pythia, counted up by repeat")
    parser.add_argument("--no-mpi", action="store_true", help="without multiparton interactions")
    options = parser.parse_args()
    settings = PythiaSettings(mpi=not options.no_mpi)
    jets = options.jets
    print(f"{jets} jets a class and repeat, {options.repeats} repeats, initialisation in both")
    print(f"{'class':<6}{'events':>8}{'Cascade [jets/s]':>18}{'Pythia [jets/s]':>17}{'ratio':>8}")
    for name, label in (("W", pythia.SIGNAL), ("QCD", pythia.BACKGROUND)):
        events, ours, theirs = 0, 0.0, 0.0
        for seed in range(options.seed, options.seed + options.repeats):
            needed = events_needed(label, seed, jets, settings)
            theirs += seconds(lambda: bare(label, seed, needed, settings))  # noqa: B023
            ours += seconds(lambda: cascade(label, seed, jets, settings))  # noqa: B023
            events += needed
        drawn = jets * options.repeats
        print(
            f"{name:<6}{events:>8}{drawn / ours:>18.1f}{drawn / theirs:>17.1f}{theirs / ours:>8.3f}"
        )


if __name__ == "__main__":
    main()
