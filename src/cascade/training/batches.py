"""Batches of events from HDF5, in an order that depends on (seed, epoch) alone.

Events that fit into memory are read once and held. Larger splits are streamed: the file is cut
into runs of neighbouring events, an epoch puts the runs in a random order, reads from them a buffer
of events at a time, and shuffles inside the buffer. Either way an epoch has each event once, and
can be taken up again at any step to go on with the same batches.

A field of fixed shape is a tensor (events, …), a ragged one ``cascade.layers.ragged.Ragged``.
Events that are held go to the GPU once, if each split leaves half of the memory that is free there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.ragged import flat
from cascade.events.seeding import sequence
from cascade.layers.ragged import Ragged, cat

if TYPE_CHECKING:
    from cascade.events.schema import Events

Values = torch.Tensor | Ragged
"""A field of some events."""
CPU = torch.device("cpu")
RUN = 1024  # neighbouring events read at once when streaming: a few HDF5 chunks


@dataclass(frozen=True)
class Split:
    """A split of a sample in one role of a fit, and the fields that the fit may read."""

    path: Path
    fields: tuple[str, ...]

    def events(self) -> int:
        """Return the number of events."""
        return hdf5.count(self.path)

    def read(self, start: int | None = None, stop: int | None = None) -> dict[str, Values]:
        """Read the fields of some events, floating point in float32."""
        return _tensors(hdf5.read(self.path, self.fields, start, stop))

    def parts(
        self, places: Iterable[tuple[int, int]], names: Iterable[str] | None = None
    ) -> Iterator[dict[str, Values]]:
        """Read several parts (start, stop) of the file, opened once; all fields, or those named."""
        names = self.fields if names is None else tuple(names)
        with hdf5.opened(self.path) as file:
            yield from map(_tensors, hdf5.parts(file, names, places, ragged=_ragged))

    def event_bytes(self) -> float:
        """Return the memory that one event takes, in the mean over the split."""
        size = 0.0
        for name, values in self.read(0, 1).items():
            if isinstance(values, Ragged):
                # how many rows the first event holds says nothing of the others
                row = values.values.element_size() * math.prod(values.shape[1:])
                size += row * hdf5.rows(self.path, name) / self.events()
                values = values.counts
            size += values.element_size() * values.numel()
        return size


def _tensors(events: Events) -> dict[str, Values]:
    return {name: tensor(array) for name, array in events.items()}


def tensor(array: np.ndarray | Any) -> Values:
    """Return a NumPy array as a tensor, an Awkward one (events × var × …) as a ragged batch.

    A ragged batch stays one. Nothing is copied where that is possible; floating point becomes
    float32.
    """
    if isinstance(array, Ragged):
        return array
    if not isinstance(array, np.ndarray):
        return _ragged(*flat(array))
    return torch.from_numpy(array if array.dtype.kind in "iub" else array.astype("f4", copy=False))


def _ragged(values: np.ndarray, counts: np.ndarray) -> Ragged:
    return Ragged(tensor(values), torch.from_numpy(counts))


class Batches:
    """Batches ``{role: {field: values}}`` over one split per role.

    The first role sets the length of an epoch. The others run through their events at their own
    pace, pass after pass.

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
    share
        ``(n, of)``: of each batch only the n-th of so many parts, counted from 0, for one of as
        many processes. They are of equal size but for one event. Where an epoch's last batch holds
        fewer events than there are parts, it is left out.
    device
        Where the network is.

    Raises
    ------
    CascadeError
        A split holds no events, or fewer than a batch has parts.
    """

    def __init__(
        self,
        splits: Mapping[str, Split],
        size: int,
        seed: int | None,
        memory: float = 4e9,
        share: tuple[int, int] = (0, 1),
        device: torch.device = CPU,
    ):
        for role, split in splits.items():
            if split.events() == 0:
                raise CascadeError(f"{split.path}: holds no events; role '{role}' needs some")
            if min(split.events(), size) < share[1]:
                raise CascadeError(
                    f"{split.path}: {share[1]} devices cannot share batches of "
                    f"{min(split.events(), size)} events; lower training.devices"
                )
        self.sources = {
            role: _Source(
                split, size, None if seed is None else (seed, role), memory / len(splits), share
            )
            for role, split in splits.items()
        }
        for source in self.sources.values():
            source.move(device)
        self.lead = next(iter(self.sources.values()))
        self.shuffled = seed is not None
        self.epoch = 0
        self.step = 0

    def __len__(self) -> int:
        return len(self.lead)

    def __iter__(self) -> Iterator[dict[str, dict[str, Values]]]:
        # in the order of the file, each epoch is the first one again
        done = (self.epoch if self.shuffled else 0) * len(self) + self.step
        streams = {role: source.batches(done) for role, source in self.sources.items()}
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

    def __init__(
        self,
        split: Split,
        size: int,
        seed: tuple[int, str] | None,
        memory: float,
        share: tuple[int, int],
    ):
        self.split = split
        self.size = size
        self.seed = seed
        self.share = share
        rest = split.events() % size
        self.events = split.events() - (rest if rest < share[1] else 0)
        # half of the memory: while a buffer is put together its parts are there too
        fits = int(memory / 2 / max(split.event_bytes(), 1))
        self.held = split.read(0, self.events) if self.events <= fits else None
        # whole batches, so that no batch but an epoch's last is smaller
        self.buffer = self.events if self.held else max(1, fits // size) * size

    def __len__(self) -> int:
        return -(-self.events // self.size)

    def move(self, device: torch.device) -> None:
        """Hold the events on a GPU, where they take less than half of what is free."""
        if self.held and device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
            if self.events * self.split.event_bytes() < free / 2:
                self.held = {name: values.to(device) for name, values in self.held.items()}

    def batches(self, done: int) -> Iterator[dict[str, Values]]:
        """Yield the batches behind the first ``done`` ones, for ever."""
        epoch, step = divmod(done, len(self))
        room: dict[str, torch.Tensor] = {}
        while True:
            yield from self._epoch(epoch, step, room)
            epoch, step = epoch + 1, 0

    def _epoch(
        self, epoch: int, step: int, room: dict[str, torch.Tensor]
    ) -> Iterator[dict[str, Values]]:
        """Yield the batches of an epoch from a step on; events are read into ``room``."""
        shuffled = np.arange
        if self.seed is not None:
            seed, role = self.seed
            shuffled = np.random.default_rng(sequence(seed, "batches", role, epoch)).permutation
        runs = shuffled(-(-self.events // RUN))
        for start in range(0, self.events, self.buffer):
            stop = min(start + self.buffer, self.events)
            order = shuffled(stop - start)  # of skipped buffers too: the stream of numbers goes on
            first = max(step * self.size - start, 0)
            if first >= len(order):
                continue
            held = None  # what was read before goes first
            held = self.held or self._load(runs, start, stop, room)
            for place in range(first, len(order), self.size):
                batch = order[place : place + self.size]
                part, of = self.share
                batch = batch[part * len(batch) // of : (part + 1) * len(batch) // of]
                rows = torch.from_numpy(batch)
                yield {name: values[rows] for name, values in held.items()}

    def _load(
        self, runs: np.ndarray, start: int, stop: int, room: dict[str, torch.Tensor]
    ) -> dict[str, Values]:
        """Read the events ``start:stop`` of the file as it would be with its runs in this order.

        Fields of fixed shape take the same room each time: were it given back and asked for again,
        the process would grow from buffer to buffer.
        """
        first = runs * RUN
        last = np.minimum(first + RUN, self.events)
        ends = np.cumsum(last - first)
        cut = [np.maximum(start - (ends - (last - first)), 0), np.maximum(ends - stop, 0)]
        first, last = first + cut[0], last - cut[1]
        places = [(int(first[i]), int(last[i])) for i in np.flatnonzero(first < last)]
        ragged: dict[str, list[Ragged]] = {}
        done = 0
        for (begin, end), part in zip(places, self.split.parts(places), strict=True):
            for name, values in part.items():
                if isinstance(values, Ragged):
                    ragged.setdefault(name, []).append(values)
                    continue
                if name not in room:
                    room[name] = values.new_empty((self.buffer, *values.shape[1:]))
                room[name][done : done + len(values)] = values
            done += end - begin
        return {
            name: cat(ragged.pop(name)) if name in ragged else room[name][:done]
            for name in self.split.fields
        }
