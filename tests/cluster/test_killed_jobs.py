"""Trainings that a cluster kills, in whatever way, go on where they were."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import torch
import yaml

from programs import CommandLine, copy_project
from slurm import Slurm, processes, run, wait
from submitted import PROFILE, write_profile

pytestmark = pytest.mark.cluster

NAMES = ("limited", "requeued", "lost")
MODELS = [f"results/blobs/{name}/model.ckpt" for name in NAMES]
EVENTS = 3000
# some twenty seconds of training: time to be struck in
TRAINING = {"epochs": 150, "batch_size": 15, "patience": 0, "save_minutes": 0.02}
STEPS = EVENTS // TRAINING["batch_size"]
CONFIG = {
    "standalone": True,
    "accelerator": "auto",
    "threads": 1,
    "studies": {
        "blobs": {
            "reference": "simulation",
            "samples": {
                "simulation": {
                    "simulate": "gauss",
                    "events": {"train": EVENTS, "validation": 500, "test": 500},
                }
            },
            "methods": {
                name: {"method": "perceptron", "seed": seed, "training": TRAINING}
                for seed, name in enumerate(NAMES)
            },
        }
    },
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return results of the same networks, trained without a cluster."""
    project = copy_project(tmp_path_factory.mktemp("undisturbed"))
    (project.folder / "blobs.yaml").write_text(yaml.safe_dump(CONFIG))
    project("snakemake", *MODELS, "--cores", "2", "--configfile", "blobs.yaml")
    return project.folder / "results"


class Training:
    """One network's training on the cluster."""

    def __init__(self, project: CommandLine, name: str, kill: Callable[[Slurm, str], None]):
        self.name = name
        self.results = project.folder / "results"
        self.log = project.folder / f"logs/blobs/{name}/train.log"
        self.kill = kill
        self.number = ""
        self.step = 0

    def state(self) -> Path | None:
        """Return the saved state, if there is one."""
        return next(self.results.glob(f".resume/{self.name}-*.ckpt"), None)

    def hold(self, slurm: Slurm) -> bool:
        """Hold the program still once it has saved its state; tell whether it has."""
        if not self.number and self.state():
            self.number = slurm.latest(f"blobs_{self.name}")["JobId"]
            for process in processes(self.number, "cascade"):
                os.kill(process, signal.SIGSTOP)
            state = torch.load(self.state(), weights_only=True)["batches"]
            self.step = state["epoch"] * STEPS + state["step"]
        return bool(self.number)

    def resumed_at(self) -> int:
        """Return the step at which its last process took over."""
        found = re.search(r"resumes at step (\d+)", self.log.read_text())
        return int(found[1]) if found else 0


def limit(slurm: Slurm, job: str) -> None:
    """Leave the job a minute in all: Slurm ends it by SIGTERM."""
    run("scontrol", "update", f"JobId={job}", "TimeLimit=1")


def requeue(slurm: Slurm, job: str) -> None:
    """Send the job back to the queue."""
    run("scontrol", "requeue", job)


def lose(slurm: Slurm, job: str) -> None:
    """Take the node away for a while, and with it all processes of the job."""
    run("scontrol", "update", "NodeName=localhost", "State=DRAIN", "Reason=test")
    for process in processes(job):
        with suppress(ProcessLookupError):  # it went with its parent
            os.kill(process, signal.SIGKILL)
    wait(lambda: slurm.job(job)["JobState"] == "FAILED", 60, "the job outlives its processes")
    run("scontrol", "update", "NodeName=localhost", "State=RESUME")


@pytest.fixture
def workflow(slurm: Slurm, project: CommandLine) -> Iterator[subprocess.Popen]:
    """Start the workflow on the cluster."""
    (project.folder / "blobs.yaml").write_text(yaml.safe_dump(CONFIG))
    write_profile(project, train={"slurm_extra": None})  # no SIGTERM ahead of the limit
    process = project.start(
        "snakemake", *MODELS, "--workflow-profile", PROFILE, "--configfile", "blobs.yaml"
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        slurm.clear()


def test_killed_trainings_go_on(slurm, undisturbed, project, workflow):
    trainings = [
        Training(project, name, kill)
        for name, kill in zip(NAMES, (limit, requeue, lose), strict=True)
    ]
    alive = list(trainings)
    while alive:
        # all that have begun are held still, lest one ends while another is being killed
        wait(lambda: sum(training.hold(slurm) for training in alive), 240, "none has begun")
        struck = next(training for training in alive if training.number)
        struck.kill(slurm, struck.number)
        alive.remove(struck)
    assert workflow.wait(400) == 0
    limited, requeued, lost = (slurm.job(training.number) for training in trainings)
    assert limited["JobState"] == "TIMEOUT"
    assert (requeued["JobState"], requeued["Restarts"]) == ("COMPLETED", "1")
    assert lost["JobState"] == "FAILED"
    for training in trainings:
        assert 0 < training.step <= training.resumed_at(), training.name
        assert training.state() is None
        assert_same(
            training.results / "blobs" / training.name, undisturbed / "blobs" / training.name
        )


def assert_same(mine: Path, other: Path) -> None:
    """Check that two trainings took the same way to the same weights."""
    assert (mine / "history.csv").read_text() == (other / "history.csv").read_text()
    first, second = (
        torch.load(folder / "model.ckpt", weights_only=True)["state_dict"]
        for folder in (mine, other)
    )
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
