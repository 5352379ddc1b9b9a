"""What a study is made of: sources of events, methods, metrics and products.

A study names its parts by dotted path (``"package.module:name"``). They are resolved when used, so
that reading a study's declaration imports neither torch nor matplotlib.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from cascade.errors import CascadeError, known
from cascade.events.schema import Field

NO_SETTINGS = "cascade.settings:Settings"


@dataclass(frozen=True)
class Simulation:
    """A source that draws events.

    Attributes
    ----------
    function
        ``(block: seeding.Block, settings) -> Events``, exactly ``block.events`` of them.
    settings
        Class of its settings.
    block
        Events in a block: the unit that is seeded, and shared out to shards.
    version
        ``() -> str``: name and version of the generator behind it, if it is not Cascade itself.
    """

    function: str
    settings: str = NO_SETTINGS
    block: int = 1000
    version: str | None = None


@dataclass(frozen=True)
class Ingestion:
    """A source that reads a user's files.

    Attributes
    ----------
    function
        ``(files, settings, keep) -> Iterator[Events]``; ``keep(first, number)`` returns the mask
        of the events with running numbers ``first … first + number − 1`` that belong to the
        wanted split, so that a reader can skip the others before any costly step.
    settings
        Class of its settings.
    """

    function: str
    settings: str = NO_SETTINGS


@dataclass(frozen=True)
class Formula:
    """A method without a fit: ``predict(events, settings) -> {column: array}``."""

    predict: str
    inputs: tuple[str, ...]
    settings: str = NO_SETTINGS
    device: str = "cpu"


@dataclass(frozen=True)
class Estimator:
    """A method fitted outside torch, kept in a file that holds no pickle.

    Attributes
    ----------
    fit
        ``(train, validation, settings, seed) -> (model, history)``. ``train`` and ``validation``
        map a role to its events; ``model`` is made of scikit-learn estimators and arrays;
        ``history`` is a list of rows, each with ``step`` and ``validation_loss``.
    predict
        ``(model, events, settings) -> {column: array}``.
    inputs
        Fields that a prediction reads.
    fields
        Fields that the fit may read, by role. It is given these and no others.
    transform
        ``(model, events, settings, rng) -> Events``: makes a sample from another. A method may
        predict, transform, or both.
    """

    fit: str
    inputs: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]
    predict: str | None = None
    transform: str | None = None
    settings: str = NO_SETTINGS
    device: str = "cpu"


@dataclass(frozen=True)
class Network:
    """A method trained with torch.

    Attributes
    ----------
    network
        ``(settings) -> torch.nn.Module``, called with the input fields in order. If it has a method
        ``calibrate(predicted, truth)``, that is given its predictions for the validation split
        once it is trained, and may set buffers by them.
    objective
        ``() -> Objective``: loss, and what the network's output means (``training.objectives``).
    task
        The task that trains it (``training.tasks``); optimisers that take turns bring their own.
    inputs, fields, settings
        As for an estimator.
    transform
        As for an estimator; but a network that makes samples does not predict.
    scaling
        How an input field is scaled: ``none``, ``standard`` or ``log`` (``training.scaling``).
    augment
        ``(batch, settings) -> batch``: applies a random symmetry to the tensors of a training
        batch, drawn from torch's generator; ``settings`` are those of the network.
    event_ms
        As a study's, if this network is much quicker than the study's slowest.
    """

    network: str
    objective: str
    inputs: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]
    task: str = "cascade.training.tasks:Supervised"
    transform: str | None = None
    settings: str = NO_SETTINGS
    scaling: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    augment: str | None = None
    event_ms: float | None = None
    device: str = "gpu"


Method = Formula | Estimator | Network


def predicts(method: Method) -> bool:
    """Return whether a method gives predictions; one that does not makes samples."""
    return method.transform is None if isinstance(method, Network) else method.predict is not None


@dataclass(frozen=True)
class Metric:
    """A number that says how good predictions are: ``function(predictions) -> float``.

    Attributes
    ----------
    title
        What it is called in tables; its name by default.
    best
        Which of several methods is best: the one with the highest number, the lowest, the one
        nearest to zero, or none, if the number does not judge them.
    """

    function: str
    unit: str = "1"
    title: str = ""
    best: Literal["highest", "lowest", "zero", "none"] = "highest"


@dataclass(frozen=True)
class Product:
    """A figure with its table and numbers: ``function(inputs, settings) -> Result``.

    See ``cascade.plotting.product`` for both types.
    """

    function: str
    settings: str = NO_SETTINGS


@dataclass(frozen=True)
class Finalise:
    """A last step on a merged split: ``function(chunks)`` yields further columns, chunk by chunk.

    It sees only the fields in ``reads``, but of all events: it may go through their ``chunks`` as
    often as it needs to.
    """

    function: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """The part of an event in which the truth lies; explanations of networks are held to it.

    Attributes
    ----------
    function
        ``(events) -> array`` in the shape of the study's ``elements``: 1 where the truth lies, 0
        where not, −1 for elements that do not count.
    reads
        Fields that it reads.
    description
        What it is, for captions: "the two leading subjets".
    """

    function: str
    reads: tuple[str, ...]
    description: str = ""


PARTS = {
    "sources": (Simulation, Ingestion),
    "methods": (Formula, Estimator, Network),
    "metrics": (Metric,),
    "products": (Product,),
}
"""What a study's parts may be."""


@dataclass(frozen=True)
class Study:
    """The physics that a study supplies to the common rooms.

    Attributes
    ----------
    schema
        Fields of its events.
    truth
        Fields that are carried along into every file of predictions.
    predictions
        Columns that its methods may predict.
    elements
        The input field whose numbers share the relevance in an explanation: pixels, time bins,
        rays.
    evidence
        Which of these elements the truth lies in, by name.
    event_kb
        What an event of default size takes of the memory of a network's training and of another
        fit, as measured; jobs ask for as much.
    event_ms
        What an event of default size takes of one core in an epoch of the slowest network's
        training, and in the prediction of the slowest other method, as measured; times that jobs
        ask for follow, and which trainings are too short to go to a queue alone.
    """

    name: str
    title: str
    schema: tuple[Field, ...]
    truth: tuple[str, ...]
    predictions: tuple[Field, ...]
    sources: Mapping[str, Simulation | Ingestion]
    methods: Mapping[str, Method]
    metrics: Mapping[str, Metric]
    products: Mapping[str, Product]
    finalise: Finalise | None = None
    elements: str | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=lambda: MappingProxyType({}))
    event_kb: tuple[float, float] = (10.0, 15.0)
    event_ms: tuple[float, float] = (10.0, 5.0)

    def __post_init__(self):
        for field_name, kinds in PARTS.items():
            for name, part in getattr(self, field_name).items():
                if not isinstance(part, kinds):
                    wanted = " or ".join(kind.__name__ for kind in kinds)
                    raise CascadeError(
                        f"study '{self.name}': {field_name}['{name}'] is a {type(part).__name__}: "
                        f"it must be a {wanted}"
                    )
        there = [item.name for item in self.schema]
        for name in self.truth:
            known(name, there, f"study '{self.name}': truth", "field of the schema")
        for name, method in self.methods.items():
            where = f"study '{self.name}': methods['{name}']"
            for item in method.inputs:
                known(item, there, f"{where}.inputs", "field of the schema")
            for role, names in getattr(method, "fields", {}).items():
                for item in names:
                    known(item, there, f"{where}.fields['{role}']", "field of the schema")
