"""A refiner's training, killed at any moment, ends at the weights of an undisturbed one.

Two optimisers, their schedules, whose turn it is, the averaged weights and the random numbers all
have to go on.
"""

from __future__ import annotations

import os
import signal
import time

import pytest

from .commands import SMALL, both, call, left_behind, same, training_words

CASES = {
    "penalty": ({"patience": 0, "factor": 0.5}, {}),
    "spectral": (
        {"name": "cosine"},
        {"critic": {"hidden": [16], "normalisation": "spectral"},
         "adversary": {"critic_steps": 3, "averaging": 0.5, "penalty": 0.0}},
    ),
}  # fmt: skip
"""Schedule and further settings of trainings that keep different things in mind."""


def words(folder, output, case):
    schedule, settings = CASES[case]
    training = {"batch_size": 5, "save_minutes": 1e-3, "schedule": schedule}
    return training_words(
        "refiner", both(folder), output, settings=SMALL["refiner"] | settings, training=training
    )


def interrupted(run, command, signum):
    """Start a training in a process of its own, and end it once it has saved a second state."""
    states = command[-1].parent / ".resume"
    process, seen = run.start("cascade", *command), set()
    while process.poll() is None and len(seen) < 2:
        seen |= {path.stat().st_mtime_ns for path in states.glob("*.ckpt")}
        time.sleep(0.005)
    if process.poll() is None:
        os.killpg(process.pid, signum)
    return process.wait()


@pytest.mark.parametrize(
    ("case", "signum", "code"),
    [("penalty", signal.SIGKILL, -signal.SIGKILL), ("spectral", signal.SIGTERM, 143)],
    ids=["killed", "terminated"],
)
def test_a_stopped_training_goes_on(run, folder, capfd, case, signum, code):
    output = run.folder / "stopped"
    command = words(folder, output, case)
    assert interrupted(run, command, signum) == code
    assert not (output / "model.ckpt").exists()
    (state,) = (output / ".resume").glob("*.ckpt")
    capfd.readouterr()
    call(*command)
    assert "from its saved state" in capfd.readouterr().err
    assert not state.exists()
    undisturbed = words(folder, run.folder / "undisturbed", case)
    call(*undisturbed)
    assert "resumes" not in capfd.readouterr().err
    (weights, history), (expected, whole) = (
        left_behind(end[-1].parent) for end in (command, undisturbed)
    )
    assert same(weights, expected)
    assert history == whole
    assert len(whole.splitlines()) == 4
