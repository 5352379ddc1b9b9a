"""ROOT files in and out: jagged branches of several files in chunks, events as trees.

Reading knows no study: it hands out the branches that were asked for, a chunk of entries at a
time, and names the file, tree or branch that is at fault. Writing lays events out as a physicist's
ntuple: a field of fixed shape is a branch of that shape, a ragged field a jagged branch. ROOT has
no jagged list of vectors, so the constituents' (pT, eta, phi) become three branches under one
counter, and any other shape is written flat, row by row; both are noted in a string beside the
tree, from which ``read_root`` restores the events.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import uproot

from cascade.errors import CascadeError, nearest
from cascade.files import atomic, check_there

if TYPE_CHECKING:
    from cascade.events.schema import Events

_TREES = ("TTree", "TNtuple", "TNtupleD", "TChain", "ROOT::RNTuple")
_NOTE = "_fields"


@dataclass(frozen=True)
class Chunk:
    """Entries ``start … start + entries − 1`` of one file: an array by branch."""

    path: Path
    start: int
    entries: int
    branches: dict[str, ak.Array]


def read_chunks(
    files: Iterable[str | Path], tree: str, branches: Sequence[str], step: int | str = "50 MB"
) -> Iterator[Chunk]:
    """Read branches of a tree (or RNTuple) from several files, a chunk of entries at a time.

    All files are looked at before the first chunk, so that a mistake in the last of them costs
    nothing. Chunks never span two files.

    Parameters
    ----------
    files
        ROOT files, read in this order.
    tree
        Name of the tree, with its directory if it lies in one.
    branches
        Names of the branches, e.g. ``"Particle.Px"``.
    step
        Entries a chunk, or their size in memory, e.g. ``"50 MB"``.

    Raises
    ------
    CascadeError
        A file is missing, not a ROOT file or cut off; the tree is missing or empty; a branch is
        missing or of a type that cannot be read.
    """
    paths = [Path(file) for file in files]
    for path in paths:
        with _open(path) as file:
            _find(path, file, tree, branches)
    for path in paths:
        with _open(path) as file:
            found = _find(path, file, tree, branches)
            with _damage(path):
                size = _entries(found, branches, step)
            for start in range(0, found.num_entries, size):
                stop = min(start + size, found.num_entries)
                arrays = {name: _read(path, found, name, start, stop) for name in branches}
                yield Chunk(path, start, stop - start, arrays)


def export_root(
    path: str | Path,
    trees: Mapping[str, Iterable[Events]],
    components: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Write events as trees of one ROOT file, which appears only when it is complete.

    Parameters
    ----------
    path
        File to write; an older one is replaced.
    trees
        By name of the tree, its events in chunks, which are drawn one after another and all have
        the same fields.
    components
        Names along the last axis of ragged fields with one axis more, e.g.
        ``{"constituents": ("pt", "eta", "phi")}``: each becomes a branch ``constituents_pt`` ….
        Names that are not as many as the axis is long are passed over.

    Raises
    ------
    CascadeError
        The file cannot be written, a tree has no events at all, or a field has no ROOT type.
    """
    path = Path(path)
    with atomic(path) as part, uproot.recreate(str(part)) as file:
        for name, chunks in trees.items():
            _write_tree(path, file, name, chunks, components or {})


def read_root(path: str | Path, tree: str, step: int | str = "50 MB") -> Iterator[Events]:
    """Read back, in chunks, what ``export_root`` wrote: the same fields, shapes and types.

    Raises
    ------
    CascadeError
        As ``read_chunks``; or the tree was not written by ``export_root``.
    """
    path = Path(path)
    with _open(path) as file:
        if tree + _NOTE not in file.keys(cycle=False):
            _find(path, file, tree, ())
            raise CascadeError(f"{path}: tree '{tree}' was not written by Cascade")
        with _damage(path):
            layout = json.loads(str(file[tree + _NOTE]))
    branches = [branch for field in layout.values() for branch in field["branches"]]
    for chunk in read_chunks([path], tree, branches, step):
        yield {name: _unpack(chunk.branches, **field) for name, field in layout.items()}


@contextlib.contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn whatever a reader stumbles over in a damaged file into one line."""
    try:
        yield
    except CascadeError:
        raise
    except Exception as error:  # damaged bytes can trip uproot anywhere, with any exception
        raise CascadeError(
            f"{path}: cannot be read as a ROOT file; is it one, and complete?"
        ) from error


@contextlib.contextmanager
def _open(path: Path) -> Iterator[Any]:
    check_there(path)
    with _damage(path):
        # a dictionary, since a plain text would be split at a colon
        file = uproot.open({str(path): None})
    with file:
        if path.stat().st_size < file.file.fEND:
            raise CascadeError(
                f"{path}: cut off: {path.stat().st_size} of {file.file.fEND} bytes are there"
            )
        yield file


def _find(path: Path, file: Any, tree: str, branches: Sequence[str]) -> Any:
    """Return the tree once it is sure that it has entries and all the branches."""
    with _damage(path):
        kinds = file.classnames(cycle=False)
        known = [name for name, kind in kinds.items() if kind in _TREES]
        if tree not in known:
            raise CascadeError(f"{path}: no tree '{tree}'; {nearest(tree, known)}")
        found = file[tree]
        if found.num_entries == 0:
            raise CascadeError(f"{path}: tree '{tree}' is empty")
        names = {*found.keys(), *found.keys(full_paths=False)}
        for branch in branches:
            if branch not in names:
                raise CascadeError(
                    f"{path}: tree '{tree}' has no branch '{branch}'; {nearest(branch, names)}"
                )
    return found


def _entries(tree: Any, branches: Sequence[str], step: int | str) -> int:
    """Entries a chunk: those that fill the wanted memory, counting only what is read."""
    if isinstance(step, int):
        return max(step, 1)
    wanted = {*branches, *(branch.rpartition("/")[2] for branch in branches)}
    return max(tree.num_entries_for(step, filter_name=lambda name: name in wanted), 1)


def _read(path: Path, tree: Any, branch: str, start: int, stop: int) -> ak.Array:
    with _damage(path):
        array = tree[branch].array(entry_start=start, entry_stop=stop)
        if len(array) != stop - start:
            raise CascadeError(f"{path}: branch '{branch}' ends before entry {stop - 1}")
        return array


def _write_tree(
    path: Path,
    file: Any,
    name: str,
    chunks: Iterable[Events],
    components: Mapping[str, Sequence[str]],
) -> None:
    tree, layout = None, {}
    for events in chunks:
        packed = {}
        for key, array in events.items():
            packed[key], layout[key] = _pack(path, key, array, components.get(key))
        if tree is None:
            tree = file.mktree(name, {key: _type(array) for key, array in packed.items()})
        if len(next(iter(packed.values()))):
            tree.extend(packed)
    if tree is None:
        raise CascadeError(f"{path}: there are no events for tree '{name}'")
    file[name + _NOTE] = json.dumps(layout)


def _type(array: np.ndarray | ak.Array) -> Any:
    if isinstance(array, np.ndarray):
        return np.dtype((array.dtype, array.shape[1:]))
    return array.type.content


def _pack(
    path: Path, name: str, array: np.ndarray | ak.Array, components: Sequence[str] | None
) -> tuple[np.ndarray | ak.Array, dict]:
    """Return a field as ROOT can hold it, and how to undo that: see ``_unpack``."""
    if not isinstance(array, ak.Array):
        array = np.asarray(array)
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise CascadeError(f"{path}: field '{name}' is of type {array.dtype}, unknown to ROOT")
        if array.dtype == np.float16:
            array = array.astype(np.float32)
        return array, {"branches": [name], "ragged": False}
    plain = {"branches": [name], "ragged": True}
    if array.ndim == 2:
        return array, plain
    counts, inner = ak.num(array), ak.to_numpy(ak.flatten(array))
    if inner.shape[1:] != (len(components or ()),):
        size = int(np.prod(inner.shape[1:]))
        return ak.unflatten(inner.reshape(-1), counts * size), plain | {"shape": inner.shape[1:]}
    columns = {key: ak.unflatten(inner[:, i], counts) for i, key in enumerate(components)}
    branches = [f"{name}_{key}" for key in components]
    return ak.zip(columns), {"branches": branches, "ragged": True, "split": True}


def _unpack(
    arrays: Mapping[str, ak.Array],
    branches: Sequence[str],
    ragged: bool,
    shape: Sequence[int] | None = None,
    split: bool = False,
) -> np.ndarray | ak.Array:
    """Return a field from its branches: components side by side, flat vectors in their shape."""
    first = arrays[branches[0]]
    if not ragged:
        return ak.to_numpy(first)
    if split:
        inner = np.stack([ak.to_numpy(ak.flatten(arrays[name])) for name in branches], axis=1)
        return ak.unflatten(inner, ak.num(first))
    if shape is not None:
        inner = ak.to_numpy(ak.flatten(first)).reshape(-1, *shape)
        return ak.unflatten(inner, ak.num(first) // int(np.prod(shape)))
    return first
