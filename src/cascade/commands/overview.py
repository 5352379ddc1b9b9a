"""``cascade overview``: a product across studies."""

from __future__ import annotations

from pathlib import Path

import click

from cascade.commands import options
from cascade.errors import CascadeError, nearest

OVERVIEWS = {"explanations": "cascade.plotting.overview:explanations"}
"""Products across studies, by name."""


@click.command()
@click.argument("overview", metavar="PRODUCT")
@options.pairs("explanation", "STUDY/NAME", "Explanation of a fit.")
@options.stem
def overview(overview: str, explanation: dict[str, Path], output: Path) -> None:
    """Make PRODUCT, a figure with its table, from files of several studies.

    \b
    Example:
      cascade overview explanations --explanation jets/deciding=jets.h5
        --explanation radio/deciding=radio.h5 -o explanations
    """
    from cascade.events import hdf5
    from cascade.plotting.written import write_product
    from cascade.study import resolve

    if overview not in OVERVIEWS:
        raise CascadeError(f"no overview '{overview}'; {nearest(overview, OVERVIEWS)}")
    if not explanation:
        raise CascadeError("--explanation: name at least one STUDY/NAME=PATH")
    for key, path in explanation.items():
        study, slash, name = key.partition("/")
        if not (study and slash and name):
            raise CascadeError(f"--explanation: '{key}' must read STUDY/NAME")
        with hdf5.opened(path, study):
            pass
    result = resolve(OVERVIEWS[overview])(explanation)
    write_product(output, "overview", overview, result, {})
