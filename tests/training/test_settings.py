"""What a user may say about a training."""

from __future__ import annotations

import pytest
import torch

from cascade.declarations import resolve
from cascade.errors import CascadeError
from cascade.settings import validate
from cascade.training.settings import ALTERNATING, OPTIMISERS, Optimiser, Training

# they need more than gradients: a closure, sparse gradients, matrices only
SPECIAL = {"Optimizer", "LBFGS", "SparseAdam", "Muon"}


def test_the_optimisers_are_those_of_torch():
    found = {
        name
        for name, item in vars(torch.optim).items()
        if isinstance(item, type) and issubclass(item, torch.optim.Optimizer)
    }
    assert set(OPTIMISERS) == found - SPECIAL


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_lowers_a_loss(name):
    torch.manual_seed(1)
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimiser = getattr(torch.optim, name)([weight], lr=Optimiser(name=name, lr=0.01).lr)
    losses = []
    for _ in range(20):
        loss = (weight**2).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epoch": 3}, r"training\.epoch: unknown key; did you mean 'epochs'\?"),
        ({"epochs": 0}, r"training\.epochs: 0 is wrong: must be greater than 0"),
        ({"epochs": 2.5}, r"training\.epochs: 2\.5 is wrong: must be a whole number"),
        ({"batch_size": "128"}, r"training\.batch_size: \"128\" is wrong: must be a whole number"),
        ({"optimiser": {"name": "Adm"}}, r"training\.optimiser\.name: \"Adm\" is wrong"),
        ({"optimiser": {"learning": 1}}, r"training\.optimiser\.learning: unknown key"),
        ({"optimiser": {"lr": 0}}, r"training\.optimiser\.lr: 0 is wrong"),
        ({"schedule": {"factor": 1.0}}, r"training\.schedule\.factor: 1\.0 is wrong"),
        ({"devices": 0}, r"training\.devices: 0 is wrong: must be greater than 0"),
        ({"devices": 8, "batch_size": 4}, r"training: devices 8 must not be above batch_size 4"),
        ({"patience": 2}, r"training: patience 2 must be above the schedule's patience 3"),
        ({"scaling": {"image": "linear"}}, r"training\.scaling\.image: \"linear\" is wrong"),
    ],
)
def test_an_impossible_training_is_refused(given, message):
    with pytest.raises(CascadeError, match=message):
        validate(Training, given, "training")


def test_patience_need_not_outlast_a_schedule_that_does_not_wait():
    for schedule in ("cosine", "constant", "one_cycle", "exponential"):
        assert validate(Training, {"patience": 1, "schedule": {"name": schedule}}).patience == 1
    assert validate(Training, {"patience": 0}).patience == 0


def test_tasks_of_networks_that_take_turns_have_one_device():
    for task in ALTERNATING:
        assert resolve(task).in_turns
        assert Training().check_devices(task, "training") == Training()
        with pytest.raises(CascadeError, match=r"^a\.devices: 2 is wrong: .*; set it to 1$"):
            Training(devices=2).check_devices(task, "a")


def test_exponents_without_a_point_are_numbers():
    assert validate(Training, {"optimiser": {"lr": "1e-3"}}).optimiser.lr == 1e-3
