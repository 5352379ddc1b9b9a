"""A simulation killed at any moment leaves nothing half-written, and starts again to the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import h5py
import pytest

from programs import CommandLine

COMMAND = [
    "cascade", "simulate", "jets", "toy", "--events", "1500", "--block", "50", "--seed", "5",
    "--split", "train", "--output", "train.h5",
]  # fmt: skip


def contents(path: Path) -> dict[str, bytes]:
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()].tobytes()}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an undisturbed simulation."""
    run = CommandLine(tmp_path_factory.mktemp("undisturbed"))
    run(*COMMAND)
    return run.folder / "train.h5"


def wait_for_a_file(folder: Path, process: subprocess.Popen) -> None:
    """Wait until the process has begun to write, or has ended."""
    while process.poll() is None and not list(folder.glob(".*")):
        time.sleep(0.01)


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.sweep)])
def test_killed_simulation_starts_again_to_the_same_events(run, undisturbed, kills):
    whole = contents(undisturbed)
    chance = random.Random(kills)
    killed = 0
    for _ in range(kills):
        process = run.start(*COMMAND)
        wait_for_a_file(run.folder, process)
        time.sleep(chance.uniform(0, 0.5))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
        if (run.folder / "train.h5").exists():
            assert contents(run.folder / "train.h5") == whole
            (run.folder / "train.h5").unlink()
    assert killed
    run(*COMMAND)
    assert contents(run.folder / "train.h5") == whole
    assert [path.name for path in run.folder.iterdir()] == ["train.h5"]
