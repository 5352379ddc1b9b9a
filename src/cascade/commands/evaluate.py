"""``cascade evaluate``: metrics of a method from its predictions."""

from __future__ import annotations

from pathlib import Path

import click

from cascade.commands import options
from cascade.errors import CascadeError


@click.command()
@click.argument("study")
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option(
    "--replicas",
    type=click.IntRange(min=10),
    default=200,
    show_default=True,
    help="Bootstrap replicas.",
)
@options.seed
@options.output
def evaluate(study: str, predictions: Path, replicas: int, seed: int, output: Path) -> None:
    """Compute the metrics of STUDY from PREDICTIONS, with 68 % bootstrap intervals.

    \b
    Example:
      cascade evaluate jets predictions.h5 -o metrics.json
    """
    import numpy as np

    from cascade.declarations import load_study, resolve
    from cascade.evaluation.bootstrap import bootstrap
    from cascade.events import hdf5
    from cascade.events.seeding import sequence
    from cascade.files import write_json
    from cascade.provenance import record

    declared = load_study(study)
    options.spare(output, predictions)
    columns = hdf5.read(predictions, study=study)
    origin = hdf5.attributes(predictions)
    if "method" not in origin:
        names = " or ".join(field.name for field in declared.predictions)
        raise CascadeError(f"{predictions}: holds no predictions ({names}); see cascade predict")
    metrics = {}
    for name, metric in declared.metrics.items():
        rng = np.random.default_rng(sequence(seed, study, name))
        value, low, high = bootstrap(resolve(metric.function), columns, rng, replicas)
        if not np.isnan(value):
            metrics[name] = {"value": value, "low": low, "high": high, "unit": metric.unit,
                             "events": len(next(iter(columns.values())))}  # fmt: skip
    if not metrics:
        raise CascadeError(
            f"{predictions}: none of {', '.join(declared.metrics)} is a number on its "
            f"{hdf5.count(predictions)} events; is a class missing?"
        )
    write_json(
        output,
        {
            "study": study,
            "method": origin["method"],
            "sample": origin.get("sample", ""),
            "split": origin.get("split", ""),
            "events": hdf5.count(predictions),
            "metrics": metrics,
            "provenance": record(seed=seed, replicas=replicas),
        },
    )
