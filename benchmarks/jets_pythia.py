"""What Cascade adds to Pythia: accepted jets per second, end to end against the bare event loop.

Both sides start from the same seed and initialise Pythia themselves. The bare loop calls Pythia's
``next()`` up to the event that gives the last wanted jet and looks at no particle; Cascade goes on
to towers, jets, trimming, selection, observables and images, and pays for the events of its last
batch that turn out not to be needed. CPU seconds of one process are counted. Pythia alone is the
limit, too.

    python benchmarks/jets_pythia.py --jets 200 --repeats 3
"""

from __future__ import annotations

import argparse
import sys

from cascade.studies.jets import pythia
from cascade.studies.jets.reconstruction import find_jets
from cascade.studies.jets.settings import PythiaSettings
from comparison import OURS, Row, at_least, in_turns, main

BARE = "Pythia alone"
SHARE = 0.80
"""Of the rate of Pythia alone."""


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


def rows(options: argparse.Namespace) -> list[Row]:
    settings = PythiaSettings(mpi=not options.no_mpi)
    found = []
    for label, name in ((1, "W"), (0, "QCD")):
        cascade(label, options.seed, 1, settings)  # modules are imported once
        seeds = [options.seed + turn for turn in range(options.repeats)]
        needed = [events_needed(label, seed, options.jets, settings) for seed in seeds]
        runs = {
            OURS: lambda turn, k=label, s=seeds: cascade(k, s[turn], options.jets, settings),
            BARE: lambda turn, k=label, s=seeds, n=needed: bare(k, s[turn], n[turn], settings),
        }
        turns = in_turns(runs, options.repeats, 0).per(options.jets)
        what = f"Pythia jets, {name}, to images"
        found.append(turns.row(what, "jets/s", peer=BARE, limit=BARE, bar=at_least(SHARE)))
    return found


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jets", type=int, default=100, help="accepted jets of each class")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of Pythia, counted up by repeat")
    parser.add_argument("--no-mpi", action="store_true", help="without multiparton interactions")
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
