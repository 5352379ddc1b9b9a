"""The one kind of error that is the user's to mend.

The command line prints its message as a single line and exits with status 2, and so it does with
any error in a module of the user's. Anything else is a defect of Cascade and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CascadeError(Exception):
    """A user's mistake: the message names the file, key or value and says what would be right."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which of the known names was probably meant, or list them. Case does not count.

    Examples
    --------
    >>> nearest("widht", ["width", "depth"])
    "did you mean 'width'?"
    >>> nearest("adamw", ["Adam", "AdamW"])
    "did you mean 'AdamW'?"
    >>> nearest("foo", ["width", "depth"])
    'known: depth, width'
    """
    known = sorted(known)
    folded = {item.casefold(): item for item in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    return f"known: {', '.join(known)}" if known else "none is known here"


def known(name: str, names: Iterable[str], path: str, what: str) -> str:
    """Return a name that the user gave, once it is one of those that there are.

    Raises
    ------
    CascadeError
        It is none of them, with the path of its key and the nearest one.
    """
    names = list(names)
    if name not in names:
        raise CascadeError(f"{path}: no {what} '{name}'; {nearest(name, names)}")
    return name
