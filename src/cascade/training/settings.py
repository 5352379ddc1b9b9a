"""Settings of a training: what any network of any study can be told about its fit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cascade.errors import CascadeError, nearest
from cascade.settings import Settings

# the optimisers of torch.optim that need nothing but gradients; a test keeps the list in step
OPTIMISERS = (
    "ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam",
    "RMSprop", "Rprop", "SGD",
)  # fmt: skip

# tasks whose steps are none of one loss and one optimiser, which is all that DDP can share
ALTERNATING = ("cascade.training.wasserstein:WassersteinRefinement",)

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


class Optimiser(Settings):
    """An optimiser of ``torch.optim`` by its name there."""

    name: Literal[OPTIMISERS] = "Adam"
    """Name in torch.optim."""
    lr: Positive = 1e-3
    """Learning rate at the start."""
    settings: dict[str, Any] = {}
    """Its other arguments, e.g. ``weight_decay`` or ``betas``."""


class Schedule(Settings):
    """How the learning rate falls."""

    name: Literal["constant", "plateau", "cosine", "one_cycle", "exponential"] = "plateau"
    """``plateau`` waits for the validation loss, ``cosine`` and ``one_cycle`` span all epochs;
    ``one_cycle`` moves a momentum the other way unless the optimiser's settings give it."""
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """Factor of one fall (``plateau``, and of one epoch for ``exponential``)."""
    patience: Annotated[int, Field(ge=0)] = 3
    """Epochs without gain before a fall (``plateau``)."""


class Training(Settings):
    """How a network is trained."""

    epochs: Count = 40
    """At most so many passes over the training split."""
    batch_size: Count = 128
    """Events in a step."""
    optimiser: Optimiser = Optimiser()
    """Who changes the weights."""
    schedule: Schedule = Schedule()
    """How the learning rate falls."""
    patience: Annotated[int, Field(ge=0)] = 10
    """Epochs without a gain in validation loss before the training stops; 0: never. Must outlast
    the schedule's patience."""
    clip: Annotated[float, Field(ge=0)] = 0.0
    """Largest norm of the gradient; 0: no limit."""
    scaling: dict[str, Literal["none", "standard", "log"]] = {}
    """How input fields are scaled, where it shall differ from the study's choice."""
    augmentation: bool = True
    """Apply the study's symmetries to the training events, where it declares any."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Number format of the step; mixed formats pay on GPUs."""
    compile: bool = False
    """Let torch.compile translate the network before the first step; networks that learn in turns
    stay as they are. It takes a C++ compiler and a minute or so: only long trainings gain."""
    memory_mb: Count = 4000
    """Events larger than this are streamed from the file, chunk by chunk."""
    save_minutes: Positive = 0.5
    """The state to resume from is saved at least so often."""
    devices: Count = 1
    """GPUs that share each batch of this one training; without GPU so many processes."""

    def check_scaling(self, inputs: Iterable[str], path: str) -> Training:
        """Return this once it is sure that only input fields of the network are scaled.

        Raises
        ------
        CascadeError
            Another field is named.
        """
        for name in set(self.scaling) - set(inputs):
            raise CascadeError(
                f"{path}.scaling.{name}: is no input of the network; {nearest(name, inputs)}"
            )
        return self

    def check_devices(self, task: str, path: str) -> Training:
        """Return this once it is sure that a method's task can be shared by its devices.

        Raises
        ------
        CascadeError
            The task, a dotted path, is one of networks that take turns.
        """
        if self.devices > 1 and task in ALTERNATING:
            raise CascadeError(
                f"{path}.devices: {self.devices} is wrong: networks that learn in turns "
                f"({task.partition(':')[2]}) are trained on one device; set it to 1"
            )
        return self

    @model_validator(mode="after")
    def _devices_find_events(self) -> Training:
        if self.devices > self.batch_size:
            raise ValueError(
                f"devices {self.devices} must not be above batch_size {self.batch_size}: "
                "each device takes its share of a batch"
            )
        return self

    @model_validator(mode="after")
    def _patience_outlasts_schedule(self) -> Training:
        waits = self.schedule.patience if self.schedule.name == "plateau" else 0
        if 0 < self.patience <= waits:
            raise ValueError(
                f"patience {self.patience} must be above the schedule's patience {waits}, "
                "or the training stops before the learning rate falls"
            )
        return self


class Adversary(Settings):
    """How a refiner and its critic take turns (``training.wasserstein``)."""

    critic_steps: Annotated[int, Field(ge=1)] = 5
    """Steps of the critic for one of the refiner."""

    penalty: Annotated[float, Field(ge=0)] = 10.0
    """Weight λ of the penalty of slopes above 1; 0 for a critic that limits its slope itself."""

    critic: Optimiser = Optimiser(lr=2e-3, settings={"betas": [0.0, 0.9]})
    """Optimiser of the critic; that of the training is the refiner's. Both follow its schedule. A
    critic that learns faster than the refiner keeps the two from turning about each other
    (Heusel et al., arXiv:1706.08500)."""

    averaging: Annotated[float, Field(ge=0, lt=1)] = 0.998
    """Share of the averaged weights that a step of the refiner leaves as it was."""
