"""Shards of a split: which blocks of events each holds, and how they are put together.

Shards take interleaved blocks. Merged in the order of the blocks, they are the file that a single
process would have written, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.schema import Field
from cascade.events.seeding import Block
from cascade.events.writing import writing

if TYPE_CHECKING:
    from cascade.events.schema import Events

_SHARED = (
    "study", "sample", "split", "source", "source_version", "seed", "settings", "block",
    "split_events",
)  # fmt: skip


def shard_attributes(index: int, number: int, blocks: Sequence[Block]) -> dict[str, Any]:
    """Return what a shard's file says about itself: which part it is of all the split's ``blocks``.

    Its blocks follow from that, and from the size of a block that the file carries anyway: an
    attribute has no room for thousands of numbers.
    """
    return {
        "shard": f"{index}/{number}",
        "split_events": sum(block.events for block in blocks),
    }


_OWN = tuple(shard_attributes(0, 1, ()))


def merge(
    shards: Sequence[str | Path],
    path: str | Path,
    schema: Sequence[Field],
    finalise: Callable[[Iterable[Events]], Iterable[Events]] | None = None,
    reads: Sequence[str] = (),
) -> int:
    """Merge shards block by block, in the order of the blocks; return the number of events.

    Parameters
    ----------
    schema
        Fields of the study; those that ``finalise`` adds are not in the shards.
    finalise
        ``(chunks) -> chunks``, given the fields ``reads`` of all events, yields further fields.

    Raises
    ------
    CascadeError
        The files are not shards, not of one split, or not all or more than its shards.
    """
    with _opened_all(shards) as files:
        places = _places(files)
        stored = [field for field in schema if field.name in files[0]]
        names = [field.name for field in stored]
        attributes = {key: value for key, value in files[0].attrs.items() if key not in _OWN}
        with writing(path, stored, attributes) as writer:
            blocks = {
                shard: hdf5.parts(shard, names, [place for file, *place in places if file is shard])
                for shard in files
            }
            for shard, *_ in places:
                writer.append(next(blocks[shard]))
            if finalise is not None:
                writer.finalise(finalise, reads, schema)
            return writer.events


@contextmanager
def _opened_all(paths: Sequence[str | Path]) -> Iterator[list[h5py.File]]:
    with ExitStack() as stack:
        files = [stack.enter_context(hdf5.opened(path)) for path in paths]
        for path, file in zip(paths, files, strict=True):
            if "shard" not in file.attrs:
                raise CascadeError(f"{path}: is no shard: it was written whole")
            for key in _SHARED:
                if file.attrs.get(key) != files[0].attrs.get(key):
                    raise CascadeError(
                        f"{path}: its {key} differs from that of {paths[0]}; "
                        "not shards of one split"
                    )
            events, promised = hdf5.length(file), sum(_blocks(file).values())
            if events != promised:
                raise CascadeError(
                    f"{path}: holds {events} events, its blocks {promised}; make it again"
                )
        yield files


def _blocks(file: h5py.File) -> dict[int, int]:
    """Return the numbers of a shard's blocks, with the events in each."""
    index, number = map(int, file.attrs["shard"].split("/"))
    size, events = int(file.attrs["block"]), int(file.attrs["split_events"])
    starts = range(0, events, size)
    return {block: min(size, events - starts[block]) for block in range(index, len(starts), number)}


def _places(files: Sequence[h5py.File]) -> list[tuple[h5py.File, int, int]]:
    """Return where each block lies, (file, first event, end), in the order of the blocks."""
    places = {}
    for file in files:
        end = 0
        for block, events in _blocks(file).items():
            if block in places:
                raise CascadeError(f"{file.filename}: block {block} is in another shard too")
            places[block] = (file, end, end := end + events)
    first = files[0]
    wanted = range(-(-first.attrs["split_events"] // first.attrs["block"]))
    missing = set(wanted) - set(places)
    if missing:
        raise CascadeError(f"{first.filename}: block {min(missing)} is in none of the shards")
    return [places[block] for block in wanted]
