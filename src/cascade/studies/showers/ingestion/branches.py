"""Branches of a user's ROOT file as arrays of numbers, with complaints that name file and entry.

Lists of stations are laid flat: all stations of all wanted events one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import awkward as ak
import numpy as np

from cascade.errors import CascadeError
from cascade.events.root import Chunk

_KINDS = {
    1: "no single number per event",
    2: "no list of stations per event",
    3: "no list of traces per event",
}


LARGEST = 1e30
"""Numbers beyond this count as infinite: no quantity here comes near, nor fits single precision."""


@dataclass(frozen=True)
class Entries:
    """The wanted entries of a chunk: ``rows`` counts from the chunk's first entry."""

    chunk: Chunk
    rows: np.ndarray

    def entry(self, event: int) -> int:
        """Return the entry in the file of the event-th wanted one."""
        return self.chunk.start + int(self.rows[event])

    def mistake(self, text: str) -> CascadeError:
        """Return an error that names the file."""
        return CascadeError(f"{self.chunk.path}: {text}")

    def values(self, branch: str, *depths: int) -> ak.Array:
        """Return a branch of numbers, once it is a list (of lists) as deep as one of ``depths``.

        An event's single number has depth 1, a list depth 2.
        """
        found = self.chunk.branches[branch]
        # lists of characters count as texts, not as numbers
        flat = None if found.fields else ak.to_numpy(ak.flatten(found[:1], axis=None))
        if flat is None or flat.dtype.kind not in "biuf" or found.ndim not in depths:
            raise self.mistake(
                f"branch '{branch}' holds {_KINDS[depths[0]]}, but {found.type.content}"
            )
        return ak.values_astype(found[self.rows], np.float64)

    def numbers(self, branch: str) -> np.ndarray:
        """Return a branch of one finite number per event: (events,)."""
        return self._finite(branch, ak.to_numpy(self.values(branch, 1)))

    def vectors(self, branch: str | tuple[str, ...], length: int) -> np.ndarray:
        """Return the first ``length`` components of a branch, or one of each: (events, length)."""
        if not isinstance(branch, str):
            return np.stack([self.numbers(name) for name in branch], axis=1)
        found = self.values(branch, 2)
        short = ak.to_numpy(ak.num(found)) < length
        if short.any():
            event = int(np.argmax(short))
            raise self.mistake(
                f"branch '{branch}' holds {len(found[event])} numbers in entry "
                f"{self.entry(event)}, but {length} are needed"
            )
        return self._finite(branch, ak.to_numpy(found[:, :length]).reshape(-1, length))

    def lists(self, branch: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the lengths of the lists of a branch (events,), and all values, or NaN: (n,)."""
        found = self.values(branch, 2)
        return ak.to_numpy(ak.num(found)), _flat(found)

    def station_lists(self, branch: str, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the lengths of a list per station (stations,), and all values, or NaN: (n,).

        Parameters
        ----------
        counts
            Stations of each event, which a flat list shares out evenly.
        """
        found = self.values(branch, 2, 3)
        sizes = ak.to_numpy(ak.num(found))
        if found.ndim == 3:
            self.check(branch, sizes, sizes == counts, counts)
            inner = ak.flatten(found)
            return ak.to_numpy(ak.num(inner)), _flat(inner)
        each = sizes // np.maximum(counts, 1)
        self.check(branch, sizes, each * counts == sizes, counts)
        return np.repeat(each, counts), _flat(found)

    def check(self, branch: str, sizes: np.ndarray, good: np.ndarray, counts: np.ndarray) -> None:
        """Complain of the first event whose list does not fit its number of stations."""
        if not good.all():
            event = int(np.argmin(good))
            raise self.mistake(
                f"branch '{branch}' holds {sizes[event]} values in entry {self.entry(event)}, "
                f"which has {counts[event]} stations"
            )

    def station(self, place: int, counts: np.ndarray) -> str:
        """Name the station at a place among those of all events."""
        ends = np.cumsum(counts)
        event = int(np.searchsorted(ends, place, "right"))
        return f"station {place - ends[event] + counts[event]} in entry {self.entry(event)}"

    def _finite(self, branch: str, values: np.ndarray) -> np.ndarray:
        finite = (np.abs(values) < LARGEST).all(axis=tuple(range(1, values.ndim)))
        if not finite.all():
            raise self.mistake(
                f"branch '{branch}' is not finite (NaN or infinite) in entry "
                f"{self.entry(int(np.argmin(finite)))}"
            )
        return values


def _flat(lists: ak.Array) -> np.ndarray:
    """Return all values one after the other, NaN where they are not finite."""
    values = ak.to_numpy(ak.flatten(lists))
    return np.where(np.abs(values) < LARGEST, values, np.nan)
