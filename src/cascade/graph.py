"""The graph of a config: samples, methods and products, each checked and complete.

The workflow's rules look their nodes up here by ``study/name``. What a rule passes to the command
line is the node's own slice, as JSON with all defaults filled in: it reruns when that changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cascade.config import Config, ExplanationConfig, MethodConfig, ProductConfig, SampleConfig
from cascade.declarations import check, dotted_paths, load_study, resolve
from cascade.errors import CascadeError, known
from cascade.introspection import WAYS, checked_ways
from cascade.introspection.settings import ExplanationSettings
from cascade.nodes import SPLITS, ExplanationNode, Graph, MethodNode, ProductNode, SampleNode
from cascade.settings import Settings, validate
from cascade.study import Estimator, Ingestion, Method, Network, Simulation, Study
from cascade.training.settings import Training
from cascade.variants import resolve_methods

_GIVE = "give the paths of the files there"


def build(data: Mapping[str, Any]) -> Graph:
    """Check a whole config (plain data, overlays already laid over it) and return its graph.

    Raises
    ------
    CascadeError
        The first impossible value, with the path of its key.
    """
    written = data.get("studies")
    # before the rest: of a study that there is not, most keys would be missing
    studies = {name: _study(str(name)) for name in written} if isinstance(written, Mapping) else {}
    config = validate(Config, data)
    graph = Graph(config)
    for name, block in config.studies.items():
        study, path = studies[name], f"studies.{name}"
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
        for name, entry in block.explanations.items():
            node = _explanation(graph, study, groups, name, entry, f"{path}.explanations.{name}")
            graph.explanations[node.key] = node
        for product, entry in block.products.items():
            node = _product(graph, study, groups, product, entry, f"{path}.products.{product}")
            if empty := graph.empty(study.name, graph.shown_by(node)):
                why = f"{path}.products.{product} is left out: {empty} is empty; {_GIVE}"
                graph.left_out[node.key] = why
            else:
                graph.products[node.key] = node
    return graph


def _study(name: str) -> Study:
    try:
        study = load_study(name)
        for where, path in dotted_paths(study):
            try:
                check(path)
            except CascadeError as error:
                raise CascadeError(f"{where}: {error}") from error
    except CascadeError as error:
        raise CascadeError(f"studies.{name}: {error}") from error
    return study


def _dump(model: Settings) -> str:
    return json.dumps(model.model_dump(mode="json"), sort_keys=True)


def _sample(config: Config, study: Study, name: str, entry: SampleConfig, path: str) -> SampleNode:
    seed = config.seed if entry.seed is None else entry.seed
    if entry.transform:
        return SampleNode(study.name, name, entry, "{}", seed, 0, "")
    for key in ("events", "fractions"):
        for split in getattr(entry, key):
            known(split, SPLITS, f"{path}.{key}", "split")
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
        trained.check_scaling(declared.inputs, f"{path}.training")
        training = _dump(trained.check_devices(declared.task, f"{path}.training"))
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


def _explanation(
    graph: Graph,
    study: Study,
    groups: Mapping[str, list[str]],
    name: str,
    entry: ExplanationConfig,
    path: str,
) -> ExplanationNode:
    # of several seeds the first one
    choices = {method: method for names in groups.values() for method in names}
    choices |= {written: names[0] for written, names in groups.items()}
    network = choices[known(entry.network, choices, f"{path}.network", "method")]
    method = graph.methods[f"{study.name}/{network}"]
    if not isinstance(method.declared, Network):
        raise CascadeError(f"{path}.network: method '{method.name}' is no network")
    settings = validate(ExplanationSettings, entry.settings, f"{path}.settings")
    ways = checked_ways(entry.ways, settings.ways, f"{path}.ways", f"{path}.settings.ways")
    if settings.evidence:
        known(settings.evidence, study.evidence, f"{path}.settings.evidence", "evidence")
    reads = any(WAYS[way].kind != "network" for way in ways)
    if entry.on and not reads:
        raise CascadeError(f"{path}.on: '{entry.ways[0]}' looks at the network alone; remove it")
    samples = [node.name for node in graph.samples.values() if node.study == study.name]
    sample = known(entry.on or graph.reference(study.name), samples, f"{path}.on", "sample")
    return ExplanationNode(
        study=study.name,
        name=name,
        method=method.name,
        ways=tuple(ways),
        sample=sample if reads else None,
        settings=_dump(settings),
        judged=bool(study.evidence)
        and settings.evidence in (None, next(iter(study.evidence), None))
        and any(WAYS[way].kind == "attribution" for way in ways),
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
    for explanation in entry.explanations:
        there = [node.name for node in graph.explanations.values() if node.study == study.name]
        known(explanation, there, f"{path}.explanations", "explanation")
    for node in applied:
        if not node.predicts:
            raise CascadeError(f"{path}.methods: '{node.name}' makes events, not predictions")
    for node in fits:
        if not node.fitted:
            raise CascadeError(f"{path}.fits: method '{node.name}' is a formula, without a fit")
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
        explanations=tuple(entry.explanations),
    )
