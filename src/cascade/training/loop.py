"""The loop of a training: steps, validation, selection, and the state to resume from.

A plain loop, for what goes on around the steps should cost nothing beside them: those of a small
network take a few milliseconds. All that a further step depends on is in the loop's state, so a
resumed training goes on as if it had never stopped.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from cascade.errors import CascadeError
from cascade.events.seeding import sequence
from cascade.layers.ragged import cat
from cascade.progress import Progress
from cascade.training import checkpoint
from cascade.training.batches import Batches, Values
from cascade.training.history import History
from cascade.training.saving import Saving
from cascade.training.tasks import Supervised


class Diverged(Exception):  # noqa: N818 - named by what happened
    """The loss is no number."""


class Loop:
    """Trains a task's network.

    Parameters
    ----------
    task
        Placed where it learns.
    train, validation
        Batches, of which the task takes its process's share.
    seed
        Of dropout and augmentation.
    monitored
        Events at the start of the validation split whose predictions and truth are kept for the
        numbers beside the loss: of a large split they would not fit into memory.
    """

    def __init__(
        self,
        task: Supervised,
        train: Batches,
        validation: Batches,
        seed: int,
        monitored: int,
        saving: Saving,
        progress: Progress,
    ):
        self.task, self.train, self.validation = task, train, validation
        self.saving, self.progress = saving, progress
        self.history = History()
        self.best: dict[str, torch.Tensor] = {}
        """The weights of the epoch with the lowest loss of the validation."""
        self.monitored = math.ceil(monitored / validation.lead.size)
        rank = (task.rank.number,) if task.rank.number else ()
        self.first_seed = int(sequence(seed, "step", *rank).generate_state(1)[0])

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next step depends on."""
        return {
            "task": self.task.state_dict(),
            "batches": self.train.state_dict(),
            "history": self.history.state_dict(),
            "best": self.best,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.task.load_state_dict(state["task"])
        self.train.load_state_dict(state["batches"])
        self.history.load_state_dict(state["history"])
        self.best = state["best"]

    @property
    def done(self) -> int:
        """Steps that were taken."""
        return self.train.epoch * len(self.train) + self.train.step

    @property
    def over(self) -> bool:
        """Whether no epoch is to follow."""
        settings = self.task.training_settings
        return self.train.epoch >= settings.epochs or self.history.stalled(settings.patience)

    def run(self) -> None:
        """Train up to the end.

        Raises
        ------
        Interrupted
            SIGTERM came, or the time is up; the state is saved.
        Diverged
            The loss of the validation is no number.
        """
        with self.saving.listening():
            if self.saving.path.exists():
                self.resume()
            while not self.over:
                self.epoch()

    def resume(self) -> None:
        """Go on from the saved state.

        Raises
        ------
        CascadeError
            It cannot be read, is damaged, or the network's code has changed since.
        """
        path = self.saving.path
        state = checkpoint.load_state(path)
        try:
            self.load_state_dict(state)
        except (RuntimeError, KeyError, ValueError) as error:
            raise CascadeError(
                f"{path}: the saved state of a training does not fit the network as it is coded "
                "now; remove it to train from the start"
            ) from error
        self.progress.resume(self.done)
        self.progress.say(f"resumes at step {self.done} from its saved state")

    def epoch(self) -> None:
        """Take the steps that are left of an epoch, validate, and keep the weights if best."""
        self.task.network.train()
        number = self.done
        for batch in self.train:
            self.step(batch, number)
            number += 1
            if number % len(self.train):  # else only with the validation behind
                self.saving.look(number, self.state_dict)
        self.close(*self.validate())
        if not self.over:
            self.saving.look(number, self.state_dict)

    def step(self, batch: dict[str, dict[str, Values]], number: int) -> None:
        """Take a step: its draws do not depend on how often the training was interrupted."""
        task = self.task
        # neighbouring seeds give unlike numbers; torch.manual_seed would note for each device that
        # is not there, at every step, who asked
        torch.default_generator.manual_seed(self.first_seed + number)
        if task.device.type == "cuda":
            torch.cuda.manual_seed_all(self.first_seed + number)
        task.gradients = None
        with task.autocast():
            losses, weights = task.training_step(task.moved(batch), number)
        self.history.step(losses, weights, task.gradients)
        self.progress.step(number + 1)

    @torch.inference_mode()
    def validate(self) -> tuple[float, dict[str, float]]:
        """Return the loss of the validation, and numbers beside it."""
        task = self.task
        task.network.eval()
        outputs, truth = [], []
        for place, batch in enumerate(self.validation):
            batch = task.moved(batch)
            with task.autocast():
                output = task.validation_step(batch)
            if place < self.monitored:
                # not the inputs: they may be too large to keep
                events = task.events(batch)
                truth.append({name: x for name, x in events.items() if name not in task.inputs})
            elif "predicted" in output:
                # sums alone, added up: one by one among a batch's blocks, they break up the memory
                last = outputs.pop()
                sums = {name: last[name] + output[name] for name in output if name != "predicted"}
                output = last | sums
            outputs.append(output)
        outputs, truth = task.rank.joined(outputs), task.rank.joined(truth)
        names = list(truth[0])  # each is put together and its parts go, before the next one
        truths = {name: cat([batch.pop(name) for batch in truth]).to("cpu") for name in names}
        loss, numbers = task.judge(outputs, truths)
        return float(loss), numbers

    def close(self, loss: float, numbers: dict[str, float]) -> None:
        """End an epoch with what its validation gave."""
        task, history = self.task, self.history
        if not math.isfinite(loss):
            raise Diverged(f"the validation loss is {loss} in epoch {len(history.rows) + 1}")
        history.close(loss, numbers, task.optimisers[0].param_groups[0]["lr"])
        if history.best is history.rows[-1]:
            weights = task.network.state_dict()
            self.best = {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}
        task.follow_schedules("epoch", loss)
        row, epochs = history.rows[-1], task.training_settings.epochs
        self.progress.say(f"epoch {row['epoch']}/{epochs}: {history}")
