"""Finding what is declared: studies by name, their parts by dotted path ``"package.module:name"``.

An error in Cascade's own code is a defect and keeps its traceback. One in a module of the user's is
to be mended there: it is said in one line, with its place.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from cascade.errors import CascadeError, nearest
from cascade.study import Study

PACKAGE = __name__.partition(".")[0]
STUDIES = f"{PACKAGE}.studies"

DOTTED = {
    "function", "settings", "version", "predict", "fit", "transform", "network", "objective",
    "task", "augment",
}  # fmt: skip
"""The parts' attributes that hold dotted paths."""


class NoModuleError(CascadeError):
    """There is no module of a name."""


def load_study(name: str) -> Study:
    """Return a study by name: one of Cascade's own, or an importable module of the user's.

    Either package or module holds its declaration as ``STUDY``.

    Raises
    ------
    CascadeError
        There is no such study, or its declaration is impossible.
    """
    whole = all(part.isidentifier() for part in name.split("."))
    for path in (f"{STUDIES}.{name}", name) if whole else ():
        try:
            module = imported(path)
        except NoModuleError:
            continue
        study = getattr(module, "STUDY", None)
        if not isinstance(study, Study):
            found = f"is a {type(study).__name__}" if hasattr(module, "STUDY") else "is missing"
            raise CascadeError(
                f"module '{path}': its STUDY {found}: it must be a cascade.study.Study"
            )
        if study.name not in (name, name.rpartition(".")[2]):
            raise CascadeError(
                f"module '{path}': its STUDY has the name '{study.name}': it must have the module's"
            )
        return study
    own = pkgutil.iter_modules(imported(STUDIES).__path__)
    raise CascadeError(
        f"no study '{name}', nor a module of that name on the Python path (PYTHONPATH must name "
        f"the folder it is in); {nearest(name, [module.name for module in own])}"
    )


def dotted_paths(study: Study) -> Iterator[tuple[str, str]]:
    """Yield where each dotted path of a study stands, and the path."""
    for kind in ("sources", "methods", "metrics", "products", "evidence"):
        for name, part in getattr(study, kind).items():
            for item in fields(part):
                if item.name in DOTTED and (path := getattr(part, item.name)):
                    yield f"{kind}['{name}'].{item.name}", path
    if study.finalise:
        yield "finalise.function", study.finalise.function


def resolve(path: str) -> Any:
    """Import what a dotted path stands for.

    Raises
    ------
    CascadeError
        It leads nowhere, or the user's module that it names cannot be imported.
    """
    name, member = _parted(path)
    module = imported(name)
    if not hasattr(module, member):
        of_module = vars(module).items()
        written = [key for key, item in of_module if getattr(item, "__module__", None) == name]
        raise CascadeError(f"'{path}': '{name}' holds no '{member}'; {nearest(member, written)}")
    return getattr(module, member)


def imported(name: str) -> ModuleType:
    """Import a module.

    Raises
    ------
    NoModuleError
        There is none of this name.
    CascadeError
        It is a user's, and cannot be imported.
    """
    try:
        return importlib.import_module(name)
    except CascadeError:
        raise
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise NoModuleError(
                f"no module '{name}' on the Python path; PYTHONPATH must name the folder it is in"
            ) from None
        if is_ours(name):  # a missing package, or a defect
            raise
        raise CascadeError(f"module '{name}' cannot be imported: {told(error)}") from error


def check(path: str) -> None:
    """Check that a dotted path leads somewhere, but import nothing: modules may need torch.

    Raises
    ------
    CascadeError
        It does not, as far as one sees.
    """
    name, _ = _parted(path)
    if name in sys.modules or find_spec(name.partition(".")[0]) is None:
        resolve(path)


def _parted(path: str) -> tuple[str, str]:
    name, _, member = path.partition(":") if isinstance(path, str) else ("", "", "")
    if not (name and member):
        raise CascadeError(f"{path!r} leads nowhere: it must be a text 'module:name'")
    return name, member


def is_ours(path: str) -> bool:
    """Return whether a module, or what a dotted path names, is Cascade's own."""
    return path.startswith((f"{PACKAGE}.", f"{PACKAGE}:")) or path == PACKAGE


def told(error: Exception) -> str:
    """Return an error in a user's own code as one line, with its place if it has one there."""
    text = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
    found = place(error)
    return f"{text} ({found})" if found else text


def place(error: Exception) -> str | None:
    """Return where in a user's own code an error came up, ``mine.py, line 12``, if it did there."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "<unknown>", error.lineno))
    own = [(file, line) for file, line in frames if _is_own(file)]
    if not own:
        return None
    file, line = own[-1]
    near = os.path.relpath(file)
    return f"{file if near.startswith('..') else near}, line {line}"


def _is_own(file: str) -> bool:
    """Return whether a source file is the user's: neither Cascade's nor Python's nor installed."""
    installed = {"site-packages", "dist-packages"} & set(Path(file).parts)
    places = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "scripts"))
    others = tuple(f"{place}{os.sep}" for place in (Path(__file__).parent, *places))
    return not (installed or file.startswith("<") or file.startswith(others))
