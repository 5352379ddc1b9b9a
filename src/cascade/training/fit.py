"""Fit a network: from splits of samples to a model file and its history.

Resume: the state lies in a folder of its own, under a name made from everything that the result
depends on, the module of the network included; a stale state is therefore not taken up. It goes
when the model is complete.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import math
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from cascade import provenance
from cascade.declarations import resolve
from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.seeding import sequence
from cascade.files import atomic, check_writable
from cascade.progress import Progress
from cascade.settings import Settings
from cascade.study import Network
from cascade.training import checkpoint
from cascade.training.batches import Batches, Split
from cascade.training.checks import check_classes, check_devices, check_network, diagnosis
from cascade.training.history import history_text
from cascade.training.loop import Diverged, Loop
from cascade.training.network import build, inner_shape, pick_device
from cascade.training.normalisation import normalise_together
from cascade.training.predict import predict
from cascade.training.processes import Rank, together
from cascade.training.saving import Saving
from cascade.training.scaling import Scaled
from cascade.training.settings import Training

STATE = 3
"""Form of the state to resume from."""
CALIBRATION = 20_000
"""At most so many events of the validation split fix a trained network's last constants."""
MONITORED = 20_000
"""About so many are behind the numbers beside the loss, if an objective asks for no fewer."""


@dataclass(frozen=True)
class Fit:
    """Everything that a trained network depends on.

    Attributes
    ----------
    train, validation
        Splits by role.
    """

    study: str
    name: str
    kind: str
    declared: Network
    settings: Settings
    training: Training
    seed: int
    threads: int
    train: Mapping[str, Split]
    validation: Mapping[str, Split]

    def record(self) -> dict[str, Any]:
        """Return what a model file says about itself."""
        train = next(iter(self.train.values()))
        first = train.read(0, 1)
        return {
            "study": self.study,
            "name": self.name,
            "method": self.kind,
            "settings": self.settings.model_dump_json(),
            "training": self.training.model_dump_json(),
            "scaling": json.dumps({**self.declared.scaling, **self.training.scaling}),
            "shapes": json.dumps({name: inner_shape(first[name]) for name in self.declared.inputs}),
            "seed": self.seed,
            "threads": self.threads,
        }

    def key(self) -> str:
        """Return a hash of all that the result depends on, the events' origin included."""
        origin = {
            f"{role} {kind}": [str(hdf5.attributes(split.path)), split.events(), split.fields]
            for kind, splits in (("train", self.train), ("validation", self.validation))
            for role, split in splits.items()
        }
        code = inspect.getsource(import_module(self.declared.network.partition(":")[0]))
        made_of = [STATE, self.record(), code, origin, torch.__version__]
        text = json.dumps(made_of, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def fit(
    job: Fit,
    output: Path,
    history: Path,
    resume: Path,
    accelerator: str = "auto",
    until: float = math.inf,
) -> None:
    """Train a network and write ``output`` (weights) and ``history`` (CSV, one row an epoch).

    Parameters
    ----------
    resume
        Folder of the state to resume from.
    accelerator
        ``auto``, ``cpu`` or ``cuda``.
    until
        Time on the monotonic clock at which to stop.

    Raises
    ------
    Interrupted
        SIGTERM came, or the time is up; the state is saved.
    CascadeError
        The training diverged, or settings do not fit each other.
    """
    state = resume / f"{job.name}-{job.key()}.ckpt"
    for path in (output, history, state):
        check_writable(path)
    check_devices(job, accelerator)
    try:
        with together(job.training.devices, _learn, job, state, accelerator, until) as rank:
            network, best, rows = _learn(rank, job, state, accelerator, until)
    except Diverged as error:
        state.unlink(missing_ok=True)
        raise CascadeError(diagnosis(job, error)) from error
    best = _calibrated(job, network, best)
    files = ([split.path for split in splits.values()] for splits in (job.train, job.validation))
    text = history_text(rows, *files)
    with atomic(history) as part:  # history and weights appear together
        part.write_text(text, encoding="utf-8")
        record = provenance.record(**job.record(), torch=str(torch.__version__))
        checkpoint.save(output, record, best)
    state.unlink(missing_ok=True)


def _learn(
    rank: Rank, job: Fit, state: Path, accelerator: str, until: float
) -> tuple[Scaled, dict[str, torch.Tensor], list[dict[str, float]]]:
    """Train as one of the processes; return the network, its best weights and the history."""
    torch.set_num_threads(job.threads)
    torch.use_deterministic_algorithms(True, warn_only=accelerator != "cpu")
    # a guard against layers that read memory before they write it, at a few percent of a step
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.manual_seed(int(sequence(job.seed, job.study, "weights").generate_state(1)[0]))
    network = build(job.declared, job.record())
    objective = resolve(job.declared.objective)()
    check_network(job, network, objective)
    check_classes(job, getattr(objective, "label", None))
    network.fit(next(iter(job.train.values())))
    if rank.of > 1:
        normalise_together(network)
    augment = job.declared.augment if job.training.augmentation else None
    device = rank.device(pick_device(accelerator))
    place = (job.training.memory_mb * 1e6, (rank.number, rank.of), device)
    train = Batches(job.train, job.training.batch_size, job.seed, *place)
    validation = Batches(job.validation, 4 * job.training.batch_size, None, *place)
    steps = job.training.epochs * len(train)
    task = resolve(job.declared.task)(
        network,
        objective,
        job.declared.inputs,
        job.training,
        steps,
        partial(resolve(augment), settings=job.settings) if augment else None,
    )
    if job.training.compile:
        network.compile()  # in place: weights keep their names
    rank.join(device)
    task.place(rank, device)
    progress = Progress(f"{job.study}/{job.name}", steps)
    monitored = getattr(objective, "monitored", MONITORED)
    saving = Saving(state, job.training.save_minutes, rank, until)
    loop = Loop(task, train, validation, job.seed, monitored, saving, progress)
    with progress if rank.number == 0 else nullcontext():
        loop.run()
    return network, loop.best, loop.history.rows


def _calibrated(
    job: Fit, network: Scaled, weights: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Let a network with constants to be fixed on the validation split fix them."""
    if not hasattr(network.network, "calibrate"):
        return weights
    network.load_state_dict(weights)
    split = next(iter(job.validation.values()))
    truth = hdf5.read(split.path, split.fields, 0, CALIBRATION)
    predicted = predict(job.declared, network.cpu().eval(), truth)
    network.network.calibrate(predicted, truth)
    return network.state_dict()
