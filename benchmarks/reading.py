"""How fast a training gets its batches, beside a plain h5py loop over the same file.

Traces of radio (dense) and of showers (stations that were triggered, ragged), with the fields that
a network of the default config reads. Ours are shuffled batches, of events that are held in memory
or streamed from the file; the peer's loop takes one slice of each dataset after the other, as they
stand. The limit of batches in memory is to copy their bytes, that of streaming is to let h5py read
each dataset whole: decompression. Reading a file whole is compared with h5py doing so without us,
and with reading its bytes, compressed as they are, from the page cache.

CPU seconds of one process are counted.

    OMP_NUM_THREADS=1 python benchmarks/reading.py --events 20000
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import torch

from cascade.training.batches import Batches, Split
from comparison import Row, in_turns, main
from defaults import job

NETWORKS = {"radio": "radio/joint", "showers": "showers/hexagonal"}
LOOP, WHOLE, COPY, CACHE = "h5py loop, in order", "h5py, whole", "copying", "page cache"
PIECES = 4
"""An epoch is streamed in so many."""


def looped(split: Split, size: int) -> Iterator[dict[str, np.ndarray]]:
    """Yield batches as one would read them with h5py alone, in the order of the file."""
    with h5py.File(split.path) as file:
        ragged = {name for name in split.fields if isinstance(file[name], h5py.Group)}
        offsets = {name: file[name]["offsets"][:] for name in ragged}
        for start in range(0, split.events(), size):
            stop = min(start + size, split.events())
            yield {
                name: file[name]["values"][offsets[name][start] : offsets[name][stop]]
                if name in ragged
                else file[name][start:stop]
                for name in split.fields
            }


def whole(split: Split) -> list[np.ndarray]:
    """Read the datasets of all fields, each at once."""
    with h5py.File(split.path) as file:
        found = []
        for name in split.fields:
            item = file[name]
            parts = item.values() if isinstance(item, h5py.Group) else [item]
            found += [part[:] for part in parts]
        return found


def copied(arrays: list[np.ndarray], targets: list[np.ndarray]) -> None:
    for source, target in zip(arrays, targets, strict=True):
        np.copyto(target, source)


def compared(name: str, key: str, options: argparse.Namespace, folder: Path) -> list[Row]:
    """Return the rows of one file."""
    training = job(key, options.events, folder)
    size, split = training.training.batch_size, training.train["train"]
    arrays = whole(split)
    targets = [np.empty_like(array) for array in arrays]
    memory = split.event_bytes() * options.events
    held, streamed = (
        Batches({"train": split}, size, training.seed, allowed)
        for allowed in (4e9, 2 * memory / PIECES)
    )
    runs = {
        "held": lambda turn: deque(held, 0),
        "streamed": lambda turn: deque(streamed, 0),
        "read": lambda turn: split.read(),
        LOOP: lambda turn: deque(looped(split, size), 0),
        WHOLE: lambda turn: whole(split),
        COPY: lambda turn: copied(arrays, targets),
        CACHE: lambda turn: split.path.read_bytes(),
    }
    turns = in_turns(runs, options.repeats).per(options.events)
    unit, kilobytes = "events/s", sum(array.nbytes for array in arrays) / options.events / 1e3
    return [
        turns.row(
            f"batches in memory, {name} of {kilobytes:.1f} kB", unit, LOOP, COPY, ours="held"
        ),
        turns.row(f"batches streamed, {name}", unit, LOOP, WHOLE, ours="streamed"),
        turns.row(f"file read whole, {name}", unit, WHOLE, CACHE, ours="read"),
    ]


def rows(options: argparse.Namespace) -> list[Row]:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        return [
            row
            for name, key in NETWORKS.items()
            for row in compared(name, key, options, Path(folder))
        ]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
