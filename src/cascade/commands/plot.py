"""``cascade plot``: make a product: its figure, table, numbers and caption."""

from __future__ import annotations

from pathlib import Path

import click

from cascade.commands import options
from cascade.errors import CascadeError, nearest


@click.command()
@click.argument("study")
@click.argument("product")
@options.pairs("predictions", "METHOD:SAMPLE", "Predictions of a method on a sample.")
@options.pairs("events", "SAMPLE", "Events of a sample.")
@options.pairs("history", "METHOD", "History of a fit.")
@options.pairs("explanation", "NAME", "Explanation of a fit.")
@options.settings
@options.seed
@options.stem
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
    from cascade.declarations import load_study, resolve
    from cascade.events import hdf5
    from cascade.plotting.product import Inputs
    from cascade.plotting.written import write_product

    declared = load_study(study)
    if product not in declared.products:
        raise CascadeError(
            f"study '{study}': no product '{product}'; {nearest(product, declared.products)}"
        )
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
    write_product(output, study, product, result, {"settings": settings, "seed": seed})
