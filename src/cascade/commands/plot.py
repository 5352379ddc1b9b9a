"""``cascade plot``: make a product: its figure, table, numbers and caption."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cascade.commands import options
from cascade.errors import CascadeError, nearest

SUFFIXES = ("pdf", "png", "csv", "rst", "json")


@click.command()
@click.argument("study")
@click.argument("product")
@options.pairs("predictions", "METHOD:SAMPLE", "Predictions of a method on a sample.")
@options.pairs("events", "SAMPLE", "Events of a sample.")
@options.pairs("history", "METHOD", "History of a fit.")
@options.pairs("explanation", "NAME", "Explanation of a fit.")
@options.settings
@options.seed
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    required=True,
    help="Path of the product without suffix: .pdf, .png, .csv, .json and .rst are made.",
)
def plot(
    study: str,
    product: str,
    predictions: dict[str, Path],
    events: dict[str, Path],
    history: dict[str, Path],
    explanation: dict[str, Path],
    settings: str,
    seed: int,
    output: Path,
) -> None:
    """Make PRODUCT of STUDY from the files that it shows.

    \b
    Example:
      cascade plot jets roc --predictions cnn:default=predictions.h5 -o roc
    """
    from cascade.events import hdf5
    from cascade.files import check_writable
    from cascade.plotting.product import Inputs
    from cascade.study import load_study, resolve

    declared = load_study(study)
    if product not in declared.products:
        raise CascadeError(
            f"study '{study}': no product '{product}'; {nearest(product, declared.products)}"
        )
    for suffix in SUFFIXES:
        check_writable(_named(output, suffix))
    for key in predictions:
        if not all(key.partition(":")):
            raise CascadeError(f"--predictions: '{key}' must read METHOD:SAMPLE")
    for path in (*predictions.values(), *events.values(), *explanation.values()):
        with hdf5.opened(path, study):
            pass
    chosen = declared.products[product]
    inputs = Inputs(
        predictions={tuple(key.partition(":")[::2]): path for key, path in predictions.items()},
        samples=events,
        histories=history,
        explanations=explanation,
        seed=seed,
    )
    result = resolve(chosen.function)(inputs, options.checked(settings, chosen.settings))
    _write(output, study, product, result, {"settings": settings, "seed": seed})


def _write(output: Path, study: str, product: str, result: Any, facts: Mapping[str, Any]) -> None:
    """Write all files of a product, or none."""
    from cascade.files import atomic, csv_text, json_text
    from cascade.plotting.style import save
    from cascade.provenance import record

    rows = [
        dict(zip(result.table, row, strict=True))
        for row in zip(*result.table.values(), strict=True)
    ]
    if not rows:
        raise CascadeError(
            f"product '{product}' has nothing to show: give it --predictions, --events, --history "
            "or --explanation"
        )
    content = {
        "study": study,
        "product": output.name,
        "kind": product,
        "caption": result.caption.strip(),
        "metrics": {name: asdict(number) for name, number in result.metrics.items()},
        "provenance": record(**facts),
    }
    texts = {
        "csv": csv_text(rows),
        "rst": as_rst(content["caption"]) + "\n",
        "json": json_text(content),
    }
    with ExitStack() as stack:
        for suffix in SUFFIXES:
            part = stack.enter_context(atomic(_named(output, suffix)))
            if suffix in texts:
                part.write_text(texts[suffix], encoding="utf-8")
            else:
                save(result.figure, part, suffix)


def as_rst(text: str) -> str:
    """Return text for Snakemake's report, which reads its captions as reStructuredText.

    Examples
    --------
    >>> print(as_rst("|a - b| * 2, of sample 'x_' and X_max"))
    \\|a - b\\| \\* 2, of sample 'x\\_' and X_max
    """
    # an underscore marks a link only where a word ends
    return re.sub(r"[\\*`|]|_(?!\w)", r"\\\g<0>", text)


def _named(output: Path, suffix: str) -> Path:
    # with_suffix would cut a name at its own point
    return output.parent / f"{output.name}.{suffix}"
