"""The source ``root``: a user's ROOT files with the visible particles of simulated or real events.

Each event's particles go the way of every other source: towers, anti-kT, trimming, windows,
observables, images. An event gives one jet or none. The label stands in a branch, or follows from
the file's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import awkward as ak
import numpy as np

from cascade.errors import CascadeError
from cascade.events.labels import label_of_file
from cascade.events.root import Chunk, read_chunks
from cascade.studies.jets.reconstruction import reconstruct
from cascade.studies.jets.settings import RootSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events

GEV = {"GeV": 1.0, "MeV": 1e-3}


def ingest(
    files: Sequence[str | Path], settings: RootSettings, keep: Callable[[int, int], np.ndarray]
) -> Iterator[Events]:
    """Read events from ROOT files and yield their jets, a chunk at a time.

    Parameters
    ----------
    files
        ROOT files; their events are numbered through in this order.
    settings
        Tree, branches, label and selection.
    keep
        ``keep(first, number)`` is the mask of the wanted events; the others are not clustered.

    Yields
    ------
    Events
        All fields of a jet but ``weight``, for the events that are kept and pass the selection.

    Raises
    ------
    CascadeError
        A file, tree or branch is missing, damaged or empty; particles' branches differ in length
        or hold a value that is not finite; a label is missing or neither 0 nor 1.
    """
    branches = settings.cartesian or settings.polar
    momenta = {role: name for role, name in branches.model_dump().items() if name is not None}
    label = [] if settings.label_branch is None else [settings.label_branch]
    by_file = dict.fromkeys(map(Path, files), 0)
    if settings.labels is not None:
        by_file = {path: label_of_file(path, settings.labels) for path in by_file}
    number = 0
    for chunk in read_chunks(files, settings.tree, [*momenta.values(), *label], settings.chunk):
        labels = np.full(chunk.entries, by_file[chunk.path])
        if settings.label_branch is not None:
            labels = _labels(chunk, settings.label_branch)
        columns = {role: _particles(chunk, name) for role, name in momenta.items()}
        _same_lengths(chunk, momenta, columns)
        kept = np.asarray(keep(number, chunk.entries), bool)
        number += chunk.entries
        columns = {role: column[kept] for role, column in columns.items()}
        jets, event = reconstruct(_momenta(columns, GEV[settings.unit]), settings.selection)
        yield {**jets, "label": labels[kept][event].astype(np.int8)}


def _labels(chunk: Chunk, branch: str) -> np.ndarray:
    values = chunk.branches[branch]
    if values.ndim != 1:
        raise CascadeError(f"{chunk.path}: branch '{branch}' holds no single number per event")
    values = ak.to_numpy(values)
    wrong = ~np.isin(values, (0, 1))
    if wrong.any():
        entry = int(np.argmax(wrong))
        raise CascadeError(
            f"{chunk.path}: branch '{branch}' is {values[entry]} in entry {chunk.start + entry}; "
            "a label is 1 for a W boson, 0 for QCD"
        )
    return values


def _particles(chunk: Chunk, branch: str) -> ak.Array:
    """Return a branch as float64, events × variable, once every value is finite."""
    values = chunk.branches[branch]
    if values.ndim != 2:
        raise CascadeError(
            f"{chunk.path}: branch '{branch}' holds no list of particles per event, but "
            f"{values.type.content}"
        )
    values = ak.values_astype(values, np.float64)
    finite = np.isfinite(ak.to_numpy(ak.flatten(values)))
    if not finite.all():
        counts = ak.to_numpy(ak.num(values))
        entry = chunk.start + int(np.searchsorted(np.cumsum(counts), np.argmin(finite), "right"))
        raise CascadeError(
            f"{chunk.path}: branch '{branch}' is not finite (NaN or infinite) in entry {entry}"
        )
    return values


def _same_lengths(chunk: Chunk, momenta: dict[str, str], columns: dict[str, ak.Array]) -> None:
    (first, *others) = columns
    counts = ak.to_numpy(ak.num(columns[first]))
    for role in others:
        other = ak.to_numpy(ak.num(columns[role]))
        if not np.array_equal(counts, other):
            entry = int(np.argmax(counts != other))
            raise CascadeError(
                f"{chunk.path}: entry {chunk.start + entry} has {counts[entry]} values in branch "
                f"'{momenta[first]}' but {other[entry]} in '{momenta[role]}'"
            )


def _momenta(columns: dict[str, ak.Array], unit: float) -> ak.Array:
    """Return particles as records of px, py, pz, E [GeV] from either set of branches."""
    if "energy" in columns:
        names = {"px": "px", "py": "py", "pz": "pz", "E": "energy"}
        return ak.zip({name: columns[role] * unit for name, role in names.items()})
    pt, eta, phi = columns["pt"] * unit, columns["eta"], columns["phi"]
    mass = columns["mass"] * unit if "mass" in columns else 0.0
    pz = pt * np.sinh(eta)
    energy = np.sqrt(pt**2 + pz**2 + mass**2)
    return ak.zip({"px": pt * np.cos(phi), "py": pt * np.sin(phi), "pz": pz, "E": energy})
