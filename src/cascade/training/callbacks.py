"""What happens around the steps of a training: randomness, selection, history, state to resume.

Each callback's state is part of the checkpoint, so a resumed training goes on as if it had never
stopped.
"""

from __future__ import annotations

import math
import signal
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import torch
from lightning.pytorch.profilers import PassThroughProfiler

from cascade.events.seeding import sequence
from cascade.files import atomic
from cascade.layers.ragged import cat
from cascade.progress import Progress
from cascade.training.batches import Values
from cascade.training.processes import Rank


class Interrupted(Exception):  # noqa: N818 - not an error: the training can be taken up again
    """The training stops before its end: why, and what is kept.

    Attributes
    ----------
    status
        Exit status that tells a shell the same.
    """

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


TERMINATED = 143
"""What a shell reports for a process ended by SIGTERM."""
TRY_AGAIN = 75
"""What `sysexits.h` has for a failure that passes."""


class Diverged(Exception):  # noqa: N818 - named by what happened
    """The loss is no number."""


class Unprofiled(PassThroughProfiler):
    """Lightning's way to measure no times, without the cost of doing so at every hook."""

    nothing = nullcontext()

    def profile(self, action_name: str) -> nullcontext:
        """Return a context in which nothing happens."""
        return self.nothing


class Callback(lightning.Callback):
    """A callback that is called at those moments of a step that it has a function for."""

    # Lightning passes over what is no function; else it calls six of each callback at every step
    on_train_batch_start = on_train_batch_end = None
    on_before_zero_grad = on_before_backward = on_after_backward = on_before_optimizer_step = None


class Randomness(Callback):
    """Seeds torch at every step from (seed, step), and the rank where processes train together.

    Dropout and augmentation then do not depend on how often the training was interrupted.
    """

    def __init__(self, seed: int):
        self.seed = seed

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, batch_idx: int) -> None:
        """Seed the step."""
        rank = (trainer.global_rank,) if trainer.global_rank else ()
        key = sequence(self.seed, "step", trainer.global_step, *rank)
        seed = int(key.generate_state(1, np.uint64)[0] >> np.uint64(1))
        # torch.manual_seed would note for each device that is not there, at every step, who asked
        torch.default_generator.manual_seed(seed)
        if module.device.type == "cuda":
            torch.cuda.manual_seed_all(seed)


class History(Callback):
    """Collects one row an epoch: losses, learning rate, gradients at both ends of the network.

    ``gradient_first`` and ``gradient_last`` are norms of the gradient of the first and the last
    weight tensor, averaged over the steps of the epoch. Of a task with several optimisers they are
    those of the first one, as the learning rate is.

    Parameters
    ----------
    monitored
        Batches at the start of the validation split whose predictions and truth are kept for the
        numbers beside the loss: of a large split they would not fit into memory.
    """

    def __init__(self, progress: Progress, epochs: int, rank: Rank, monitored: int):
        self.rank = rank
        self.monitored = monitored
        self.rows: list[dict[str, float]] = []
        self.progress = progress
        self.epochs = epochs
        self.sums = [0.0] * 5
        self.latest: tuple[list[torch.Tensor], ...] = ([], [], [], [])
        self.validation: list[dict[str, Any]] = []
        self.truth: list[dict[str, Values]] = []

    def state_dict(self) -> dict[str, Any]:
        """Return the rows and the sums of the epoch under way."""
        self._add_up()
        return {"rows": self.rows, "sums": list(self.sums)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.rows, self.sums = state["rows"], list(state["sums"])

    def _add_up(self) -> None:
        """Add what the latest steps gave to the sums: at once, since a GPU is waited for."""
        for place, values in enumerate(self.latest):
            for value in torch.stack(values).tolist() if values else ():
                self.sums[place] += value
            values.clear()

    def on_train_start(self, trainer: Any, module: Any) -> None:
        """Say how much was done before this process, for the time that is left."""
        done = trainer.fit_loop.epoch_loop.total_batch_idx + 1
        self.progress.resume(done)
        if done:
            self.progress.say(f"resumes at step {done} from its saved state")

    def on_before_optimizer_step(self, trainer: Any, module: Any, optimizer: Any) -> None:
        """Note the norms of the gradients."""
        groups = optimizer.param_groups
        if groups is not trainer.optimizers[0].param_groups:
            return
        weights = (p.grad for group in groups for p in group["params"] if p.ndim > 1)
        gradients = [gradient for gradient in weights if gradient is not None]
        if gradients:
            self.latest[2].append(gradients[0].norm())
            self.latest[3].append(gradients[-1].norm())
            self.sums[4] += 1

    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Note the loss."""
        self.latest[0].append(outputs["losses"])
        self.latest[1].append(outputs["weights"])
        self.progress.step((trainer.current_epoch * trainer.num_training_batches) + batch_idx + 1)

    def on_validation_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Keep what the validation says about a batch."""
        if batch_idx < self.monitored:
            # not the inputs: they may be too large to keep
            events = module.events(batch)
            self.truth.append({name: x for name, x in events.items() if name not in module.inputs})
        else:
            outputs = {name: value for name, value in outputs.items() if name != "predicted"}
        self.validation.append(outputs)

    def on_validation_epoch_end(self, trainer: Any, module: Any) -> None:
        """Close the epoch: sum up the validation and write the row."""
        outputs, truth = self.rank.joined(self.validation), self.rank.joined(self.truth)
        self.validation, self.truth = [], []
        names = list(truth[0])  # each is put together and its parts go, before the next one
        truths = {name: cat([batch.pop(name) for batch in truth]).to("cpu") for name in names}
        loss, numbers = module.judge(outputs, truths)
        module.log("validation_loss", loss)
        if not torch.isfinite(loss):
            epoch = trainer.current_epoch + 1
            raise Diverged(f"the validation loss is {float(loss)} in epoch {epoch}")
        self._add_up()
        losses, weights, first, last, steps = self.sums
        self.sums = [0.0] * 5
        row = {
            "epoch": trainer.current_epoch + 1,
            "train_loss": losses / weights if weights else math.nan,
            "validation_loss": float(loss),
            **numbers,
            "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
            "gradient_first": first / max(steps, 1),
            "gradient_last": last / max(steps, 1),
        }
        self.rows.append(row)
        best = min(self.rows, key=lambda row: row["validation_loss"])
        self.progress.say(
            f"epoch {row['epoch']}/{self.epochs}: train {row['train_loss']:.4f}, "
            f"validation {row['validation_loss']:.4f} (best {best['validation_loss']:.4f} "
            f"in epoch {best['epoch']})"
        )


class BestWeights(Callback):
    """Keeps the weights of the epoch with the lowest validation loss."""

    def __init__(self) -> None:
        self.loss = float("inf")
        self.weights: dict[str, torch.Tensor] = {}

    def state_dict(self) -> dict[str, Any]:
        """Return the best weights so far."""
        return {"loss": self.loss, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.loss, self.weights = state["loss"], state["weights"]

    def on_validation_end(self, trainer: Any, module: Any) -> None:
        """Copy the weights if they are the best so far."""
        loss = float(trainer.callback_metrics["validation_loss"])
        if loss < self.loss:
            self.loss = loss
            self.weights = {
                name: tensor.detach().cpu().clone()
                for name, tensor in module.network.state_dict().items()
            }


class SaveState(Callback):
    """Saves the state to resume from: every so often, at SIGTERM, and when time is up.

    Many clusters never deliver SIGTERM to the program, so the regular save is what counts.

    Parameters
    ----------
    until
        Time on the monotonic clock at which the training has to stop.
    """

    def __init__(self, path: Path, minutes: float, rank: Rank, until: float = math.inf):
        self.path = path
        self.until = until
        self.rank = rank
        self.seconds = 60 * minutes
        self.saved = time.monotonic()
        self.asked = False

    def on_train_start(self, trainer: Any, module: Any) -> None:
        """Listen to SIGTERM."""
        self.previous = signal.signal(signal.SIGTERM, self._ask)

    def on_train_end(self, trainer: Any, module: Any) -> None:
        """Leave SIGTERM to whoever had it before."""
        signal.signal(signal.SIGTERM, self.previous)

    def _ask(self, signum: int, frame: Any) -> None:
        self.asked = True

    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save at the boundary of a step."""
        # not saved after an epoch's last step: Lightning takes up an epoch in its middle exactly,
        # but not at its seam, where validation and schedule are under way
        last = batch_idx + 1 == trainer.num_training_batches
        # processes that train together stop at the same step
        now = time.monotonic()
        asked, over, due = self.rank.any(
            self.asked, now > self.until, now - self.saved > self.seconds
        )
        stops = asked or over
        if not last and (stops or due):
            self._save(trainer)
        if stops and (not last or trainer.num_training_batches == 1):
            why = "it was asked to" if asked else "its time is nearly over"
            kept = "goes on from here" if self.path.exists() else "starts over"
            raise Interrupted(
                f"stops at step {trainer.global_step}, for {why}; the same command {kept}",
                TERMINATED if asked else TRY_AGAIN,
            )

    def _save(self, trainer: Any) -> None:
        if trainer.is_global_zero:
            with atomic(self.path) as part:
                trainer.save_checkpoint(part)
        else:  # writes nothing, but is waited for
            trainer.save_checkpoint(self.path)
        self.saved = time.monotonic()
