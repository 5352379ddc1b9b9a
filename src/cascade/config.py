"""The config: what it may say, and the check that it says something possible.

One definition serves as schema, as documentation and as source of the defaults. The settings of a
study's own parts are checked against the classes that the study names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, field_validator, model_validator

from cascade.errors import CascadeError
from cascade.files import read_text
from cascade.settings import Settings

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Count = Annotated[int, Field(gt=0)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]  # as products can record it


class Fractions(Settings):
    """How a user's events fall into splits."""

    fractions: dict[Name, Annotated[float, Field(gt=0, le=1)]] = {}
    """Share of the events by split (ingest); without it there is one split, ``all``."""

    @field_validator("fractions")
    @classmethod
    def _at_most_all(cls, fractions: dict[str, float]) -> dict[str, float]:
        if sum(fractions.values()) > 1 + 1e-9:
            raise ValueError(f"add up to {sum(fractions.values()):g}, above 1")
        return fractions


class SampleConfig(Fractions):
    """Events of a study, from exactly one kind of source."""

    simulate: str | None = None
    """Name of a source of the study that draws events."""
    ingest: str | None = None
    """Name of a source of the study that reads a user's files."""
    transform: str | None = None
    """Name of a fitted method that makes this sample from another one, ``of``."""
    events: dict[Name, Count] = {}
    """Events by split (simulate): ``{train: …, validation: …, test: …}`` or ``{all: …}``."""
    block: Count | None = None
    """Events drawn from one seed (simulate); another size gives other events."""
    shards: Count = 1
    """Jobs that share the largest split (simulate); smaller splits get fewer in proportion."""
    files: list[str] = []
    """Files to read (ingest); an empty list says that they are not given yet, and what needs them
    is left out."""
    of: Name | None = None
    """The sample to be transformed."""
    seed: Seed | None = None
    """Seed of this sample, where it shall differ from the config's."""
    settings: dict[str, Any] = {}
    """Settings of the source."""

    @model_validator(mode="after")
    def _one_source(self) -> SampleConfig:
        kinds = [kind for kind in ("simulate", "ingest", "transform") if getattr(self, kind)]
        if len(kinds) != 1:
            raise ValueError("give one source: simulate, ingest or transform")
        needs = {"simulate": "events", "ingest": "files", "transform": "of"}[kinds[0]]
        # an empty list of files is said on purpose: they are not given yet
        if not (getattr(self, needs) or (needs == "files" and needs in self.model_fields_set)):
            raise ValueError(f"{kinds[0]} needs '{needs}'")
        for key, kind in (("files", "ingest"), ("fractions", "ingest"), ("of", "transform")):
            if getattr(self, key) and kind != kinds[0]:
                raise ValueError(f"'{key}' belongs to {kind}, not to {kinds[0]}; remove it")
        return self


class MethodConfig(Settings):
    """A method applied to samples, and trained on some if it needs that."""

    method: Name | None = None
    """The study's method that this is; by default the one of the same name."""
    samples: dict[Name, Name] = {}
    """Samples of the fit by role; by default the reference sample in every role."""
    settings: dict[str, Any] = {}
    """Hyperparameters."""
    training: dict[str, Any] = {}
    """How a network is trained."""
    device: Literal["cpu", "gpu"] | None = None
    """Where it runs, if not where the study says."""
    seed: Seed | None = None
    """Seed of the fit, where it shall differ from the config's."""
    seeds: list[Seed] = []
    """Several seeds make several methods, NAME_seed1, NAME_seed2, …"""


class Variant(Settings):
    """A method that differs from another one in a few keys."""

    base: Name
    """The method that it differs from."""
    set: dict[str, Any] = {}
    """What differs, laid over the other one's keys."""


class ProductConfig(Settings):
    """A figure with its table, made from a list of methods and samples."""

    product: Name | None = None
    """The study's product that this is; by default the one of the same name."""
    methods: list[Name] = []
    """Methods whose predictions it shows."""
    on: list[Name] = []
    """Samples that they are applied to; by default the reference sample."""
    fits: list[Name] = []
    """Methods whose training history it shows."""
    samples: list[Name] = []
    """Samples whose events it shows."""
    explanations: list[Name] = []
    """Explanations that it shows."""
    settings: dict[str, Any] = {}
    """Settings of the product."""


class ExplanationConfig(Settings):
    """A look into a trained network, in one or several ways."""

    network: Name
    """The method that is explained; of several seeds the first."""
    ways: list[Name]
    """How; `cascade explain --help` names all ways."""
    on: Name | None = None
    """Sample whose events it looks at; by default the reference sample."""
    settings: dict[str, Any] = {}
    """What is explained, of how many events; under ``ways`` the settings of single ways."""


class StudyConfig(Settings):
    """One study: its samples, its methods, its products."""

    reference: Name = "default"
    """The sample that methods are trained on and judged by, unless they say otherwise."""
    samples: dict[Name, SampleConfig]
    """Events."""
    methods: dict[Name, dict[str, Any] | None] = {}
    """Methods; ``{base: NAME, set: {…}}`` declares a variant of another one."""
    explanations: dict[Name, ExplanationConfig] = {}
    """Looks into networks."""
    products: dict[Name, ProductConfig] = {}
    """Figures."""


class Config(Settings):
    """The whole config."""

    standalone: bool = False
    """This file is no overlay: it is not laid over ``config/config.yaml``."""
    workspace: str = "."
    """Folder of ``data/`` and ``results/``; an overlay that changes sizes has its own."""
    seed: Seed = 1
    """Fixes every random number."""
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Where methods tagged ``gpu`` run; ``auto`` takes a GPU if there is one."""
    threads: Count = 2
    """CPU threads of one training: a number, so that its result does not depend on the machine."""
    studies: dict[Name, StudyConfig]
    """The studies to be run."""

    @field_validator("workspace")
    @classmethod
    def _no_braces(cls, workspace: str) -> str:
        if set("{}") & set(workspace):
            raise ValueError("may hold no braces: to Snakemake they are wildcards")
        return workspace


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # in C, six times as fast
    """YAML without silently dropped keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            line = f"{self.name}: line {key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                raise CascadeError(f"{line}: a key must be a name")
            if key.value in seen:
                raise CascadeError(f"{line}: key '{key.value}' stands twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file whose top is a mapping."""
    text = read_text(path)
    try:
        loader = _Loader(text)
        loader.name = str(path)
        data = loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark, last = error.problem_mark, len(text.splitlines())  # it may be behind the end
        line = f"line {min(mark.line + 1, last)}: " if mark else ""
        raise CascadeError(f"{path}: {line}is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise CascadeError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise CascadeError(f"{path}: must be a mapping of keys to values")
    return data


def overlay(base: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, key by key, as Snakemake does with config files."""
    merged = dict(base)
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = overlay(merged[key], value)
        else:
            merged[key] = value
    return merged


def read_overlaid(paths: Iterable[str | Path]) -> dict[str, Any]:
    """Read config files, each laid over the ones before."""
    data: dict[str, Any] = {}
    for path in paths:
        data = overlay(data, read_yaml(path))
    return data
