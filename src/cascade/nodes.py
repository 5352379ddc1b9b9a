"""The nodes of a graph: samples, methods and products, complete with all their settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cascade.config import SampleConfig
from cascade.study import Formula, Method, Network, predicts

UNSPLIT = "all"


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

    def threads(self, training: int) -> int:
        """Threads of its fit: those of a training for a network, one for anything else."""
        return training if isinstance(self.declared, Network) else 1

    @property
    def code(self) -> str:
        """The module that its definition stands in."""
        declared = self.declared
        if isinstance(declared, Network):
            return declared.network.partition(":")[0]
        return (declared.fit if self.fitted else declared.predict).partition(":")[0]


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
    explanations: Mapping[str, str]

    @property
    def key(self) -> str:
        """``study/name``."""
        return f"{self.study}/{self.name}"

    @property
    def shown(self) -> tuple[str, ...]:
        """Names of the samples that it shows, as they are or with predictions."""
        return (*self.samples, *(sample for _, sample in self.predictions))
