"""The nodes of a graph: samples, methods, explanations, products, complete with all settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cascade.config import Config, SampleConfig
from cascade.study import Formula, Method, Network, predicts

UNSPLIT = "all"
SPLITS = ("train", "validation", "test", UNSPLIT)


@dataclass(frozen=True)
class SampleNode:
    """Events of a study in one or several splits."""

    study: str
    name: str
    config: SampleConfig
    settings: str
    seed: int
    block: int
    code: str

    @property
    def key(self) -> str:
        """``study/name``."""
        return f"{self.study}/{self.name}"

    @property
    def kind(self) -> str:
        """``simulate``, ``ingest`` or ``transform``."""
        return next(kind for kind in ("simulate", "ingest", "transform") if self.source_of(kind))

    def source_of(self, kind: str) -> str | None:
        """Name of the source if it is of this kind."""
        return getattr(self.config, kind)

    @property
    def source(self) -> str:
        """Name of the source."""
        return self.source_of(self.kind)

    @property
    def fractions(self) -> str:
        """Share of the events by split of an ingested sample, as JSON."""
        return json.dumps(self.config.fractions or {UNSPLIT: 1.0})

    def shards(self, split: str) -> int:
        """Shards of a split: the largest split has the number asked for, others in proportion."""
        blocks = {name: -(-number // self.block) for name, number in self.config.events.items()}
        share = self.config.shards * blocks[split] / max(blocks.values())
        return min(blocks[split], max(1, round(share)))


@dataclass(frozen=True)
class MethodNode:
    """A method with its hyperparameters, and the samples of its fit by role."""

    study: str
    name: str
    kind: str
    declared: Method
    settings: str
    training: str | None
    device: str
    seed: int
    samples: Mapping[str, str]

    @property
    def key(self) -> str:
        """``study/name``."""
        return f"{self.study}/{self.name}"

    @property
    def fitted(self) -> bool:
        """Whether it has a model file."""
        return not isinstance(self.declared, Formula)

    @property
    def predicts(self) -> bool:
        """Whether it can be applied; a pure transformation makes samples instead."""
        return predicts(self.declared)

    @property
    def devices(self) -> int:
        """How many GPUs, or processes, its fit has."""
        return json.loads(self.training)["devices"] if self.training else 1

    def threads(self, training: int) -> int:
        """Threads of each process of its fit: those of a training for a network, else one."""
        return training if isinstance(self.declared, Network) else 1

    @property
    def code(self) -> str:
        """The module that its definition stands in."""
        declared = self.declared
        if isinstance(declared, Network):
            return declared.network.partition(":")[0]
        return (declared.fit if self.fitted else declared.predict).partition(":")[0]


@dataclass(frozen=True)
class ExplanationNode:
    """A look into a network: which one, how, and on which sample, if it looks at events."""

    study: str
    name: str
    method: str
    ways: tuple[str, ...]
    sample: str | None
    settings: str
    judged: bool
    """Its attributions are held to the first evidence that the study knows."""

    @property
    def key(self) -> str:
        """``study/name``."""
        return f"{self.study}/{self.name}"


@dataclass(frozen=True)
class ProductNode:
    """A figure, and what it is made from."""

    study: str
    name: str
    kind: str
    settings: str
    code: str
    predictions: tuple[tuple[str, str], ...]
    fits: tuple[str, ...]
    samples: tuple[str, ...]
    explanations: tuple[str, ...]

    @property
    def key(self) -> str:
        """``study/name``."""
        return f"{self.study}/{self.name}"

    @property
    def shown(self) -> tuple[str, ...]:
        """Names of the samples that it shows, as they are or with predictions."""
        return (*self.samples, *(sample for _, sample in self.predictions))


@dataclass(frozen=True)
class Graph:
    """All nodes of a config by ``study/name``."""

    config: Config
    samples: dict[str, SampleNode] = field(default_factory=dict)
    methods: dict[str, MethodNode] = field(default_factory=dict)
    explanations: dict[str, ExplanationNode] = field(default_factory=dict)
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

    def shown_by(self, product: ProductNode) -> list[str]:
        """Names of the samples that a product shows, also those that are explained on."""
        looks = (self.explanations[f"{product.study}/{name}"] for name in product.explanations)
        return [*product.shown, *(look.sample for look in looks if look.sample)]

    @cached_property
    def judged(self) -> list[str]:
        """Keys of the methods that get metrics on their study's reference sample."""
        return [key for key, node in self.methods.items() if node.predicts]

    def reference(self, study: str) -> str:
        """Name of a study's reference sample."""
        return self.config.studies[study].reference
