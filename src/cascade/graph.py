"""The graph of a config: samples, methods and products, each checked and complete.

The workflow's rules look their nodes up here by ``study/name``. What a rule passes to the command
line is the node's own slice, as JSON with all defaults filled in: it reruns when that changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cascade.config import Config, MethodConfig, ProductConfig, SampleConfig
from cascade.errors import CascadeError, known
from cascade.introspection import WAYS
from cascade.nodes import UNSPLIT, MethodNode, ProductNode, SampleNode
from cascade.settings import Settings, validate
from cascade.study import (
    Estimator,
    Ingestion,
    Method,
    Network,
    Simulation,
    Study,
    load_study,
    resolve,
)
from cascade.training.settings import Training
from cascade.variants import resolve_methods

_GIVE = "give the paths of the files there"


@dataclass(frozen=True)
class Graph:
    """All nodes of a config by ``study/name``."""

    config: Config
    samples: dict[str, SampleNode] = field(default_factory=dict)
    methods: dict[str, MethodNode] = field(default_factory=dict)
    products: dict[str, ProductNode] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    """Products whose events the user has not given yet: why, for the user."""

    def samples_of(self, kind: str) -> list[str]:
        """Keys of the samples of one kind of source."""
        return [key for key, node in self.samples.items() if node.kind == kind]

    def empty(self, study: str, samples: Iterable[str]) -> str | None:
        """Return where the config has no files yet for one of these samples, if it is so."""
        for name in samples:
            node = self.samples[f"{study}/{name}"]
            if node.kind == "transform" and (found := self.empty(study, [node.config.of])):
                return found
            if node.kind == "ingest" and not node.config.files:
                return f"studies.{study}.samples.{name}.files"
        return None

    def splits(self, key: str) -> tuple[str, ...]:
        """Return the splits of a sample; a transformed one has those of its original."""
        node = self.samples[key]
        if node.kind == "transform":
            return self.splits(f"{node.study}/{node.config.of}")
        return tuple(node.config.events or node.config.fractions) or (UNSPLIT,)

    def shown(self, key: str) -> str:
        """Return the split that methods are judged and events shown on: test, or the only one."""
        splits = self.splits(key)
        return "test" if "test" in splits else splits[-1]

    @cached_property
    def judged(self) -> list[str]:
        """Keys of the methods that get metrics on their study's reference sample."""
        return [key for key, node in self.methods.items() if node.predicts]

    def reference(self, study: str) -> str:
        """Name of a study's reference sample."""
        return self.config.studies[study].reference


def build(data: Mapping[str, Any]) -> Graph:
    """Check a whole config (plain data, overlays already laid over it) and return its graph.

    Raises
    ------
    CascadeError
        The first impossible value, with the path of its key.
    """
    config = validate(Config, data)
    graph = Graph(config)
    for name, block in config.studies.items():
        try:
            study = load_study(name)
        except CascadeError as error:
            raise CascadeError(f"studies.{name}: {error}") from error
        path = f"studies.{name}"
        for sample, entry in block.samples.items():
            node = _sample(config, study, sample, entry, f"{path}.samples.{sample}")
            graph.samples[node.key] = node
        known(block.reference, block.samples, f"{path}.reference", "sample")
        methods = resolve_methods(block.methods, f"{path}.methods")
        groups: dict[str, list[str]] = {}
        for method, (entry, written) in methods.items():
            node = _method(graph, study, method, entry, f"{path}.methods.{written}")
            graph.methods[node.key] = node
            groups.setdefault(written, []).append(method)
        _check_transformed(graph, study, path)
        if empty := graph.empty(study.name, [block.reference]):
            raise CascadeError(f"{path}.reference: {empty} is empty; {_GIVE}")
        _check_splits(graph, study, groups, f"{path}.methods")
        for product, entry in block.products.items():
            node = _product(graph, study, groups, product, entry, f"{path}.products.{product}")
            if empty := graph.empty(study.name, node.shown):
                why = f"{path}.products.{product} is left out: {empty} is empty; {_GIVE}"
                graph.left_out[node.key] = why
            else:
                graph.products[node.key] = node
    return graph


def _dump(model: Settings) -> str:
    return json.dumps(model.model_dump(mode="json"), sort_keys=True)


def _sample(config: Config, study: Study, name: str, entry: SampleConfig, path: str) -> SampleNode:
    seed = config.seed if entry.seed is None else entry.seed
    if entry.transform:
        return SampleNode(study.name, name, entry, "{}", seed, 0, "")
    kind, wanted = ("simulate", Simulation) if entry.simulate else ("ingest", Ingestion)
    sources = {key: source for key, source in study.sources.items() if isinstance(source, wanted)}
    source = sources[known(getattr(entry, kind), sources, f"{path}.{kind}", "source")]
    settings = validate(resolve(source.settings), entry.settings, f"{path}.settings")
    block = entry.block or getattr(source, "block", 0)
    code = source.function.partition(":")[0]
    return SampleNode(study.name, name, entry, _dump(settings), seed, block, code)


def _method(graph: Graph, study: Study, name: str, entry: MethodConfig, path: str) -> MethodNode:
    declared = study.methods[known(entry.method, study.methods, f"{path}.method", "method")]
    settings = validate(resolve(declared.settings), entry.settings, f"{path}.settings")
    training = None
    if isinstance(declared, Network):
        trained = validate(Training, entry.training, f"{path}.training")
        training = _dump(trained.check_scaling(declared.inputs, f"{path}.training"))
    elif entry.training:
        raise CascadeError(f"{path}.training: '{entry.method}' is no network; remove this key")
    return MethodNode(
        study=study.name,
        name=name,
        kind=entry.method,
        declared=declared,
        settings=_dump(settings),
        training=training,
        device=entry.device or declared.device,
        seed=graph.config.seed if entry.seed is None else entry.seed,
        samples=_roles(graph, study, declared, entry, path),
    )


def _roles(
    graph: Graph, study: Study, declared: Method, entry: MethodConfig, path: str
) -> dict[str, str]:
    roles = list(declared.fields) if isinstance(declared, Estimator | Network) else []
    for role in entry.samples:
        known(role, roles, f"{path}.samples.{role}", "role")
    samples = {role: entry.samples.get(role, graph.reference(study.name)) for role in roles}
    names = [node.name for node in graph.samples.values() if node.study == study.name]
    for role, sample in samples.items():
        known(sample, names, f"{path}.samples.{role}", "sample")
    return samples


def _check_transformed(graph: Graph, study: Study, path: str) -> None:
    """Check what transformed samples refer to."""
    samples = {node.name: node for node in graph.samples.values() if node.study == study.name}
    methods = {node.name: node for node in graph.methods.values() if node.study == study.name}
    for name, node in samples.items():
        if node.kind == "transform":
            where = f"{path}.samples.{name}"
            transformers = [
                key
                for key, method in methods.items()
                if getattr(method.declared, "transform", None)
            ]
            known(node.source, transformers, f"{where}.transform", "transforming method")
            known(node.config.of, samples, f"{where}.of", "sample")

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            circle = " → ".join((*above, name))
            raise CascadeError(f"{path}.samples.{name}: is made from itself: {circle}")
        node = samples[name]
        if node.kind == "transform":
            for other in (node.config.of, *methods[node.source].samples.values()):
                visit(other, (*above, name))

    for name in samples:
        visit(name, ())


def _check_splits(graph: Graph, study: Study, groups: Mapping[str, list[str]], path: str) -> None:
    """Check that every fit finds the files and splits that it needs."""
    for written, names in groups.items():
        for role, sample in graph.methods[f"{study.name}/{names[0]}"].samples.items():
            if empty := graph.empty(study.name, [sample]):
                raise CascadeError(f"{path}.{written}.samples.{role}: {empty} is empty; {_GIVE}")
            missing = {"train", "validation"} - set(graph.splits(f"{study.name}/{sample}"))
            if missing:
                raise CascadeError(
                    f"{path}.{written}.samples.{role}: sample '{sample}' has no split "
                    f"'{min(missing)}', which a fit needs"
                )


def _product(
    graph: Graph,
    study: Study,
    groups: Mapping[str, list[str]],
    name: str,
    entry: ProductConfig,
    path: str,
) -> ProductNode:
    kind = known(entry.product or name, study.products, f"{path}.product", "product")
    declared = study.products[kind]
    names = [node.name for node in graph.samples.values() if node.study == study.name]
    for key in ("on", "samples"):
        for sample in getattr(entry, key):
            known(sample, names, f"{path}.{key}", "sample")
    # a name stands for one method, or for all seeds of one
    choices = {method: [method] for members in groups.values() for method in members} | groups

    def expand(names: Iterable[str], key: str) -> list[MethodNode]:
        return [
            graph.methods[f"{study.name}/{method}"]
            for name in names
            for method in choices[known(name, choices, f"{path}.{key}", "method")]
        ]

    applied, fits = expand(entry.methods, "methods"), expand(entry.fits, "fits")
    explanations = {
        method.name: known(way, WAYS, f"{path}.explain.{base}", "way of explaining")
        for base, way in entry.explain.items()
        for method in expand([base], "explain")
    }
    for node in applied:
        if not node.predicts:
            raise CascadeError(f"{path}.methods: '{node.name}' makes events, not predictions")
    for node in fits:
        if not node.fitted:
            raise CascadeError(f"{path}.fits: method '{node.name}' is a formula, without a fit")
    for node in expand(entry.explain, "explain"):
        if not isinstance(node.declared, Network):
            raise CascadeError(f"{path}.explain: method '{node.name}' is no network")
    return ProductNode(
        study=study.name,
        name=name,
        kind=kind,
        settings=_dump(validate(resolve(declared.settings), entry.settings, f"{path}.settings")),
        code=declared.function.partition(":")[0],
        predictions=tuple(
            (node.name, sample)
            for sample in entry.on or [graph.reference(study.name)]
            for node in applied
        ),
        fits=tuple(node.name for node in fits),
        samples=tuple(entry.samples),
        explanations=explanations,
    )
