"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cascade.declarations import resolve
from cascade.errors import CascadeError, nearest
from cascade.files import check_writable
from cascade.plotting.product import SUFFIXES, named
from cascade.settings import Settings, parse_json, validate
from cascade.study import Formula, Method, Study


def _writable(context: click.Context, option: click.Parameter, path: Path) -> Path:
    """Refuse an output before the work whose result would be lost."""
    check_writable(path)
    return path


output = click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    required=True,
    callback=_writable,
    help="File to be written.",
)


def _writable_product(context: click.Context, option: click.Parameter, stem: Path) -> Path:
    if stem.suffix.removeprefix(".") in SUFFIXES:
        raise CascadeError(f"--output: {stem}: leave out {stem.suffix}; all endings are added")
    for suffix in SUFFIXES:
        check_writable(named(stem, suffix))
    return stem


stem = click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    required=True,
    callback=_writable_product,
    help="Path of the product without suffix: .pdf, .png, .csv, .json and .rst are made.",
)
settings = click.option(
    "--settings", default="{}", metavar="JSON", help="Settings; defaults fill in the rest."
)
seed = click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=1,
    show_default=True,
    help="Fixes all randomness.",
)
accelerator = click.option(
    "--accelerator",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where networks run.",
)
model = click.option(
    "--model", type=click.Path(path_type=Path), help="Model file of a fitted method."
)


def pairs(name: str, key: str, help: str, **attributes: Any) -> Callable:
    """Return a repeatable option ``--name KEY=PATH``."""
    return click.option(
        f"--{name}", multiple=True, metavar=f"{key}=PATH", callback=_split, help=help, **attributes
    )


def _split(context: click.Context, option: click.Parameter, values: tuple) -> dict[str, Path]:
    found = {}
    for value in values:
        key, equals, path = value.partition("=")
        if not (key and equals and path):
            raise CascadeError(f"--{option.name}: '{value}' must read {option.metavar}")
        if key in found:
            raise CascadeError(f"--{option.name}: '{key}' stands twice")
        found[key] = Path(path)
    return found


def spare(output: Path, *inputs: Path) -> None:
    """Refuse to write over a file that is read: its content would be lost."""
    for path in inputs:
        if output.exists() and path.exists() and output.samefile(path):
            raise CascadeError(f"--output: {output} is read too; name another file")


def source(study: Study, name: str, kind: type) -> Any:
    """Return a study's source of one kind."""
    known = {key: item for key, item in study.sources.items() if isinstance(item, kind)}
    if name not in known:
        raise CascadeError(f"study '{study.name}': no source '{name}'; {nearest(name, known)}")
    return known[name]


def method(study: Study, name: str) -> Method:
    """Return a study's method."""
    if name not in study.methods:
        raise CascadeError(
            f"study '{study.name}': no method '{name}'; {nearest(name, study.methods)}"
        )
    return study.methods[name]


def checked(text: str, path: str, option: str = "--settings") -> Settings:
    """Return the settings that an option's JSON stands for, of the class at a dotted path."""
    return validate(resolve(path), parse_json(text, option), option.lstrip("-"))


def need_model(declared: Method, name: str, path: Path | None) -> None:
    """Check that a fitted method comes with its model file, and a formula without."""
    if isinstance(declared, Formula) and path is not None:
        raise CascadeError(f"--model: '{name}' is a formula; leave the option out")
    if not isinstance(declared, Formula) and path is None:
        raise CascadeError(f"--model: '{name}' is a fitted method; name its model file")
