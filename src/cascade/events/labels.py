"""Labels of a user's files that follow from their names."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

from cascade.errors import CascadeError


def label_of_file(path: Path, labels: Mapping[str, int]) -> int:
    """Return the label that patterns of names give a file.

    Raises
    ------
    CascadeError
        No pattern matches the file's name or path, or several do and contradict each other.
    """
    matches = {
        pattern: label
        for pattern, label in labels.items()
        if fnmatch(path.name, pattern) or fnmatch(str(path), pattern)
    }
    if not matches:
        raise CascadeError(
            f"{path}: no label is given: none of the labels' patterns matches its name "
            f"({', '.join(labels)})"
        )
    if len(set(matches.values())) > 1:
        raise CascadeError(f"{path}: the labels of {' and '.join(matches)} contradict each other")
    return next(iter(matches.values()))
