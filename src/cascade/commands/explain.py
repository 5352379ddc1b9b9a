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
@click.option(
    "--events", type=click.Path(path_type=Path), help="Events that some ways look at: the first."
)
@click.option("--name", help="Name of the fit; by default the network's.")
@options.output
def explain(
    study: str,
    network: str,
    model: Path | None,
    way: str,
    events: Path | None,
    name: str | None,
    output: Path,
) -> None:
    """Explain a trained NETWORK of STUDY.

    Beside what is found of events stand their inputs to the network, and truth that they carry.

    \b
    Example:
      cascade explain jets cnn --model model.ckpt --method filters -o filters.h5
    """
    from cascade.events import hdf5
    from cascade.models import load_model
    from cascade.provenance import record
    from cascade.study import Network, load_study, resolve
    from cascade.training.network import check_shapes

    if way not in WAYS:
        raise CascadeError(f"--method: no way '{way}' of explaining; {nearest(way, WAYS)}")
    declared = load_study(study)
    chosen = options.method(declared, network)
    if not isinstance(chosen, Network):
        raise CascadeError(f"'{network}' is no network; there is nothing to explain")
    options.need_model(chosen, network, model)
    _need_events(way, events)
    fitted, function = load_model(chosen, network, model, study, "cpu"), resolve(WAYS[way].function)
    origin = {}
    if events is None:
        schema, arrays = function(fitted)
    else:
        options.spare(output, events)
        with hdf5.opened(events, study) as file:
            origin = {key: str(file.attrs[key]) for key in ("sample", "split") if key in file.attrs}
            there = set(hdf5.fields(file))
        names = {*chosen.inputs, *(set(declared.truth) & there)}
        seen = hdf5.read(events, sorted(names), 0, WAYS[way].events, study)
        check_shapes(fitted, seen, events)
        schema, arrays = function(fitted, seen)
        schema = (*schema, *(field for field in declared.schema if field.name in names))
        arrays = {**seen, **arrays}
    attributes = record(study=study, method=name or network, content=way, **origin)
    with hdf5.writing(output, schema, attributes) as writer:
        writer.append(arrays)


def _need_events(way: str, events: Path | None) -> None:
    """Check that a way that reads events comes with some, and another without."""
    if WAYS[way].events and events is None:
        raise CascadeError(f"--events: '{way}' looks at events; name a file of them")
    if not WAYS[way].events and events is not None:
        raise CascadeError(f"--events: '{way}' looks at the network alone; leave the option out")
