"""The source ``list``: text files of cosmic rays, such as an observatory's published events.

A file is one sky. Nothing is known of where its rays come from, so that truth is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import awkward as ak
import numpy as np

from cascade.errors import CascadeError, nearest
from cascade.files import read_text
from cascade.studies.skies.ingestion.rays import checked_energies, dense, from_angles
from cascade.studies.skies.settings.ingest import ListSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events


def ingest(
    files: Sequence[str | Path], settings: ListSettings, keep: Callable[[int, int], np.ndarray]
) -> Iterator[Events]:
    """Read skies from text files, one from each.

    Parameters
    ----------
    files
        Text files; their skies are numbered through in this order.
    settings
        Columns, units, frame and cuts.
    keep
        ``keep(first, number)`` is the mask of the wanted skies. The others are read and checked all
        the same, for all splits must have skies of the same size.

    Yields
    ------
    Events
        Directions and energies of a wanted sky.

    Raises
    ------
    CascadeError
        A file is missing, no text or empty; a column is missing, or holds no number or an
        impossible one; skies differ in their number of rays.
    """
    skies = ((Path(file), None, _sky(Path(file), settings), {}) for file in files)
    for number, (_, events) in enumerate(dense(skies, settings)):
        if keep(number, 1)[0]:
            yield events


@dataclass(frozen=True)
class Table:
    """A text file in columns: the words of its header, if any, and of each line with its number."""

    path: Path
    header: list[str]
    lines: list[tuple[int, list[str]]]

    def mistake(self, place: int, text: str) -> CascadeError:
        """Return an error about a line of the table."""
        return CascadeError(f"{self.path}: line {self.lines[place][0]}: {text}")

    def column(self, name: str | int, key: str) -> np.ndarray:
        """Return the numbers of a column by its name or its number from 1."""
        index = self._index(name, key)
        try:
            return np.array([float(words[index]) for _, words in self.lines])
        except ValueError:
            place = next(i for i, (_, words) in enumerate(self.lines) if not _number(words[index]))
            word = self.lines[place][1][index]
            raise self.mistake(place, f"'{word}' in column '{name}' is no number") from None

    def _index(self, name: str | int, key: str) -> int:
        columns = len(self.lines[0][1])
        if isinstance(name, int):
            if name > columns:
                raise CascadeError(f"{self.path}: {key}: no column {name}; there are {columns}")
            return name - 1
        if len(self.header) != columns:
            found = f"names {len(self.header)} columns" if self.header else "is missing"
            raise CascadeError(
                f"{self.path}: {key}: no column '{name}': the header {found} for {columns} columns;"
                " give the column's number, counted from 1"
            )
        if self.header.count(name) != 1:
            wrong = "several columns" if name in self.header else "no column"
            hint = "give its number" if name in self.header else nearest(name, self.header)
            raise CascadeError(f"{self.path}: {key}: {wrong} '{name}'; {hint}")
        return self.header.index(name)


def read_table(path: Path) -> Table:
    """Read a text file in columns that stand apart by blanks or commas.

    The header is the first line if it has words only; or else a comment in front of the numbers:
    the last one with a word for each column.

    Raises
    ------
    CascadeError
        The file cannot be read or has no lines, or lines of different length.
    """
    comments, lines = [], []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        text = line.strip().lstrip("\ufeff")
        if text.startswith("#"):
            comments += [] if lines else [_words(text.strip("# "), "," in text)]
        elif text:
            lines.append((number, text))
    comma = bool(lines) and "," in lines[0][1]
    table = [(number, _words(text, comma)) for number, text in lines]
    names = []
    if table and not any(map(_number, table[0][1])):
        names = table.pop(0)[1]
    if not table:
        raise CascadeError(f"{path}: holds no rays")
    for number, words in table:
        if len(words) != len(table[0][1]):
            raise CascadeError(
                f"{path}: line {number}: has {len(words)} columns, but the first {len(table[0][1])}"
            )
    fitting = [words for words in comments if len(words) == len(table[0][1])]
    return Table(path, names or (fitting or comments or [[]])[-1], table)


def _words(line: str, comma: bool) -> list[str]:
    return [word.strip().strip("\"'") for word in (line.split(",") if comma else line.split())]


def _number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _sky(path: Path, settings: ListSettings) -> ak.Array:
    """Return the rays of a file as a list of one sky."""
    table = read_table(path)
    longitude, latitude, energy = (
        table.column(name, f"columns.{key}") for key, name in settings.columns
    )
    x, y, z = from_angles(longitude, latitude, settings, table.mistake).T
    energy = checked_energies(energy, settings, table.mistake)
    columns = {"x": x, "y": y, "z": z, "energy": energy}
    return ak.zip({name: ak.unflatten(array, [len(x)]) for name, array in columns.items()})
