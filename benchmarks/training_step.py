"""What the training loop costs beside the steps alone, for networks of the default config.

Ours is an epoch of ``cascade train``: its loop, history, selection and the state to
resume from included. The limit is what cannot be done without: the same
steps (forward, loss, backward, optimiser; augmentation and clipping where there are any) and the
same validation (forward, loss) on the same batches, drawn alike. Each step of ours is followed by
one of the others, and each validation too, so that whatever else the machine does hits both; what
is compared are the sums of epochs. That both end at the same weights, to the last bit, is checked
first.

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
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from cascade.training import checkpoint, fit
from cascade.training.batches import Batches
from cascade.training.loop import Loop
from cascade.training.optimisers import make_optimiser
from cascade.training.tasks import Supervised
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
    "showers/hexagonal": 312,
    "skies/arc_graph": 4,
    "radio/joint": 25,
    "refinement/simulation_trained": 781,
    "refinement/refiner": 390,
}
"""Networks of the default config, and the steps of an epoch: those by default where steps are
short, that an epoch's end has its true share; otherwise as many as take about two seconds."""
EVENTS = {"refinement": 100_000}
"""That are read: of small ones, soon simulated, as many as by default."""
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

    @classmethod
    def beside(cls, loop: Loop) -> Steps:
        """Return the steps of a loop, for a copy of its network as it is now."""
        task = loop.task
        copied = type(task)(
            copy.deepcopy(task.network),
            task.objective,
            task.inputs,
            task.training_settings,
            task.steps,
            task.augment,
        )
        return cls(copied, copy.deepcopy(loop.train), loop.validation)

    def epochs(self) -> Iterator[None]:
        """Do what epochs do, and stop after each step and after each validation."""
        while True:
            self.task.network.train()
            for batch in self.train:
                self.step(batch)
                self.done += 1
                yield
            self.task.network.eval()
            with torch.inference_mode():
                for batch in self.validation:
                    self.task.validation_step(batch)
            yield

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


class Beside(Loop):
    """The loop of a training, with its steps and validations done by steps alone too.

    Attributes
    ----------
    taken
        Seconds of each epoch.
    saving_takes
        Seconds that it takes to save the state to resume from.
    """

    seeds = False
    """Seed the steps alone as the loop does its own."""

    def run(self) -> None:
        """Start the clock, train, and save the state."""
        self.steps = Steps.beside(self)
        self.alone = self.steps.epochs()
        self.taken: dict[str, list[float]] = {OURS: [], BARE: []}
        self.spent = dict.fromkeys(self.taken, 0.0)
        self.started = time.process_time()
        super().run()
        with tempfile.TemporaryDirectory() as folder:
            started = time.process_time()
            checkpoint.save_state(Path(folder) / "state.ckpt", self.state_dict())
            self.saving_takes = time.process_time() - started

    def step(self, batch: Any, number: int) -> None:
        """Take a step, and have it taken alone."""
        super().step(batch, number)
        self._follow()

    def close(self, *found: Any) -> None:
        """End an epoch, have the validation done alone, and note the times of the epoch."""
        super().close(*found)
        self._follow()
        for name, seconds in self.spent.items():
            self.taken[name].append(seconds)
            self.spent[name] = 0.0

    def _follow(self) -> None:
        ended = time.process_time()
        if self.seeds:
            torch.manual_seed(self.first_seed + self.steps.done)
        started = time.process_time()
        next(self.alone)
        self.spent[BARE] += time.process_time() - started
        self.spent[OURS] += ended - self.started
        self.started = time.process_time()


def trained(training: fit.Fit, folder: Path, seeds: bool = False) -> Beside:
    """Run a training as it is, with its steps taken alone beside it."""
    made = []

    def loop(*arguments: Any) -> Beside:
        made.append(Beside(*arguments))
        made[0].seeds = seeds
        return made[0]

    with mock.patch.object(fit, "Loop", loop):
        fit.fit(training, folder / "model.ckpt", folder / "history.csv", folder, "cpu")
    return made[0]


def batches(training: fit.Fit, memory: float = 4e9) -> tuple[Batches, Batches]:
    """Return the batches of a training and its validation."""
    size = training.training.batch_size
    return (
        Batches(training.train, size, training.seed, memory),
        Batches(training.validation, 4 * size, None, memory),
    )


def check_same(key: str, folder: Path) -> None:
    """Raise if an epoch of steps alone does not end at the weights of the loop."""
    training = job(key, 3 * batch_size(key), folder, epochs=1, schedule={"name": "constant"})
    beside = trained(training, folder, seeds=True)
    mine, other = (x.task.network.state_dict() for x in (beside, beside.steps))
    torch.testing.assert_close(mine, other, rtol=0, atol=0)


def epochs(key: str, options: argparse.Namespace, folder: Path) -> Row:
    """Compare epochs of the loop with their steps alone."""
    number = min(STEPS[key], options.steps)
    training = job(key, number * batch_size(key), folder, epochs=1 + options.turns, patience=0)
    beside = trained(training, folder)
    # the state to resume from is saved every so often, and not in each of these short epochs
    saves = 1 + beside.saving_takes / (60 * training.training.save_minutes)
    beside.taken[OURS] = [seconds * saves for seconds in beside.taken[OURS]]
    turns = Turns({name: times[1:] for name, times in beside.taken.items()}).per(number)
    return turns.row(f"training step, {key}", peer=BARE, limit=BARE, bar=at_most(LOOP))


def reading(key: str, step: float, options: argparse.Namespace, folder: Path) -> list[Row]:
    """Return the shares of an epoch that its batches take, where a step takes so many seconds."""
    node = graph().methods[key]
    sample = graph().samples[f"{node.study}/{next(iter(node.samples.values()))}"]
    events = min(sample.config.events["train"], EVENTS.get(node.study, options.events))
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
    parser.add_argument("--events", type=int, default=10_000, help="that are read of large ones")
    parser.add_argument("--turns", type=int, default=3)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
