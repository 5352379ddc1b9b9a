"""Networks of the default config, and events for them in any number."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from cascade.cli import cascade
from cascade.config import read_yaml
from cascade.declarations import load_study, resolve
from cascade.graph import build
from cascade.nodes import Graph, SampleNode
from cascade.settings import validate
from cascade.study import Simulation
from cascade.training.batches import Split
from cascade.training.fit import Fit
from cascade.training.settings import Training

ROOT = Path(__file__).parents[1]


@cache
def graph() -> Graph:
    """Return the graph of the default config."""
    return build(read_yaml(ROOT / "config/config.yaml"))


def simulated(sample: SampleNode, events: int, path: Path) -> Path:
    """Simulate some events of a sample; in place of Pythia with the toy, which gives the same."""
    source = "toy" if sample.source == "pythia8" else sample.source
    settings = sample.settings
    if source != sample.source:
        declared = load_study(sample.study).sources[source]
        assert isinstance(declared, Simulation)
        kept = {"selection": json.loads(settings)["selection"]}
        settings = validate(resolve(declared.settings), kept).model_dump_json()
    line = ["simulate", sample.study, source, "--events", str(events), "--split", path.stem]
    cascade([*line, "--settings", settings, "-o", str(path)], standalone_mode=False)
    return path


def batch_size(key: str) -> int:
    """Return the number of events in a step of a network."""
    return json.loads(graph().methods[key].training)["batch_size"]


def job(key: str, events: int, folder: Path, **training: object) -> Fit:
    """Return the training of a network on so many events, validated on as many as by default.

    Parameters
    ----------
    training
        What of its settings shall differ.
    """
    node = graph().methods[key]
    roles: dict[str, dict[str, Split]] = {"train": {}, "validation": {}}
    for role, name in node.samples.items():
        sample = graph().samples[f"{node.study}/{name}"]
        sizes = sample.config.events
        for split, splits in roles.items():
            path = folder / f"{node.study}-{name}-{split}-{events}.h5"
            if not path.exists():
                simulated(sample, max(1, round(events * sizes[split] / sizes["train"])), path)
            splits[role] = Split(path, node.declared.fields[role])
    return Fit(
        study=node.study,
        name=node.name,
        kind=node.kind,
        declared=node.declared,
        settings=validate(resolve(node.declared.settings), json.loads(node.settings)),
        training=validate(Training, {**json.loads(node.training), **training}),
        seed=node.seed,
        threads=1,
        **roles,
    )
