"""``cascade predict``: apply a method to events."""

from __future__ import annotations

from pathlib import Path

import click

from cascade.commands import options
from cascade.errors import CascadeError

CHUNK = 8192


@click.command()
@click.argument("study")
@click.argument("method")
@click.argument("events", type=click.Path(path_type=Path))
@options.model
@click.option("--name", help="Name of the fit; by default the method's.")
@options.settings
@options.accelerator
@options.output
def predict(
    study: str,
    method: str,
    events: Path,
    model: Path | None,
    name: str | None,
    settings: str,
    accelerator: str,
    output: Path,
) -> None:
    """Apply METHOD of STUDY to EVENTS; truth that the events carry is copied along.

    \b
    Example:
      cascade predict jets cnn test.h5 --model model.ckpt -o predictions.h5
    """
    import numpy as np

    from cascade.declarations import load_study, resolve
    from cascade.events import hdf5
    from cascade.events.finite import not_finite
    from cascade.events.writing import writing
    from cascade.models import load_model
    from cascade.provenance import record
    from cascade.study import Estimator, Network, predicts

    declared = load_study(study)
    chosen = options.method(declared, method)
    if not predicts(chosen):
        raise CascadeError(f"method '{method}' makes events, not predictions: cascade transform")
    options.need_model(chosen, method, model)
    options.spare(output, events)
    checked = options.checked(settings, chosen.settings)
    fitted = load_model(
        chosen, method, model, study, accelerator, None if settings == "{}" else checked
    )
    if isinstance(chosen, Network):
        from cascade.training.network import check_shapes
        from cascade.training.predict import predict as predict_network

        def apply(chunk: dict) -> dict:
            check_shapes(fitted, chunk, events)
            return predict_network(chosen, fitted, chunk)
    elif isinstance(chosen, Estimator):

        def apply(chunk: dict) -> dict:
            return resolve(chosen.predict)(fitted, chunk, checked)
    else:

        def apply(chunk: dict) -> dict:
            return resolve(chosen.predict)(chunk, checked)

    with hdf5.opened(events, study) as file:
        truth = [
            field
            for field in declared.schema
            if field.name in declared.truth and field.name in file
        ]
        origin = {key: str(file.attrs[key]) for key in ("sample", "split") if key in file.attrs}
    attributes = record(
        study=study, method=name or method, kind=method, settings=checked.model_dump_json(),
        content="predictions", **origin,
    )  # fmt: skip
    names = dict.fromkeys([*chosen.inputs, *(field.name for field in truth)])
    columns = None
    with writing(output, (), attributes) as writer:
        for chunk in hdf5.chunks(events, names, CHUNK, study):
            predicted = apply(chunk)
            if columns is None:
                columns = [field for field in declared.predictions if field.name in predicted]
                writer.schema = [*columns, *truth]
            wrong = [key for key in predicted if not np.isfinite(predicted[key]).all()]
            if wrong:
                raise CascadeError(
                    not_finite(events, chosen.inputs)
                    or f"{events}: '{method}' predicts a {wrong[0]} that is not a number"
                )
            writer.append({**{field.name: chunk[field.name] for field in truth}, **predicted})
            del chunk, predicted  # else they would be there until the next ones are
