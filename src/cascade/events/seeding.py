"""One seed fixes all: which random stream belongs to which block of events.

The key of a stream is made of integers only (Python's ``hash`` of a text differs between
processes), so a block of events is the same on any machine, in any shard, in any order.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np


def sequence(seed: int, *keys: str | int) -> np.random.SeedSequence:
    """Return the seed sequence of a named stream, e.g. ``sequence(1, "jets", "train", 7)``."""
    words = [zlib.crc32(key.encode()) if isinstance(key, str) else key for key in keys]
    return np.random.SeedSequence((seed, *words))


@dataclass(frozen=True)
class Block:
    """A block of events to be drawn: its running number, its size and its own random stream."""

    index: int
    events: int
    seed: np.random.SeedSequence

    def rng(self) -> np.random.Generator:
        """Return the block's generator, always from its start."""
        return np.random.default_rng(self.seed)

    def integer_seed(self, stream: int, below: int) -> int:
        """Return an integer seed for a foreign generator: ``stream`` numbers several of them."""
        return 1 + int(self.seed.generate_state(stream + 1, np.uint64)[stream] % (below - 1))


def blocks(seed: int, study: str, sample: str, split: str, events: int, size: int) -> list[Block]:
    """Cut a split of a sample into blocks of ``size`` events, the last one possibly smaller."""
    return [
        Block(index, min(size, events - start), sequence(seed, study, sample, split, index))
        for index, start in enumerate(range(0, events, size))
    ]
