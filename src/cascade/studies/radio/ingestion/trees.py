"""The source ``root``: ROOT files with a trace, or a list of channels' traces, in each entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import awkward as ak
import numpy as np

from cascade.errors import CascadeError
from cascade.events.labels import label_of_file
from cascade.events.root import Chunk, read_chunks
from cascade.studies.radio.ingestion.entries import Entries
from cascade.studies.radio.ingestion.events import to_events
from cascade.studies.radio.settings.ingest import RootSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events


def ingest(
    files: Sequence[str | Path], settings: RootSettings, keep: Callable[[int, int], np.ndarray]
) -> Iterator[Events]:
    """Read traces from ROOT files, a chunk at a time.

    Parameters
    ----------
    files
        ROOT files; their entries are numbered through in this order.
    settings
        Tree, branches, unit, rate, band and window.
    keep
        ``keep(first, number)`` is the mask of the wanted entries; the others are passed over.

    Yields
    ------
    Events
        Traces, and as much of the truth as the file knows.

    Raises
    ------
    CascadeError
        A file, tree or branch is missing, damaged or empty; a branch holds no numbers; a trace is
        not finite, 0, of the wrong length or without noise.
    """
    names = {part: name for part, name in settings.branches if name is not None}
    labels = {
        Path(file): settings.labels and label_of_file(Path(file), settings.labels) for file in files
    }
    branches, first = list(dict.fromkeys(names.values())), 0
    for chunk in read_chunks(files, settings.tree, branches, settings.chunk):
        kept = np.flatnonzero(keep(first, chunk.entries))
        first += chunk.entries
        if len(kept):
            columns = {
                part: _column(chunk, name, part == "label", settings.channel)[kept]
                for part, name in names.items()
            }
            entries = Entries(chunk.path, "branch", names, columns, chunk.start + kept)
            yield to_events(entries, settings, labels[chunk.path])


def _column(chunk: Chunk, branch: str, single: bool, channel: int | None) -> ak.Array:
    """Return a branch as one number or one list of numbers an entry."""
    values = chunk.branches[branch]
    # lists of characters count as texts, not as numbers
    flat = None if values.fields else ak.to_numpy(ak.flatten(values[:1], axis=None))
    axes = 1 if single else 2 + (channel is not None)
    if flat is None or flat.dtype.kind not in "biuf" or values.ndim != axes:
        wanted = ["one number", "a list of samples", "a list of channels, each a list of samples"]
        hint = "; choose one of its lists by 'channel'" if (values.ndim, axes) == (3, 2) else ""
        raise CascadeError(
            f"{chunk.path}: branch '{branch}' holds {values.type.content} in each entry, not "
            f"{wanted[axes - 1]}{hint}"
        )
    if axes < 3:
        return values
    channels = ak.to_numpy(ak.num(values))
    if channels.min() <= channel:
        entry = int(np.argmin(channels))
        raise CascadeError(
            f"{chunk.path}: branch '{branch}' has {channels[entry]} channels in entry "
            f"{chunk.start + entry}, counted from 0, and no 'channel' {channel}"
        )
    return values[:, channel]
