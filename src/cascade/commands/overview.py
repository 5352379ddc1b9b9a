"""``cascade overview``: a product across studies."""

from __future__ import annotations

from pathlib import Path

import click

from cascade.commands import options
from cascade.errors import CascadeError, nearest

OVERVIEWS = {
    "explanations": "cascade.plotting.overview:explanations",
    "metrics": "cascade.plotting.metrics:metrics",
}
"""Products across studies, by name."""


@click.command()
@click.argument("overview", metavar="PRODUCT")
@options.pairs("explanation", "STUDY/NAME", "Explanation of a fit, for PRODUCT explanations.")
@options.pairs("metrics", "STUDY/METHOD", "Metrics of a method, for PRODUCT metrics.")
@options.stem
def overview(
    overview: str, explanation: dict[str, Path], metrics: dict[str, Path], output: Path
) -> None:
    """Make PRODUCT (explanations, metrics), a figure with its table, from files of several studies.

    \b
    Example:
      cascade overview metrics --metrics jets/cnn=metrics.json -o metrics
      cascade overview explanations --explanation jets/deciding=jets.h5
        --explanation radio/deciding=radio.h5 -o explanations
    """
    from cascade.declarations import resolve
    from cascade.events import hdf5
    from cascade.plotting.written import write_product

    if overview not in OVERVIEWS:
        raise CascadeError(f"no overview '{overview}'; {nearest(overview, OVERVIEWS)}")
    option, key, files = (
        ("metrics", "STUDY/METHOD", metrics)
        if overview == "metrics"
        else ("explanation", "STUDY/NAME", explanation)
    )
    if not files:
        raise CascadeError(f"--{option}: name at least one {key}=PATH")
    for name, path in files.items():
        study, slash, rest = name.partition("/")
        if not (study and slash and rest):
            raise CascadeError(f"--{option}: '{name}' must read {key}")
        if option == "explanation":
            with hdf5.opened(path, study):
                pass
    result = resolve(OVERVIEWS[overview])(files)
    write_product(output, "overview", overview, result, {})
