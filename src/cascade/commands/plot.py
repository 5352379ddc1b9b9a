"""``cascade plot``: make a product: its figure, table, numbers and caption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cascade.commands import options
from cascade.errors import CascadeError, nearest


@click.command()
@click.argument("study")
@click.argument("product")
@options.pairs("predictions", "Predictions by METHOD:SAMPLE.")
@options.pairs("events", "Events by sample.")
@options.pairs("history", "History by method.")
@options.pairs("explanation", "Explanation by method.")
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
    from cascade.plotting.product import Inputs
    from cascade.study import load_study, resolve

    declared = load_study(study)
    if product not in declared.products:
        raise CascadeError(
            f"study '{study}': no product '{product}'; {nearest(product, declared.products)}"
        )
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
    from cascade.files import atomic, write_json, write_rows, write_text
    from cascade.plotting.style import save
    from cascade.provenance import record

    for kind in ("pdf", "png"):
        with atomic(output.with_name(f"{output.name}.{kind}")) as part:
            save(result.figure, part, kind)
    rows = [
        dict(zip(result.table, row, strict=True))
        for row in zip(*result.table.values(), strict=True)
    ]
    write_rows(output.with_name(f"{output.name}.csv"), rows)
    write_text(output.with_name(f"{output.name}.rst"), result.caption.strip() + "\n")
    write_json(
        output.with_name(f"{output.name}.json"),
        {
            "study": study,
            "product": output.name,
            "kind": product,
            "caption": result.caption.strip(),
            "metrics": {name: asdict(number) for name, number in result.metrics.items()},
            "provenance": record(**facts),
        },
    )
