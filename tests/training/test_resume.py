"""A training killed at any moment goes on, and ends at the weights of an undisturbed one."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch

from programs import CommandLine

# one process runs them all, and so the undisturbed training once
pytestmark = pytest.mark.xdist_group("resume")

TRAINING = {
    "epochs": 8,
    "batch_size": 32,
    "save_minutes": 0.001,
    "patience": 0,
    "optimiser": {"name": "AdamW", "lr": 3e-3},
    "schedule": {"name": "plateau", "patience": 1},
}


def command(blobs: Path, output: Path, training: dict = TRAINING) -> list:
    return [
        "cascade", "train", "blobs", "perceptron",
        "--train", f"train={blobs / 'train.h5'}",
        "--validation", f"train={blobs / 'validation.h5'}",
        "--training", json.dumps(training), "--accelerator", "cpu", "--output", output,
    ]  # fmt: skip


def weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)["state_dict"]


def assert_same(first: Path, second: Path) -> None:
    mine, other = weights(first / "model.ckpt"), weights(second / "model.ckpt")
    assert mine.keys() == other.keys()
    assert all(torch.equal(mine[name], other[name]) for name in mine)
    assert (first / "history.csv").read_text() == (second / "history.csv").read_text()


def wait_for_new_state(folder: Path, older: int, process) -> int:
    """Wait until a state younger than the given one is saved, or the process has ended."""
    while process.poll() is None:
        for path in folder.glob("*.ckpt"):
            if path.stat().st_mtime_ns > older:
                return path.stat().st_mtime_ns
        time.sleep(0.01)
    return older


def kill_repeatedly(run, blobs: Path, output: Path, kills: int, signum: int) -> int:
    """Start the training, kill it some time after it saved a new state, start it again …"""
    chance = random.Random(kills)
    saved, done = 0, 0
    while not (output / "model.ckpt").exists():
        process = run.start(*command(blobs, output / "model.ckpt"))
        if done < kills:
            saved = wait_for_new_state(output / ".resume", saved, process)
            time.sleep(chance.uniform(0, 0.3))
            if process.poll() is None:
                os.killpg(process.pid, signum)
                done += 1
        code = process.wait()
        # SIGTERM is listened to as long as there are steps to be taken
        assert code in (0, -signal.SIGKILL, 143, -signal.SIGTERM), code
        assert code or (output / "model.ckpt").exists()
    return done


@pytest.fixture(scope="module")
def undisturbed(blobs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    CommandLine(folder)(*command(blobs, folder / "model.ckpt"))
    return folder


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.sweep)])
def test_killed_training_ends_at_the_same_weights(run, blobs, undisturbed, kills):
    assert kill_repeatedly(run, blobs, run.folder, kills, signal.SIGKILL) > 0
    assert_same(run.folder, undisturbed)
    assert not list((run.folder / ".resume").glob("*.ckpt"))


def test_terminated_training_saves_and_goes_on(run, blobs, undisturbed):
    assert kill_repeatedly(run, blobs, run.folder, 1, signal.SIGTERM) > 0
    assert_same(run.folder, undisturbed)


def test_other_settings_do_not_take_up_a_stale_state(run, blobs):
    process = run.start(*command(blobs, run.folder / "model.ckpt"))
    wait_for_new_state(run.folder / ".resume", 0, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    other = {**TRAINING, "epochs": 1, "batch_size": 64}
    found = run(*command(blobs, run.folder / "model.ckpt", other))
    assert "resumes" not in found.stderr
    assert len((run.folder / "history.csv").read_text().splitlines()) == 2


def saved_state(run, blobs) -> Path:
    """Kill a training that has saved its state; return the file."""
    process = run.start(*command(blobs, run.folder / "model.ckpt"))
    wait_for_new_state(run.folder / ".resume", 0, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (state,) = (run.folder / ".resume").glob("*.ckpt")
    return state


def refusal(run, blobs, state: Path) -> str:
    """Train on; return why the state is not taken up."""
    found = run(*command(blobs, run.folder / "model.ckpt"), check=False)
    assert found.returncode == 2
    assert "Traceback" not in found.stderr
    start = f"{state.relative_to(run.folder)}: the saved state of a training "
    return found.stderr.splitlines()[-1].partition(start)[2]


def test_a_damaged_state_is_one_line(run, blobs):
    state = saved_state(run, blobs)
    state.write_bytes(state.read_bytes()[:1000])
    assert refusal(run, blobs, state) == "is damaged; remove it to train from the start"


def test_a_state_of_other_layers_is_one_line(run, blobs):
    state = saved_state(run, blobs)
    content = torch.load(state, weights_only=True)
    weights = content["task"]["network"]
    weights.update({name: torch.zeros(3, 3) for name in list(weights)[-1:]})
    torch.save(content, state)
    assert refusal(run, blobs, state) == (
        "does not fit the network as it is coded now; remove it to train from the start"
    )


def test_training_out_of_time_says_so_in_one_line_and_goes_on(run, blobs, undisturbed):
    words = command(blobs, run.folder / "model.ckpt")
    stopped = run(*words, "--minutes", 0.001, check=False)  # over before the first step
    assert stopped.returncode == 75
    assert stopped.stderr.splitlines()[-1].endswith(
        "blobs/perceptron: stops at step 1, for its time is nearly over; "
        "the same command goes on from here"
    )
    assert "Traceback" not in stopped.stderr
    assert not (run.folder / "model.ckpt").exists()
    assert "resumes" in run(*words, "--minutes", 60, "--scratch", run.folder).stderr
    assert not list(run.folder.glob("cascade-*"))
    assert_same(run.folder, undisturbed)
