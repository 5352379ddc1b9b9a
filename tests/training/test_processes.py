"""Several processes that train one network: the result of one, and none of them left behind."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.settings import Settings
from cascade.study import Network
from cascade.training import checkpoint
from cascade.training.batches import Batches, Split
from cascade.training.fit import Fit, fit
from cascade.training.processes import together
from cascade.training.settings import Optimiser, Training
from programs import CommandLine
from training import gaussians

# one worker for all: they take two cores
pytestmark = pytest.mark.xdist_group("processes")

CPU = torch.device("cpu")
FIELDS = ("x", "label", "weight")
TRAINING = {
    "epochs": 8,
    "batch_size": 512,
    "patience": 0,
    "save_minutes": 0.001,
    "devices": 2,
}


def line(settings):
    return nn.Sequential(
        nn.Linear(2, 8, bias=False), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0)
    )


LINE = Network(
    f"{__name__}:line",
    "cascade.training.objectives:BinaryClassification",
    inputs=("x",),
    fields={"train": FIELDS},
)


def trained(blobs: Path, folder: Path, **training):
    """Train with weights of events that differ; return the weights and the rows of the history."""
    splits = [{"train": Split(blobs / f"{name}.h5", FIELDS)} for name in ("train", "validation")]
    asked = Training(epochs=2, batch_size=501, optimiser=Optimiser(lr=1e-2), **training)
    job = Fit("blobs", "line", "line", LINE, Settings(), asked, 1, 1, *splits)
    fit(job, folder / "model.ckpt", folder / "history.csv", folder, "cpu")
    rows = np.genfromtxt(folder / "history.csv", delimiter=",", names=True)
    return checkpoint.load(folder / "model.ckpt")[1], rows


def test_two_processes_learn_what_one_does(blobs, tmp_path):
    one, alone = trained(blobs, tmp_path / "one")
    two, shared = trained(blobs, tmp_path / "two", devices=2)
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-4, atol=1e-6)
    for name in alone.dtype.names:
        np.testing.assert_allclose(shared[name], alone[name], rtol=1e-4)


def group(leader: int) -> list[str]:
    """Return the states of the processes that live in a group."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, number = path.read_text().rpartition(")")[2].split()[:3]
            found += [state] if int(number) == leader and state != "Z" else []
    return found


def command(blobs: Path, output: Path) -> list:
    return [
        "cascade", "train", "blobs", "perceptron",
        "--train", f"train={blobs / 'train.h5'}",
        "--validation", f"train={blobs / 'validation.h5'}",
        "--training", json.dumps(TRAINING), "--accelerator", "cpu", "--output", output,
    ]  # fmt: skip


def stopped(run: CommandLine, blobs: Path, signum: int) -> int:
    """Start a training, send a signal to rank 0 once it has saved; return how it ended."""
    states = run.folder / ".resume"
    before = {path: path.stat().st_mtime_ns for path in states.glob("*.ckpt")}
    process = run.start(*command(blobs, run.folder / "model.ckpt"))
    while {path: path.stat().st_mtime_ns for path in states.glob("*.ckpt")} == before:
        assert process.poll() is None
        time.sleep(0.01)
    assert len(group(process.pid)) >= 2
    os.kill(process.pid, signum)
    code = process.wait()
    ended = time.monotonic()
    while group(process.pid):
        assert time.monotonic() - ended < 20, "another process goes on"
        time.sleep(0.05)
    return code


def test_stopped_processes_leave_none_behind_and_go_on_exactly(run, blobs, tmp_path_factory):
    assert stopped(run, blobs, signal.SIGTERM) == 143
    assert stopped(run, blobs, signal.SIGKILL) == -signal.SIGKILL
    resumed = run(*command(blobs, run.folder / "model.ckpt"))
    assert "from its saved state" in resumed.stderr
    assert "Warning" not in resumed.stderr
    undisturbed = CommandLine(tmp_path_factory.mktemp("undisturbed"))
    undisturbed(*command(blobs, undisturbed.folder / "model.ckpt"))
    mine, other = (checkpoint.load(one.folder / "model.ckpt")[1] for one in (run, undisturbed))
    assert all(torch.equal(mine[name], other[name]) for name in other)
    histories = [(one.folder / "history.csv").read_text() for one in (run, undisturbed)]
    assert histories[0] == histories[1]
    assert not list((run.folder / ".resume").glob("*.ckpt"))


def die(rank):
    rank.join(CPU)
    os._exit(3)


def wait_for_ever(rank):
    time.sleep(1000)


def sum_over(rank):
    rank.join(CPU)
    torch.distributed.all_reduce(torch.ones(1))


def test_the_death_of_another_process_is_one_line():
    said = r"^process 1 of .* status 3; train again"
    with pytest.raises(CascadeError, match=said), together(2, die) as rank:
        sum_over(rank)


def test_other_processes_end_with_a_mistake():
    started = time.monotonic()
    with pytest.raises(CascadeError, match="wrong"), together(2, wait_for_ever):
        raise CascadeError("wrong")
    assert time.monotonic() - started < 60


def test_networks_that_learn_in_turns_have_one_device(tmp_path):
    folder = gaussians.write(tmp_path, simulation=[1.0, 2.0], data=[1.0, 2.0])
    with pytest.raises(CascadeError, match=r"test/pair: training\.devices: 2 is wrong: .* turns"):
        gaussians.train(folder, training={"devices": 2})


@pytest.mark.parametrize("memory", [1e9, 20_000], ids=["held", "streamed"])
@pytest.mark.parametrize("size", [100, 101, 599])
def test_shares_add_up_to_the_batch(blobs, memory, size):
    split = {"train": Split(blobs / "train.h5", ("x",))}
    for seed in (3, None):
        whole = Batches(split, size, seed, memory)
        shares = [Batches(split, size, seed, memory, (number, 3)) for number in range(3)]
        for batch, *parts in zip(whole, *shares, strict=True):
            parts = [part["train"]["x"] for part in parts]
            assert torch.equal(torch.cat(parts), batch["train"]["x"])
            assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_rest_that_not_all_can_share_is_left_out(blobs):
    split = {"train": Split(blobs / "train.h5", ("x",))}  # 6000 = 10 · 599 + 10
    shares = [Batches(split, 599, 3, share=(number, 11)) for number in range(11)]
    assert [len(share) for share in shares] == [10] * 11
    assert sum(len(batch["train"]["x"]) for share in shares for batch in share) == 5990
    with pytest.raises(CascadeError, match="11 devices cannot share batches of 10 events"):
        Batches(split, 10, 3, share=(0, 11))
