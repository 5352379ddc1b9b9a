"""Batches of events from HDF5, in an order that depends on (seed, epoch) alone.

Events that fit into memory are read once and held. Larger splits are read buffer by buffer: the
file is cut into runs of neighbouring events, an epoch shuffles the runs, reads as many as a buffer
holds, and shuffles the events inside. Either way an epoch can be taken up again at any step, and
then goes on with the same batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.seeding import sequence

RUN = 1024  # neighbouring events read at once when streaming: a few HDF5 chunks


@dataclass(frozen=True)
class Split:
    """A split of a sample in one role of a fit, and the fields that the fit may read."""

    path: Path
    fields: tuple[str, ...]

    def events(self) -> int:
        """Return the number of events."""
        return hdf5.count(self.path)

    def read(self, start: int | None = None, stop: int | None = None) -> dict[str, torch.Tensor]:
        """Read the fields of some events as tensors (events, …), floating point in float32."""
        arrays = hdf5.read(self.path, self.fields, start, stop)
        return {name: tensor(array) for name, array in arrays.items()}

    def event_bytes(self) -> int:
        """Return the memory that one event takes."""
        first = self.read(0, 1)
        return sum(tensor.element_size() * tensor.numel() for tensor in first.values())


def tensor(array: np.ndarray) -> torch.Tensor:
    """Return an array as a tensor without a copy where possible, floating point in float32."""
    return torch.from_numpy(array if array.dtype.kind in "iub" else array.astype("f4", copy=False))


class Batches:
    """Batches ``{role: {field: tensor (batch, …)}}`` over one split per role.

    The first role sets the length of an epoch; shorter roles start again.

    Parameters
    ----------
    splits
        The split of each role.
    size
        Events in a batch, per role.
    seed
        Of the order; ``None`` keeps the order of the file (validation).
    memory
        Bytes that the events may take.
    """

    def __init__(
        self, splits: Mapping[str, Split], size: int, seed: int | None, memory: float = 4e9
    ):
        for role, split in splits.items():
            if split.events() == 0:
                raise CascadeError(f"{split.path}: holds no events; role '{role}' needs some")
        self.sources = {
            role: _Source(split, size, None if seed is None else (seed, role), memory / len(splits))
            for role, split in splits.items()
        }
        self.lead = next(iter(self.sources.values()))
        self.epoch = 0
        self.step = 0

    def __len__(self) -> int:
        return len(self.lead)

    def __iter__(self) -> Iterator[dict[str, dict[str, torch.Tensor]]]:
        streams = {
            role: source.batches(self.epoch, self.step) for role, source in self.sources.items()
        }
        for step in range(self.step, len(self)):
            # the state is that after this step, since the reader may never ask for another one
            ended = step + 1 == len(self)
            self.epoch, self.step = (self.epoch + 1, 0) if ended else (self.epoch, step + 1)
            yield {role: next(stream) for role, stream in streams.items()}

    def state_dict(self) -> dict[str, int]:
        """Return where the next batch stands."""
        return {"epoch": self.epoch, "step": self.step}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on from where ``state_dict`` was taken."""
        self.epoch, self.step = state["epoch"], state["step"]


class _Source:
    """Endless batches of one split, epoch after epoch."""

    def __init__(self, split: Split, size: int, seed: tuple | None, memory: float):
        self.split = split
        self.size = size
        self.seed = seed
        self.events = split.events()
        # half of the memory: a buffer is shuffled into a second one
        fits = max(size, int(memory / 2 / max(split.event_bytes(), 1)))
        self.held = split.read() if self.events <= fits else None
        self.buffer = max(RUN, fits // RUN * RUN)

    def _buffers(self) -> list[int]:
        if self.held is not None:
            return [self.events]
        full, rest = divmod(self.events, self.buffer)
        return [self.buffer] * full + ([rest] if rest else [])

    def __len__(self) -> int:
        return sum(-(-events // self.size) for events in self._buffers())

    def batches(self, epoch: int, start: int) -> Iterator[dict[str, torch.Tensor]]:
        """Yield batches from a step of an epoch on, for ever (a longer lead may wrap this one)."""
        epoch, start = epoch + start // len(self), start % len(self)
        while True:
            yield from self._epoch(epoch, start)
            epoch, start = epoch + 1, 0

    def _epoch(self, epoch: int, start: int) -> Iterator[dict[str, torch.Tensor]]:
        rng = None
        if self.seed is not None:
            rng = np.random.default_rng(sequence(self.seed[0], "batches", self.seed[1], epoch))
        step = 0
        for order, load in self._loads(rng):
            steps = -(-len(order) // self.size)
            if step + steps > start:
                held = load()
                for first in range(max(0, start - step) * self.size, len(order), self.size):
                    rows = order[first : first + self.size]
                    yield {name: tensor[rows] for name, tensor in held.items()}
            step += steps

    def _loads(self, rng: np.random.Generator | None) -> Iterator[tuple]:
        """Yield, buffer by buffer, the order of its events and what loads them."""

        def shuffled(number: int) -> np.ndarray:
            return np.arange(number) if rng is None else rng.permutation(number)

        if self.held is not None:
            yield shuffled(self.events), lambda: self.held
            return
        runs = [(first, min(first + RUN, self.events)) for first in range(0, self.events, RUN)]
        runs = [runs[place] for place in shuffled(len(runs))]
        per_buffer = self.buffer // RUN
        for first in range(0, len(runs), per_buffer):
            chosen = runs[first : first + per_buffer]
            number = sum(stop - start for start, stop in chosen)
            yield shuffled(number), lambda chosen=chosen: self._load(chosen)

    def _load(self, runs: Sequence[tuple[int, int]]) -> dict[str, torch.Tensor]:
        parts = [self.split.read(start, stop) for start, stop in runs]
        return {name: torch.cat([part[name] for part in parts]) for name in self.split.fields}
