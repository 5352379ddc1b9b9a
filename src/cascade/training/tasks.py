"""How a network learns from batches."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from cascade.layers.ragged import cat
from cascade.training.batches import Values
from cascade.training.objectives import Objective
from cascade.training.optimisers import Scheduled, make_optimiser, make_schedule
from cascade.training.processes import Rank
from cascade.training.settings import Optimiser, Training

PRECISIONS = {"32-true": None, "bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}
"""What layers that gain by it are computed in, if not as they are."""


class Supervised:
    """A network with one objective and one optimiser, on the batches of the role ``train``.

    Parameters
    ----------
    network
        Called with the input fields in order, returns the objective's output.
    objective
        Loss and meaning of the output.
    inputs
        Names of the input fields.
    training
        Optimiser, schedule and length of the training.
    steps
        Steps of the whole training.
    augment
        ``(batch) -> batch``: a random symmetry of the training events.

    Attributes
    ----------
    gradients
        Norms of the gradients of the first and the last weights, if the latest step was one of the
        first optimiser.
    """

    in_turns = False
    """Whether several optimisers take turns; such a training is not shared by several devices."""

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        inputs: tuple[str, ...],
        training: Training,
        steps: int,
        augment: Any | None = None,
    ):
        self.network = self.shared = network
        self.objective = objective
        self.inputs = inputs
        self.training_settings = training
        self.steps = steps
        self.augment = augment
        self.rank, self.device = Rank(), torch.device("cpu")
        self.optimisers: list[torch.optim.Optimizer] = []
        self.schedules: list[Scheduled] = []
        self.gradients: tuple[Tensor, Tensor] | None = None

    def place(self, rank: Rank, device: torch.device) -> None:
        """Bring the network to where it learns, and make its optimisers and schedules there."""
        self.rank, self.device = rank, device
        self.shared = rank.share(self.network.to(device), device)
        # of a refiner, whose critic takes the first steps: time goes by for both
        warnings.filterwarnings("ignore", message=r"Detected call of `lr_scheduler\.step")
        self.scaler = torch.amp.GradScaler(
            device.type, enabled=self.training_settings.precision == "16-mixed"
        )
        schedule = self.training_settings.schedule
        for network, settings, path in self.learners():
            optimiser = make_optimiser(network, settings, path)
            self.optimisers.append(optimiser)
            self.schedules += make_schedule(optimiser, settings, schedule, self.steps)

    def learners(self) -> list[tuple[nn.Module, Optimiser, str]]:
        """Return each network that learns, its optimiser, and where the user finds its settings."""
        return [(self.network, self.training_settings.optimiser, "training.optimiser")]

    def state_dict(self) -> dict[str, Any]:
        """Return weights, and the state of all that changes them."""
        return {
            "network": self.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "schedules": [schedule.scheduler.state_dict() for schedule in self.schedules],
            "scaler": self.scaler.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.network.load_state_dict(state["network"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        for schedule, saved in zip(self.schedules, state["schedules"], strict=True):
            schedule.scheduler.load_state_dict(saved)
        self.scaler.load_state_dict(state["scaler"])

    def autocast(self, enabled: bool = True) -> AbstractContextManager[Any]:
        """Return the context of what is computed in the training's precision, or is not after all.

        In full precision it is none: to enter torch's takes time in every step.
        """
        precision = PRECISIONS[self.training_settings.precision]
        if precision is None:
            return nullcontext()
        # weights that were cast are not kept: those of a critic change before the refiner's turn
        return torch.autocast(self.device.type, precision, enabled, cache_enabled=False)

    def moved(self, batch: dict[str, dict[str, Values]]) -> dict[str, dict[str, Values]]:
        """Return a batch on the network's device."""
        return {
            role: {name: values.to(self.device) for name, values in fields.items()}
            for role, fields in batch.items()
        }

    def events(self, batch: dict[str, dict[str, Values]]) -> dict[str, Values]:
        """Return the events that a batch with its roles stands for."""
        return batch["train"]

    def __call__(self, events: dict[str, Values]) -> Any:
        """Apply the network to the input fields of some events."""
        network = self.shared if self.network.training else self.network
        return network(*(events[name] for name in self.inputs))

    def training_step(
        self, batch: dict[str, dict[str, Values]], number: int
    ) -> tuple[Tensor, Tensor]:
        """Take a step down the weighted mean loss of a batch.

        Of several processes that share the batch each goes down its part of the mean, times their
        number, for the mean of their gradients is what follows.

        Parameters
        ----------
        number
            Of the step in the whole training, from 0. It has seeded torch's generator.

        Returns
        -------
        tuple
            The batch's sums of weighted losses and of weights, for the history; of all processes.
        """
        events = self.events(batch)
        if self.augment is not None:
            events = self.augment(events)
        losses, weights = self.objective.loss(self(events), events)
        sums = self.rank.sum(torch.stack([losses.detach().float(), weights.float()]))
        self.descend(losses * self.rank.of / sums[1], self.optimisers[0])
        self.follow_schedules("step")
        return sums[0], sums[1]

    def descend(self, loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
        """Take a step down a loss."""
        optimiser.zero_grad()
        weights = [weight for group in optimiser.param_groups for weight in group["params"]]
        # the precisions of the way forward are those of the way back; weights have their own
        with self.autocast(enabled=False):
            self.scaler.scale(loss).backward()
            self.scaler.unscale_(optimiser)
            if optimiser is self.optimisers[0]:
                self.gradients = _ends(weights)
            if self.training_settings.clip:
                nn.utils.clip_grad_norm_(weights, self.training_settings.clip)
            self.scaler.step(optimiser)
            self.scaler.update()

    def follow_schedules(self, interval: str, loss: float | None = None) -> None:
        """Take a step in all schedules that go by ``step`` or by ``epoch``.

        Parameters
        ----------
        loss
            Of the validation, for those that wait for it.
        """
        for schedule in self.schedules:
            if schedule.interval == interval:
                waits = isinstance(schedule.scheduler, ReduceLROnPlateau)
                schedule.scheduler.step(*((loss,) if waits else ()))

    def validation_step(self, batch: dict[str, dict[str, Values]]) -> dict[str, Any]:
        """Return summed loss, summed weights and predictions of a batch."""
        events = self.events(batch)
        output = self(events)
        losses, weights = self.objective.loss(output, events)
        return {"losses": losses, "weights": weights, "predicted": self.objective.predict(output)}

    def judge(
        self, outputs: list[dict[str, Any]], truth: dict[str, Values]
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the loss that selects the best epoch, and further numbers for the history.

        Parameters
        ----------
        outputs
            What ``validation_step`` returned, batch by batch; the sums of the last one are those of
            all behind it as well.
        truth
            Fields of the events with predictions, but for the inputs.
        """
        loss = sum(o["losses"] for o in outputs) / sum(o["weights"] for o in outputs)
        if not torch.isfinite(loss):  # nor are the predictions: nothing to be monitored
            return loss, {}
        parts = [output["predicted"] for output in outputs if "predicted" in output]
        predicted = {name: as_array([part[name] for part in parts]) for name in parts[0]}
        return loss, self.objective.monitor(predicted, truth)


def _ends(weights: list[Tensor]) -> tuple[Tensor, Tensor] | None:
    """Return the norms of the gradients of the first and the last weights that are no vector."""
    found = [w.grad for w in weights if w.ndim > 1 and w.grad is not None]
    if not found:
        return None
    return torch.linalg.vector_norm(found[0]), torch.linalg.vector_norm(found[-1])


def as_array(parts: list[torch.Tensor]) -> np.ndarray:
    """Join a column of predictions; NumPy lacks the half precision of mixed training."""
    column = torch.cat(parts).cpu()
    return (column.float() if column.dtype == torch.bfloat16 else column).numpy()


class TwoSamples(Supervised):
    """A network that tells two samples apart: its first role has the label 0, its second one 1."""

    def events(self, batch: dict[str, dict[str, Values]]) -> dict[str, Values]:
        """Return the events of both roles with the field ``label``."""
        roles = list(batch.values())
        both = {name: cat([role[name] for role in roles]) for name in self.inputs}
        sizes = torch.tensor([len(role[self.inputs[0]]) for role in roles])
        label = torch.arange(len(roles)).repeat_interleave(sizes)
        return {**both, "label": label.to(self.device)}
