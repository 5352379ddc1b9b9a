"""Lightning modules: how a network learns from batches."""

from __future__ import annotations

import inspect
import json
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import torch
from torch import Tensor, nn

from cascade.errors import CascadeError, nearest
from cascade.layers.ragged import cat
from cascade.training.batches import Values
from cascade.training.objectives import Objective
from cascade.training.settings import Optimiser, Schedule, Training


class Supervised(lightning.LightningModule):
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
        Steps of the whole training. (Lightning's own estimate would set up the loaders before
        their state is restored, and lose it.)
    augment
        ``(batch) -> batch``: a random symmetry of the training events.
    """

    # Lightning passes over what is no function; else it calls each of these at every step
    on_train_batch_start = on_train_batch_end = None
    on_before_zero_grad = on_before_backward = on_after_backward = None

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        inputs: tuple[str, ...],
        training: Training,
        steps: int,
        augment: Any | None = None,
    ):
        super().__init__()
        self.network = network
        self.objective = objective
        self.inputs = inputs
        self.training_settings = training
        self.steps = steps
        self.augment = augment

    def __setattr__(self, name: str, value: Any) -> None:
        # Lightning writes down the name of each hook, some forty a step, and torch would look
        # whether it is a weight
        if name == "_current_fx_name":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def events(self, batch: dict[str, dict[str, Values]]) -> dict[str, Values]:
        """Return the events that a batch with its roles stands for."""
        return batch["train"]

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Apply the network to the input fields of some events."""
        return self.network(*(batch[name] for name in self.inputs))

    def training_step(self, batch: dict[str, dict[str, Tensor]], step: int) -> dict[str, Tensor]:
        """Return the weighted mean loss of a batch, and the sums behind it for the history.

        Of several processes that share the batch each returns its part of the mean, times their
        number, for the mean of their gradients is what follows; the sums are those of all.
        """
        events = self.events(batch)
        if self.augment is not None:
            # the step has seeded torch's generator (fit.Randomness)
            events = self.augment(events)
        losses, weights = self.objective.loss(self(events), events)
        sums = torch.stack([losses.detach().float(), weights.float()])
        all_losses, all_weights = self.trainer.strategy.reduce(sums, reduce_op="sum")
        loss = losses * self.trainer.world_size / all_weights
        return {"loss": loss, "losses": all_losses, "weights": all_weights}

    def validation_step(self, batch: dict[str, dict[str, Tensor]], step: int) -> dict[str, Any]:
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
            What ``validation_step`` returned, batch by batch; behind the first ones without
            ``predicted``.
        truth
            Fields of the events with predictions, but for the inputs.
        """
        loss = sum(o["losses"] for o in outputs) / sum(o["weights"] for o in outputs)
        if not torch.isfinite(loss):  # nor are the predictions: nothing to be monitored
            return loss, {}
        parts = [output["predicted"] for output in outputs if "predicted" in output]
        predicted = {name: as_array([part[name] for part in parts]) for name in parts[0]}
        return loss, self.objective.monitor(predicted, truth)

    def configure_optimizers(self) -> dict[str, Any]:
        """Make the optimiser and the schedule that the settings name."""
        settings = self.training_settings
        optimiser = make_optimiser(self.network, settings.optimiser)
        scheduler = make_schedule(optimiser, settings.schedule, settings, self.steps)
        return {"optimizer": optimiser, **({"lr_scheduler": scheduler} if scheduler else {})}


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


def make_optimiser(
    network: nn.Module, settings: Optimiser, path: str = "training.optimiser"
) -> torch.optim.Optimizer:
    """Make an optimiser of a network's weights.

    Parameters
    ----------
    path
        Where the user finds its settings.

    Raises
    ------
    CascadeError
        It does not know one of the arguments, or not such a value.
    """
    maker = getattr(torch.optim, settings.name)
    known = set(inspect.signature(maker).parameters) - {"params", "lr"}
    for key in settings.settings:
        where = f"{path}.settings.{key}"
        if key == "lr":
            raise CascadeError(f"{where}: give it as {path}.lr")
        if key not in known:
            raise CascadeError(
                f"{where}: torch.optim.{settings.name} has no such argument; {nearest(key, known)}"
            )
    try:
        return maker(network.parameters(), lr=settings.lr, **settings.settings)
    except Exception as error:  # a wrong value can trip torch anywhere, with any exception
        raise CascadeError(
            f"{path}.settings: torch.optim.{settings.name} does not accept "
            f"{json.dumps(settings.settings)}: {error}"
        ) from error


def make_schedule(
    optimiser: torch.optim.Optimizer, schedule: Schedule, training: Training, steps: int
) -> dict[str, Any] | None:
    """Make what changes the learning rate of an optimiser, as Lightning wants it."""
    schedulers = torch.optim.lr_scheduler
    match schedule.name:
        case "plateau":
            plateau = schedulers.ReduceLROnPlateau(
                optimiser, factor=schedule.factor, patience=schedule.patience
            )
            return {"scheduler": plateau, "monitor": "validation_loss"}
        case "cosine":
            return {
                "scheduler": schedulers.CosineAnnealingLR(optimiser, steps),
                "interval": "step",
            }
        case "one_cycle":
            cycle = schedulers.OneCycleLR(optimiser, optimiser.defaults["lr"], total_steps=steps)
            return {"scheduler": cycle, "interval": "step"}
        case "exponential":
            return {"scheduler": schedulers.ExponentialLR(optimiser, schedule.factor)}
    return None
