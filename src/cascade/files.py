"""Files that are whole or not there.

A file is written under a temporary name in its own folder and renamed when it is complete: nothing
half-written is ever visible under a final name, whatever kills the process. The temporary name is
fixed by the final one, so a rerun overwrites what a killed run left behind.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cascade.errors import CascadeError


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield the temporary name for ``path``; rename it when the block ends well.

    Raises
    ------
    CascadeError
        The file cannot be written (no space, no permission, a folder in its place).
    """
    path = Path(path)
    check_writable(path)
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        part.replace(path)
    except OSError as error:
        raise CascadeError(f"{path}: cannot be written: {reason(error)}") from error
    finally:
        # a folder that cannot be written holds no temporary file either
        with suppress(OSError):
            part.unlink(missing_ok=True)


def check_writable(path: str | Path) -> None:
    """Check, before any work whose result would be lost, that a file may be written.

    Raises
    ------
    CascadeError
        The name is a folder's, or its folder can neither be made nor written to.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise CascadeError(f"{path}: is a folder; name a file")
        folder = next(folder for folder in path.parents if folder.exists())
    except OSError as error:
        raise CascadeError(f"{path}: cannot be written: {reason(error)}") from error
    if not folder.is_dir():
        raise CascadeError(f"{path}: cannot be written: {folder} is not a folder")
    if not os.access(folder, os.W_OK):
        raise CascadeError(f"{path}: cannot be written: the folder {folder} is read-only")


def check_there(path: str | Path) -> None:
    """Check that a file to be read exists.

    Raises
    ------
    CascadeError
        There is none, or a folder in its place.
    """
    if Path(path).is_dir():
        raise CascadeError(f"{path}: is a folder; name a file")
    if not Path(path).is_file():
        raise CascadeError(f"{path}: no such file")


def reason(error: OSError) -> str:
    """Say in words why the system refused, also where a library hid the number in its text."""
    if error.errno:
        return os.strerror(error.errno).lower()
    return str(error).splitlines()[0]


def write_text(path: str | Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with atomic(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: Any) -> None:
    """Write a JSON file for people to read too, whole or not at all."""
    write_text(path, json_text(content))


def json_text(content: Any) -> str:
    """Return content as JSON, which knows neither infinity nor NaN: they become null."""
    return json.dumps(_finite(content), indent=2, allow_nan=False) + "\n"


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows of equal keys, at least one, as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_text(path: str | Path) -> str:
    """Read a text file, with one clear line if it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise CascadeError(f"{path}: cannot be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise CascadeError(f"{path}: is not a text file in UTF-8") from error
