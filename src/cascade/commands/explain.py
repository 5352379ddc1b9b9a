"""``cascade explain``: look into a trained network."""

from __future__ import annotations

from pathlib import Path

import click

from cascade.commands import options
from cascade.errors import CascadeError, nearest
from cascade.introspection import WAYS


@click.command()
@click.argument("study")
@click.argument("network")
@options.model
@click.option("--method", "way", required=True, metavar="WAY", help=f"One of {', '.join(WAYS)}.")
@click.option("--name", help="Name of the fit; by default the network's.")
@options.output
def explain(
    study: str, network: str, model: Path | None, way: str, name: str | None, output: Path
) -> None:
    """Explain a trained NETWORK of STUDY.

    \b
    Example:
      cascade explain jets cnn --model model.ckpt --method filters -o filters.h5
    """
    from cascade.events import hdf5
    from cascade.models import load_model
    from cascade.provenance import record
    from cascade.study import Network, load_study, resolve

    if way not in WAYS:
        raise CascadeError(f"--method: no way '{way}' of explaining; {nearest(way, WAYS)}")
    chosen = options.method(load_study(study), network)
    if not isinstance(chosen, Network):
        raise CascadeError(f"'{network}' is no network; there is nothing to explain")
    options.need_model(chosen, network, model)
    schema, arrays = resolve(WAYS[way])(load_model(chosen, network, model, study, "cpu"))
    attributes = record(study=study, method=name or network, content=way)
    with hdf5.writing(output, schema, attributes) as writer:
        writer.append(arrays)
