"""How fast the toy source of jets is on one core, beside Pythia for the same jets.

Rates of the shower alone, with reconstruction, and of accepted jets. CPU seconds of one process are
counted; Pythia is run to the same selection, of each class in turn.

    OMP_NUM_THREADS=1 python benchmarks/jets_toy.py --events 4000 --repeats 5
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from cascade.events.seeding import Block, sequence
from cascade.studies.jets import pythia
from cascade.studies.jets.reconstruction import reconstruct
from cascade.studies.jets.settings import PythiaSettings, ToySettings
from cascade.studies.jets.toy import shower, simulate
from comparison import OURS, Row, in_turns, main

ALONE, PYTHIA = "shower alone", "Pythia"


def rows(options: argparse.Namespace) -> list[Row]:
    settings, theirs = ToySettings(), PythiaSettings()
    found = []
    for label, name in ((1, "W"), (0, "QCD")):

        def alone(turn: int, label: int = label) -> dict:
            return shower(np.random.default_rng(turn), options.events, label, settings)

        def reconstructed(turn: int, label: int = label) -> object:
            return reconstruct(alone(turn, label), settings.selection)

        runs = {OURS: reconstructed, ALONE: alone}
        turns = in_turns(runs, options.repeats).per(options.events)
        found.append(turns.row(f"toy jets, {name}, to images", "events/s", limit=ALONE))
    runs = {
        OURS: lambda turn: simulate(Block(0, options.jets, sequence(turn)), settings),
        PYTHIA: lambda turn: pythia.simulate(Block(0, options.pythia, sequence(turn)), theirs),
    }
    turns = in_turns(runs, options.repeats)
    turns = turns.per({OURS: options.jets, PYTHIA: options.pythia})
    return [*found, turns.row("toy jets, accepted", "jets/s", peer=PYTHIA)]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=4000, help="generated in a repeat")
    parser.add_argument("--jets", type=int, default=1000, help="accepted in a repeat")
    parser.add_argument("--pythia", type=int, default=20, help="accepted from Pythia in a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
