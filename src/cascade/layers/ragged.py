"""Batches of events that differ in length: triggered stations, particles of a jet.

The rows of all events lie one after the other, as in the file, so that a layer which treats each
row alike (a shared perceptron, a convolution over each trace) works on all of them at once and
nothing is padded. Reductions over the rows of each event come back to one row an event: with them
a network is a function on sets (Deep Sets, Zaheer et al. 2017, arXiv:1703.06114).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Ragged:
    """Events with a variable number of rows each; B events, K rows in all.

    Event 0 holds the first ``counts[0]`` rows of ``values``, event 1 the next ``counts[1]``, and
    so on. An event may hold none.

    Attributes
    ----------
    values
        Shape (K, …): the rows of all events.
    counts
        Shape (B,), int64: how many rows each event holds; they add up to K.

    Examples
    --------
    >>> energies = Ragged(torch.tensor([1.0, 2.0, 5.0]), torch.tensor([2, 0, 1]))
    >>> energies.sum().tolist()
    [3.0, 0.0, 5.0]
    >>> energies[1:].counts.tolist()
    [0, 1]
    """

    values: Tensor
    counts: Tensor

    def __post_init__(self):
        if self.counts.ndim != 1 or self.counts.dtype != torch.int64:
            raise ValueError(
                f"counts must be int64 of shape (events,), not {self.counts.dtype} of shape "
                f"{tuple(self.counts.shape)}"
            )

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def shape(self) -> tuple[int, ...]:
        """(B, …): the number of events, then the shape of a row; the number of rows is left out."""
        return (len(self.counts), *self.values.shape[1:])

    @property
    def device(self) -> torch.device:
        """Where the values are."""
        return self.values.device

    @cached_property
    def offsets(self) -> Tensor:
        """Shape (B + 1,): event i holds ``values[offsets[i]:offsets[i + 1]]``."""
        return torch.cat([self.counts.new_zeros(1), self.counts.cumsum(0)])

    @cached_property
    def _index(self) -> Tensor:
        events = torch.arange(len(self), device=self.counts.device)
        return torch.repeat_interleave(events, self.counts, output_size=len(self.values))

    def index(self) -> Tensor:
        """Return the event of each row, (K,); PyTorch Geometric calls it ``batch``."""
        return self._index

    def place(self) -> Tensor:
        """Return the place of each row within its event, from 0: (K,)."""
        rows = torch.arange(len(self.values), device=self.counts.device)
        return rows - self.offsets[self._index]

    def with_values(self, values: Tensor) -> Ragged:
        """Return the same events with other values (K, …), one for each row."""
        if len(values) != len(self.values):
            raise ValueError(f"{len(values)} values for {len(self.values)} rows")
        same = Ragged(values, self.counts)
        same.__dict__.update(  # what is known of the rows' places stays known
            {name: self.__dict__[name] for name in ("offsets", "_index") if name in self.__dict__}
        )
        return same

    def __getitem__(self, events: slice | Tensor) -> Ragged:
        """Return some events: a slice (of step 1: a view), or a tensor of event numbers (E,).

        Numbers may repeat and stand in any order.
        """
        if isinstance(events, slice):
            first, last, step = events.indices(len(self))
            if step == 1:
                last = max(first, last)
                start, stop = self.offsets[first], self.offsets[last]
                return Ragged(self.values[start:stop], self.counts[first:last])
            # of NumPy: torch refuses a range that ends before it starts
            events = torch.from_numpy(np.arange(first, last, step)).to(self.counts.device)
        counts = self.counts[events]
        ends = counts.cumsum(0)
        rows = int(ends[-1]) if len(ends) else 0
        # row k of the result stands at k − (its event's start there) + (its event's start here)
        shift = torch.repeat_interleave(
            self.offsets[:-1][events] - (ends - counts), counts, output_size=rows
        )
        chosen = torch.arange(rows, device=shift.device) + shift
        return Ragged(self.values.index_select(0, chosen), counts)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Ragged:
        """Return the events on a device."""
        return Ragged(
            self.values.to(device, non_blocking=non_blocking),
            self.counts.to(device, non_blocking=non_blocking),
        )

    def sum(self) -> Tensor:
        """Return the sum over the rows of each event, (B, …); 0 for events without rows."""
        return self.values.new_zeros(self.shape).index_add(0, self._index, self.values)

    def mean(self) -> Tensor:
        """Return the mean over the rows of each event, (B, …); 0 for events without rows."""
        return self.sum() / self._per_event(self.counts.clamp(min=1))

    def max(self) -> Tensor:
        """Return the largest of the rows of each event, (B, …); 0 for events without rows.

        The values are floating point; where several are largest they share the gradient.
        """
        if not len(self.values):
            return self.values.new_zeros(self.shape)
        largest = torch.segment_reduce(self.values, "max", lengths=self.counts, axis=0, unsafe=True)
        return torch.where(self._per_event(self.counts > 0), largest, 0.0)

    def _per_event(self, numbers: Tensor) -> Tensor:
        """Shape numbers (B,) so that they broadcast over the values of an event."""
        return numbers.reshape(-1, *[1] * (self.values.ndim - 1))

    def padded(self, fill: float = 0.0) -> tuple[Tensor, Tensor]:
        """Return the events side by side, as long as the longest, with a mask of what is real.

        Returns
        -------
        values
            Shape (B, N, …), ``fill`` behind an event's last row.
        mask
            Shape (B, N), true where there is a row.
        """
        longest = int(self.counts.max()) if len(self) else 0
        shape = (len(self), longest, *self.values.shape[1:])
        padded = self.values.new_full(shape, fill)
        padded[self._index, self.place()] = self.values
        places = torch.arange(longest, device=self.counts.device)
        return padded, places < self.counts[:, None]


def cat(parts: Sequence[Tensor] | Sequence[Ragged]) -> Tensor | Ragged:
    """Join batches of a field along the events, be they tensors or ragged."""
    if isinstance(parts[0], Ragged):
        values = torch.cat([part.values for part in parts])
        return Ragged(values, torch.cat([part.counts for part in parts]))
    return torch.cat(list(parts))
