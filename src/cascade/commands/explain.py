"""``cascade explain``: look into a trained network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from cascade.commands import options
from cascade.errors import CascadeError, known
from cascade.introspection import WAYS


@click.command()
@click.argument("study")
@click.argument("network")
@options.model
@click.option(
    "--method",
    "ways",
    multiple=True,
    metavar="WAY",
    help=f"One or several of {', '.join(WAYS)}.",
)
@click.option(
    "--events", type=click.Path(path_type=Path), help="Events to look at: the first of the file."
)
@click.option("--name", help="Name of the fit; by default the network's.")
@options.settings
@options.accelerator
@options.output
def explain(
    study: str,
    network: str,
    model: Path | None,
    ways: tuple[str, ...],
    events: Path | None,
    name: str | None,
    settings: str,
    accelerator: str,
    output: Path,
) -> None:
    """Explain a trained NETWORK of STUDY.

    Beside what is found of events stand their inputs to the network, and truth that they carry.

    \b
    Example:
      cascade explain jets cnn --model model.ckpt --events test.h5 --method lrp --method grad_cam \\
        --settings '{"events": 100, "ways": {"lrp": {"rule": "composite"}}}' -o explained.h5
    """
    from cascade.declarations import load_study
    from cascade.events import hdf5
    from cascade.events.writing import writing
    from cascade.introspection import checked_ways
    from cascade.introspection.explained import explained
    from cascade.introspection.explanation import one_file
    from cascade.introspection.settings import ExplanationSettings
    from cascade.models import load_model
    from cascade.provenance import record
    from cascade.settings import parse_json, validate
    from cascade.study import Network
    from cascade.training.network import check_shapes

    declared = load_study(study)
    chosen = options.method(declared, network)
    if not isinstance(chosen, Network):
        raise CascadeError(f"'{network}' is no network; there is nothing to explain")
    asked = validate(ExplanationSettings, parse_json(settings, "--settings"), "settings")
    each = checked_ways(ways, asked.ways, "--method", "settings.ways")
    reads = _reads(ways, events)
    if asked.evidence:
        known(asked.evidence, declared.evidence, "settings.evidence", "evidence")
    options.need_model(chosen, network, model)
    fitted = load_model(chosen, network, model, study, accelerator)
    looked = explained(chosen, fitted, asked.number)
    facts: dict[str, Any] = {"content": "explanation", "settings": asked.model_dump_json()}
    if not reads:
        schema, arrays = one_file(looked, [], each)
    else:
        options.spare(output, events)
        with hdf5.opened(events, study) as file:
            facts |= {key: str(file.attrs[key]) for key in ("sample", "split") if key in file.attrs}
            there = set(hdf5.fields(file))
        known_of, evidence = _known(declared, chosen, asked.evidence, there)
        seen = hdf5.read(events, sorted(known_of), 0, asked.events, study)
        check_shapes(fitted, seen, events)
        if evidence:
            facts["evidence"] = evidence.description
        schema, arrays = _look(declared, looked, seen, each, asked, evidence)
    attributes = record(study=study, method=name or network, ways=" ".join(ways), **facts)
    with writing(output, schema, attributes) as writer:
        writer.append(arrays)


def _reads(ways: Iterable[str], events: Path | None) -> bool:
    """Return whether ways look at events; check that there are some, and only then."""
    reading = [way for way in ways if WAYS[way].kind != "network"]
    if reading and events is None:
        raise CascadeError(f"--events: '{reading[0]}' looks at events; name a file of them")
    if not reading and events is not None:
        raise CascadeError(
            f"--events: '{next(iter(ways))}' looks at the network alone; leave the option out"
        )
    return bool(reading)


def _known(declared: Any, chosen: Any, name: str | None, there: set[str]) -> tuple[set[str], Any]:
    """Return the fields to be read, and the evidence if the file has the truth for it."""
    evidence = declared.evidence.get(name or next(iter(declared.evidence), ""))
    if evidence is not None and not set(evidence.reads) <= there:
        if name:
            missing = ", ".join(sorted(set(evidence.reads) - there))
            raise CascadeError(
                f"settings.evidence: '{name}' needs {missing}, which the events lack"
            )
        evidence = None
    truth = set(declared.truth) & there
    return {*chosen.inputs, *truth, *(evidence.reads if evidence else ())}, evidence


def _look(
    declared: Any, looked: Any, seen: Any, ways: Any, asked: Any, evidence: Any
) -> tuple[tuple, dict[str, Any]]:
    """Return what is found of events, with these beside it unless the rows are others."""
    from cascade.declarations import resolve
    from cascade.introspection.explanation import one_file
    from cascade.training.batches import tensor

    fields = {field.name: field for field in declared.schema}
    elements = fields[declared.elements or looked.fields[0]]
    truth = tensor(resolve(evidence.function)(seen)) if evidence else None
    schema, arrays = one_file(
        looked, looked.inputs(seen), ways, settings=asked, elements=elements, evidence=truth
    )
    if any(WAYS[way].alone for way in ways):
        return schema, arrays
    schema = (*schema, *(field for name, field in fields.items() if name in seen))
    return schema, {**seen, **arrays}
