"""``cascade train``: fit a method."""

from __future__ import annotations

import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import click

from cascade.commands import options
from cascade.errors import CascadeError
from cascade.progress import LOGGER
from cascade.settings import Settings


@click.command()
@click.argument("study")
@click.argument("method")
@click.option("--name", help="Name of this fit; by default the method's.")
@options.pairs("train", "ROLE", "Training split by role.", required=True)
@options.pairs("validation", "ROLE", "Validation split by role.", required=True)
@options.settings
@click.option("--training", default="{}", metavar="JSON", help="How a network is trained.")
@options.seed
@options.accelerator
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    help="Folder of the state to resume from; by default .resume beside the output.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Save the state and stop after so many minutes, with exit status 75; by default never.",
)
@click.option(
    "--scratch",
    envvar="CASCADE_SCRATCH",
    help="Copy a network's events to this folder first, e.g. '$TMPDIR' on the node of a cluster.",
)
@options.output
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    help="CSV of losses; by default beside the output.",
)
@click.pass_context
def train(
    context: click.Context,
    study: str,
    method: str,
    name: str | None,
    train: dict[str, Path],
    validation: dict[str, Path],
    settings: str,
    training: str,
    seed: int,
    accelerator: str,
    resume: Path | None,
    minutes: float | None,
    scratch: str | None,
    output: Path,
    history: Path | None,
) -> None:
    """Fit METHOD of STUDY on a training split, select on a validation split.

    \b
    A training that was killed, or stopped for lack of time, goes on from its saved state when the
    same command is given again.

    \b
    Example:
      cascade train jets cnn --train train=train.h5 --validation train=validation.h5 \\
        --training '{"epochs": 20}' -o model.ckpt
    """
    until = time.monotonic() + 60 * (minutes or math.inf)
    from cascade.declarations import load_study
    from cascade.events import hdf5
    from cascade.files import check_writable
    from cascade.study import Estimator, Formula, Network
    from cascade.training.settings import Training

    declared = options.method(load_study(study), method)
    if isinstance(declared, Formula):
        raise CascadeError(f"method '{method}' is a formula: there is nothing to train")
    for option, splits in (("train", train), ("validation", validation)):
        if set(splits) != set(declared.fields):
            raise CascadeError(
                f"--{option}: roles {', '.join(sorted(splits))} given, "
                f"'{method}' has {', '.join(sorted(declared.fields))}"
            )
    chosen = options.checked(settings, declared.settings)
    history = history or output.with_name("history.csv")
    check_writable(history)
    for path in (*train.values(), *validation.values()):
        options.spare(output, path)
        with hdf5.opened(path, study):
            pass
    if isinstance(declared, Estimator):
        if training != "{}":
            raise CascadeError(f"--training: '{method}' is no network; leave the option out")
        _fit_estimator(
            study,
            name or method,
            method,
            declared,
            chosen,
            seed,
            train,
            validation,
            output,
            history,
        )
        return
    from cascade.settings import parse_json, validate

    assert isinstance(declared, Network)
    chosen_training = (
        validate(Training, parse_json(training, "--training"), "training")
        .check_scaling(declared.inputs, "training")
        .check_devices(declared.task, "training")
    )
    if chosen_training.devices > 1:
        # read when torch is imported: DDP warns that it looks for unused weights, as it is told to
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    from cascade.events.staging import staged
    from cascade.training.batches import Split
    from cascade.training.fit import Fit, fit
    from cascade.training.saving import Interrupted

    with staged(scratch, train, validation) as (train, validation):
        job = Fit(
            study,
            name or method,
            method,
            declared,
            chosen,
            chosen_training,
            seed,
            context.parent.params["threads"],
            # in the order of the declaration, not of the options: the first role is the leading one
            {role: Split(train[role], fields) for role, fields in declared.fields.items()},
            {role: Split(validation[role], fields) for role, fields in declared.fields.items()},
        )
        try:
            fit(job, output, history, resume or output.parent / ".resume", accelerator, until)
        except Interrupted as stop:
            LOGGER.warning("%s/%s: %s", study, job.name, stop)
            sys.exit(stop.status)


def _fit_estimator(
    study: str,
    name: str,
    method: str,
    declared: Any,
    settings: Settings,
    seed: int,
    train: dict[str, Path],
    validation: dict[str, Path],
    output: Path,
    history: Path,
) -> None:
    """Fit a method outside torch on the fields that it may read."""
    from cascade.declarations import resolve
    from cascade.events import hdf5
    from cascade.events.finite import not_finite
    from cascade.files import atomic
    from cascade.provenance import record
    from cascade.training.estimators import save_estimator
    from cascade.training.history import history_text

    splits = [
        {role: hdf5.read(path, declared.fields[role], study=study) for role, path in paths.items()}
        for paths in (train, validation)
    ]
    faults = (
        not_finite(path, declared.fields[role])
        for paths in (train, validation)
        for role, path in paths.items()
    )
    if fault := next(filter(None, faults), None):
        raise CascadeError(fault)
    model, rows = resolve(declared.fit)(*splits, settings, seed)
    facts = record(study=study, name=name, method=method, settings=settings.model_dump_json(),
                   seed=seed)  # fmt: skip
    text = history_text(rows, train.values(), validation.values())
    with atomic(history) as part:  # history and model appear together
        part.write_text(text, encoding="utf-8")
        save_estimator(output, facts, model)
