"""Copies of events on a disk of this machine, for trainings that stream them step by step.

On a cluster events lie on a file system that all nodes share, slow to read in small pieces.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cascade.errors import CascadeError
from cascade.files import reason


@contextmanager
def staged(
    scratch: str | None, *splits: Mapping[str, Path]
) -> Iterator[tuple[Mapping[str, Path], ...]]:
    """Copy files for as long as the block runs; yield the mappings with the copies' paths.

    Parameters
    ----------
    scratch
        A folder; variables in it (``$TMPDIR``) are those of this machine. None: nothing is copied.
    splits
        Files by role.

    Raises
    ------
    CascadeError
        There is no such folder, or no room in it.
    """
    if not scratch:
        yield splits
        return
    place = os.path.expandvars(scratch)
    try:
        folder = TemporaryDirectory(prefix="cascade-", dir=place)
    except OSError as error:
        raise CascadeError(f"--scratch: {place}: {reason(error)}") from error
    with folder as name:
        try:
            copies = tuple(
                {
                    role: Path(shutil.copy(path, Path(name) / f"{number}-{role}.h5"))
                    for role, path in files.items()
                }
                for number, files in enumerate(splits)
            )
        except OSError as error:
            raise CascadeError(f"--scratch: {place}: {reason(error)}") from error
        yield copies
