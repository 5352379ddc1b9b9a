"""``cascade transform``: make a sample from another one by a fitted method."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascade.commands import options
from cascade.errors import CascadeError, nearest

if TYPE_CHECKING:
    from cascade.events.schema import Events

CHUNK = 4096


@click.command()
@click.argument("study")
@click.argument("method")
@click.argument("events", type=click.Path(path_type=Path))
@options.model
@click.option("--sample", default="transformed", show_default=True, help="Name of the new sample.")
@click.option("--split", default="all", show_default=True, help="Split that is transformed.")
@options.seed
@options.settings
@options.accelerator
@options.output
def transform(
    study: str,
    method: str,
    events: Path,
    model: Path | None,
    sample: str,
    split: str,
    seed: int,
    settings: str,
    accelerator: str,
    output: Path,
) -> None:
    """Apply METHOD of STUDY to EVENTS, which gives events again.

    \b
    Example:
      cascade transform refinement refiner simulation.h5 --model model.ckpt -o refined.h5
    """
    import numpy as np

    from cascade.declarations import load_study, resolve
    from cascade.events import hdf5
    from cascade.events.seeding import sequence
    from cascade.events.writing import writing
    from cascade.models import load_model
    from cascade.provenance import record
    from cascade.study import Network

    declared = load_study(study)
    chosen = options.method(declared, method)
    path = getattr(chosen, "transform", None)
    if path is None:
        able = [name for name, item in declared.methods.items() if getattr(item, "transform", None)]
        raise CascadeError(f"method '{method}' makes no events; {nearest(method, able)}")
    options.need_model(chosen, method, model)
    options.spare(output, events)
    fitted = load_model(chosen, method, model, study, accelerator)
    checked = options.checked(settings, chosen.settings)
    attributes = record(
        study=study, sample=sample, split=split, source=method, seed=seed,
        settings=checked.model_dump_json(), transformed=str(hdf5.attributes(events)),
    )  # fmt: skip
    apply = resolve(path)

    def made() -> Iterator[Events]:
        for number, chunk in enumerate(hdf5.chunks(events, None, CHUNK, study)):
            if isinstance(chosen, Network):
                from cascade.training.network import check_shapes

                check_shapes(fitted, chunk, events)
            rng = np.random.default_rng(sequence(seed, study, sample, split, number))
            yield apply(fitted, chunk, checked, rng)

    chunks = made()
    first = next(chunks, {})
    schema = [field for field in declared.schema if field.name in first]
    with writing(output, schema, attributes) as writer:
        for chunk in chain([first] if first else [], chunks):
            writer.append(chunk)
