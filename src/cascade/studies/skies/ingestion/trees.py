"""The source ``root``: ROOT files with a sky in each entry, or with a ray in each, a sky a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import awkward as ak
import numpy as np

from cascade.errors import CascadeError
from cascade.events.root import Chunk, read_chunks
from cascade.studies.skies.ingestion.rays import (
    Mistake,
    checked_energies,
    dense,
    from_angles,
    from_vectors,
)
from cascade.studies.skies.settings.ingest import RootSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events


def ingest(
    files: Sequence[str | Path], settings: RootSettings, keep: Callable[[int, int], np.ndarray]
) -> Iterator[Events]:
    """Read skies from ROOT files, a chunk at a time.

    Parameters
    ----------
    files
        ROOT files; their skies are numbered through in this order.
    settings
        Tree, branches, units, frame and cuts.
    keep
        ``keep(first, number)`` is the mask of the wanted skies. The others are checked all the
        same, for all splits must have skies of the same size.

    Yields
    ------
    Events
        Directions and energies, and the fields of the truth whose branches are named.

    Raises
    ------
    CascadeError
        A file, tree or branch is missing, damaged or empty; branches differ in length; a value is
        no number, not finite, or impossible; skies differ in their number of rays.
    """
    names = _branches(settings)
    chunks = _whole_skies(read_chunks(files, settings.tree, names, settings.chunk), settings)
    first = 0
    for number, events in dense((_skies(chunk, settings) for chunk in chunks), settings):
        kept = np.asarray(keep(first, number), bool)
        first += number
        yield {name: array[kept] for name, array in events.items()}


def _branches(settings: RootSettings) -> list[str]:
    """Return the branches to be read, each once."""
    direction = settings.branches.direction
    if settings.branches.longitude is not None:
        named = [settings.branches.longitude, settings.branches.latitude]
    else:
        named = [direction or "direction"] if isinstance(direction, str | None) else [*direction]
    truth = [name for _, name in settings.truth if name is not None]
    return list(dict.fromkeys([settings.branches.energy, *named, *truth]))


def _whole_skies(chunks: Iterable[Chunk], settings: RootSettings) -> Iterator[Chunk]:
    """Yield chunks of which each entry is a sky: the rays of a file become its one entry."""
    gathered: list[Chunk] = []
    for chunk in chunks:
        if gathered and chunk.start == 0:
            yield _joined(gathered)
            gathered = []
        if chunk.branches[settings.branches.energy].ndim > 1:
            yield chunk
            continue
        for key, name in settings.truth:
            if name is not None:
                raise CascadeError(
                    f"{chunk.path}: truth.{key}: an entry of tree '{settings.tree}' is a ray; the "
                    "truth is read from trees with a sky in each entry"
                )
        gathered.append(chunk)
    if gathered:
        yield _joined(gathered)


def _joined(chunks: list[Chunk]) -> Chunk:
    branches = {
        name: ak.concatenate([chunk.branches[name] for chunk in chunks])[np.newaxis]
        for name in chunks[0].branches
    }
    return Chunk(chunks[0].path, 0, 1, branches)


def _skies(chunk: Chunk, settings: RootSettings) -> tuple[Path, int, ak.Array, Events]:
    """Return the rays of a chunk's skies, and fields of whole skies."""
    counts, energy = _rays(chunk, settings.branches.energy)
    ends = np.cumsum(counts)

    def mistake(place: int, text: str) -> CascadeError:
        sky = int(np.searchsorted(ends, place, "right"))
        ray = place - int(ends[sky] - counts[sky])
        return CascadeError(f"{chunk.path}: ray {ray} of sky {chunk.start + sky}: {text}")

    columns = {"energy": checked_energies(energy, settings, mistake)}
    direction = _directions(chunk, counts, settings, mistake)
    columns |= {name: direction[:, axis] for axis, name in enumerate("xyz")}
    if settings.truth.ray_label is not None:
        columns["ray_label"] = _labels(
            chunk, settings.truth.ray_label, _like(chunk, settings.truth.ray_label, counts)
        )
    rays = ak.zip({name: ak.unflatten(values, counts) for name, values in columns.items()})
    return chunk.path, chunk.start, rays, _of_skies(chunk, settings)


def _directions(
    chunk: Chunk, counts: np.ndarray, settings: RootSettings, mistake: Mistake
) -> np.ndarray:
    """Return equatorial unit vectors (rays, 3)."""
    named = settings.branches
    if named.longitude is not None:
        angles = (_like(chunk, name, counts) for name in (named.longitude, named.latitude))
        return from_angles(*angles, settings, mistake)
    if named.direction is None or isinstance(named.direction, str):
        flat = _like(chunk, named.direction or "direction", 3 * counts)
        return from_vectors(flat.reshape(-1, 3), settings, mistake)
    parts = [_like(chunk, name, counts) for name in named.direction]
    return from_vectors(np.stack(parts, axis=1), settings, mistake)


def _rays(chunk: Chunk, branch: str) -> tuple[np.ndarray, np.ndarray]:
    """Return how many numbers each sky has in a branch, and all of them as float64."""
    values = chunk.branches[branch]
    flat = None if values.fields else ak.to_numpy(ak.flatten(values, axis=None))
    if flat is None or flat.dtype.kind not in "biuf" or values.ndim < 2:
        raise CascadeError(
            f"{chunk.path}: branch '{branch}' holds no numbers of rays, but {values.type.content}"
        )
    while values.ndim > 2:
        values = ak.flatten(values, axis=2)
    return ak.to_numpy(ak.num(values)), flat.astype(np.float64)


def _like(chunk: Chunk, branch: str, counts: np.ndarray) -> np.ndarray:
    """Return all numbers of a branch, once each sky has so many of them."""
    found, values = _rays(chunk, branch)
    if not np.array_equal(found, counts):
        sky = int(np.argmax(found != counts))
        raise CascadeError(
            f"{chunk.path}: branch '{branch}' has {found[sky]} numbers in sky {chunk.start + sky}, "
            f"not {counts[sky]}, as its rays want"
        )
    return values


def _of_skies(chunk: Chunk, settings: RootSettings) -> Events:
    """Return the truth that is one number a sky."""
    events = {}
    if (name := settings.truth.label) is not None:
        events["label"] = _labels(chunk, name, _one_each(chunk, name)).astype(np.int8)
    if (name := settings.truth.signal_fraction) is not None:
        values = _one_each(chunk, name)
        good = (values >= 0) & (values <= 1)
        if not good.all():
            sky = int(np.argmin(good))
            raise CascadeError(
                f"{chunk.path}: branch '{name}' is {values[sky]:g} in sky {chunk.start + sky}; a "
                "share lies between 0 and 1"
            )
        events["signal_fraction"] = values.astype(np.float32)
    return events


def _one_each(chunk: Chunk, branch: str) -> np.ndarray:
    values = chunk.branches[branch]
    if values.ndim != 1 or values.fields:
        raise CascadeError(
            f"{chunk.path}: branch '{branch}' holds no single number per sky, but "
            f"{values.type.content}"
        )
    return ak.to_numpy(values).astype(np.float64)


def _labels(chunk: Chunk, branch: str, values: np.ndarray) -> np.ndarray:
    wrong = ~np.isin(values, (0, 1))
    if wrong.any():
        value = values[int(np.argmax(wrong))]
        raise CascadeError(f"{chunk.path}: branch '{branch}' holds {value:g}; a label is 0 or 1")
    return values
