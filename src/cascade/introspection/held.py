"""Which attributions a file of explanations holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cascade.errors import CascadeError, known
from cascade.events import hdf5
from cascade.introspection import WAYS


def attributions_in(path: Path, wanted: Sequence[str] = ()) -> list[str]:
    """Return the attributions that are wanted of those in a file; all if none is named.

    Raises
    ------
    CascadeError
        The file holds none, or lacks one that is wanted.
    """
    with hdf5.opened(path) as file:
        there = set(hdf5.fields(file))
    made = [
        way
        for way in str(hdf5.attributes(path).get("ways", "")).split()
        if way in there and way in WAYS and WAYS[way].kind == "attribution"
    ]
    if not made:
        raise CascadeError(f"{path}: holds no relevance of single elements")
    return [known(way, made, "ways", "way in this explanation") for way in wanted] or made
