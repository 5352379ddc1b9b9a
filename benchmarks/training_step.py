"""What the training loop costs beside the steps alone, for networks of the default config.

Ours is an epoch of ``cascade train``: Lightning's loop with all that we have it do, history,
selection and the state to resume from included. The limit is what cannot be done without: the same
steps (forward, loss, backward, optimiser; augmentation and clipping where there are any) and the
same validation (forward, loss) on the same batches, drawn alike. An epoch of each follows the other
in one process, as often as there are turns. That both end at the same weights, to the last bit, is
checked first.

Reading is what drawing the batches of an epoch takes, as a share of it: of events that are held in
memory, with the epoch's share in reading the file once, and of events streamed from the file.

CPU seconds are counted. Steps and events are fewer than by default where an epoch takes long.

    OMP_NUM_THREADS=1 python benchmarks/training_step.py --networks radio/joint
"""

from __future__ import annotations

import argparse
import copy
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import lightning.pytorch as lightning
import numpy as np
import torch

from cascade.events.seeding import sequence
from cascade.study import resolve
from cascade.training import fit
from cascade.training.batches import Batches
from cascade.training.tasks import Supervised, make_optimiser
from cascade.training.wasserstein import WassersteinRefinement
from comparison import OURS, Row, Turns, at_most, in_turns, main, table
from defaults import batch_size, graph, job

LOOP = 1.05
"""How many times as long as its steps alone an epoch may take."""
READING = 5.0
"""Percent of an epoch that reading may take."""
BARE = "steps alone"
STEPS = {
    "jets/cnn": 16,
    "showers/hexagonal": 80,
    "skies/arc_graph": 4,
    "radio/joint": 25,
    "refinement/simulation_trained": 300,
    "refinement/refiner": 100,
}
"""Networks of the default config, and as many steps an epoch as take about two seconds."""
PIECES = 4
"""An epoch is streamed in so many."""


class Steps:
    """The steps of a training and its validation, and nothing else."""

    def __init__(self, task: Supervised, train: Batches, validation: Batches):
        self.task, self.train, self.validation = task, train, validation
        settings = task.training_settings
        self.clip, self.done = settings.clip, 0
        if isinstance(task, WassersteinRefinement):
            self.step, critic = self.adversarial, task.pair.adversary.critic
            learners = [(task.pair.refiner, settings.optimiser), (task.pair.critic, critic)]
        else:
            self.step, learners = self.supervised, [(task.network, settings.optimiser)]
        self.optimisers = [make_optimiser(*learner) for learner in learners]

    def epoch(self, before: Callable[[int], object] = lambda step: None) -> None:
        """Do what an epoch does; ``before`` is called with the number of each step."""
        self.task.train()
        for batch in self.train:
            before(self.done)
            self.step(batch)
            self.done += 1
        self.task.eval()
        with torch.inference_mode():
            for batch in self.validation:
                self.task.validation_step(batch, 0)

    def down(self, loss: torch.Tensor, optimiser: torch.optim.Optimizer) -> None:
        """Take a step."""
        optimiser.zero_grad()
        loss.backward()
        if self.clip:
            parameters = [p for group in optimiser.param_groups for p in group["params"]]
            torch.nn.utils.clip_grad_norm_(parameters, self.clip)
        optimiser.step()

    def supervised(self, batch: dict[str, Any]) -> None:
        """Take a step of a network with one loss."""
        task, events = self.task, self.task.events(batch)
        if task.augment is not None:
            events = task.augment(events)
        losses, weights = task.objective.loss(task(events), events)
        self.down(losses / weights, *self.optimisers)

    def adversarial(self, batch: dict[str, Any]) -> None:
        """Take a step of the critic, and every so often one of the refiner."""
        task, pair = self.task, self.task.pair
        refiner, critic = self.optimisers
        every = pair.adversary.critic_steps
        simulation, data = (task._inputs(batch[role]) for role in ("simulation", "data"))
        shared = min(len(simulation[0]), len(data[0]))
        simulation, data = ([x[:shared] for x in role] for role in (simulation, data))
        with torch.no_grad():
            real, fake = pair.views(*data), task._refined_views(simulation)
        estimate, steepness = task._criticise(real, fake)
        self.down(pair.adversary.penalty * steepness - estimate, critic)
        if self.done % every == every - 1:
            self.down(-pair.critic(task._refined_views(simulation)).mean(), refiner)
            task._average(self.done // every)


@dataclass
class Beside(lightning.Callback):
    """Looks at the clock as epochs end, and has other things done before the next one."""

    first: Callable[[Supervised], dict[str, Callable[[], object]]]
    """Given the task as the training starts, returns what is to be done after each epoch."""
    taken: dict[str, list[float]] = field(default_factory=lambda: {OURS: []})
    saving: float = 0.0
    """Seconds that it takes to save the state to resume from."""

    def on_train_start(self, trainer: Any, module: Any) -> None:
        """Start the clock."""
        self.others = self.first(module)
        self.taken.update({name: [] for name in self.others})
        self.started = time.process_time()

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        """Note the time of an epoch, from the end of what was done after the one before."""
        self.taken[OURS].append(time.process_time() - self.started)
        random = torch.get_rng_state()
        for name, run in self.others.items():
            started = time.process_time()
            run()
            self.taken[name].append(time.process_time() - started)
        torch.set_rng_state(random)
        self.started = time.process_time()

    def on_train_end(self, trainer: Any, module: Any) -> None:
        """Save the state, with the clock running."""
        with tempfile.TemporaryDirectory() as folder:
            started = time.process_time()
            trainer.save_checkpoint(Path(folder) / "state.ckpt")
            self.saving = time.process_time() - started


def trained(training: fit.Fit, folder: Path, beside: lightning.Callback) -> None:
    """Run a training as it is, with one more callback."""

    def trainer(callbacks: list, **others: Any) -> lightning.Trainer:
        return lightning_trainer(callbacks=[*callbacks, beside], **others)

    lightning_trainer = lightning.Trainer
    with mock.patch.object(fit.lightning, "Trainer", trainer):
        fit.fit(training, folder / "model.ckpt", folder / "history.csv", folder, "cpu")


def batches(training: fit.Fit, memory: float = 4e9) -> tuple[Batches, Batches]:
    """Return the batches of a training and its validation."""
    size = training.training.batch_size
    return (
        Batches(training.train, size, training.seed, memory),
        Batches(training.validation, 4 * size, None, memory),
    )


def bare(training: fit.Fit, task: Supervised) -> Steps:
    """Return the steps of a training, for a copy of its network as it is now."""
    copied = resolve(training.declared.task)(
        copy.deepcopy(task.network),
        task.objective,
        task.inputs,
        task.training_settings,
        task.steps,
        task.augment,
    )
    return Steps(copied, *batches(training))


def seeded(seed: int, step: int) -> None:
    """Seed a step as the loop does."""
    state = sequence(seed, "step", step).generate_state(1, np.uint64)
    torch.manual_seed(int(state[0] >> np.uint64(1)))


def check_same(key: str, folder: Path) -> None:
    """Raise if an epoch of steps alone does not end at the weights of the loop."""
    training = job(key, 3 * batch_size(key), folder, epochs=1, schedule={"name": "constant"})

    def first(task: Supervised) -> dict[str, Callable[[], object]]:
        steps = bare(training, task)

        def compare() -> None:
            steps.epoch(before=lambda step: seeded(training.seed, step))
            mine, other = (x.network.state_dict() for x in (task, steps.task))
            torch.testing.assert_close(mine, other, rtol=0, atol=0)

        return {BARE: compare}

    trained(training, folder, Beside(first))


def epochs(key: str, options: argparse.Namespace, folder: Path) -> Row:
    """Compare epochs of the loop with their steps alone."""
    number = min(STEPS[key], options.steps)
    training = job(key, number * batch_size(key), folder, epochs=1 + options.turns, patience=0)
    beside = Beside(lambda task: {BARE: bare(training, task).epoch})
    trained(training, folder, beside)
    # the state to resume from is saved every so often, and not in each of these short epochs
    saves = 1 + beside.saving / (60 * training.training.save_minutes)
    beside.taken[OURS] = [seconds * saves for seconds in beside.taken[OURS]]
    turns = Turns({name: times[1:] for name, times in beside.taken.items()}).per(number)
    return turns.row(f"training step, {key}", peer=BARE, limit=BARE, bar=at_most(LOOP))


def reading(key: str, step: float, options: argparse.Namespace, folder: Path) -> list[Row]:
    """Return the shares of an epoch that its batches take, where a step takes so many seconds."""
    node = graph().methods[key]
    sample = graph().samples[f"{node.study}/{next(iter(node.samples.values()))}"]
    events = min(sample.config.events["train"], options.events)
    training = job(key, events, folder)
    memory = sum(split.event_bytes() for split in training.train.values()) * events
    started = time.process_time()
    held = batches(training)[0]
    loading = (time.process_time() - started) / training.training.epochs
    streamed = batches(training, 2 * memory / PIECES)[0]
    runs = {"in memory": held, "streamed": streamed}
    turns = in_turns(
        {name: lambda turn, source=source: deque(source, 0) for name, source in runs.items()},
        options.turns,
    )
    steps = len(held)
    return [
        Row(
            f"reading {name}, {key}",
            100 * (turns.median(name) + once) / (steps * step),
            "% of an epoch",
            bar=at_most(READING, OURS),
        )
        for name, once in (("in memory", loading), ("streamed", 0.0))
    ]


def rows(options: argparse.Namespace) -> list[Row]:
    torch.set_num_threads(1)
    loops, shares = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for key in options.networks:
            check_same(key, folder)
            loops.append(epochs(key, options, folder))
            shares += reading(key, loops[-1].ours / 1e3, options, folder)
            print(table([loops[-1], *shares[-2:]]), flush=True)
    return loops + shares


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(STEPS), choices=STEPS)
    parser.add_argument("--steps", type=int, default=1000, help="of an epoch, at most")
    parser.add_argument("--events", type=int, default=10_000, help="that are read, at most")
    parser.add_argument("--turns", type=int, default=4)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
