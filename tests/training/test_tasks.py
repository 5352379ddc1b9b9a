"""How networks learn from batches: two samples told apart, epochs judged, optimisers made."""

from __future__ import annotations

from itertools import pairwise

import awkward as ak
import numpy as np
import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.evaluation.roc import auc
from cascade.events import hdf5
from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.layers.ragged import Ragged
from cascade.settings import Settings
from cascade.study import Network
from cascade.training import checkpoint
from cascade.training.batches import Split, tensor
from cascade.training.fit import Fit, fit
from cascade.training.network import restore
from cascade.training.objectives import BinaryClassification
from cascade.training.optimisers import make_optimiser, make_schedule
from cascade.training.predict import predict
from cascade.training.settings import Optimiser, Schedule, Training
from cascade.training.tasks import Supervised, TwoSamples

SCHEMA = (
    Field("stations", "1", "a number of each station", ("station",), ragged=True),
    Field("size", "1", "a number of the event"),
)
INPUTS = ("stations", "size")
FIELDS = {"one": INPUTS, "other": INPUTS}


class Sums(nn.Module):
    """The logit: a sum over stations, and a number beside it."""

    def __init__(self, settings):
        super().__init__()
        self.line = nn.Linear(3, 1)

    def forward(self, stations, size):
        sums = torch.stack([stations.sum(), stations.mean(), size], dim=1)
        return self.line(sums)[:, 0]


def objective():
    return BinaryClassification(weight=None)


DECLARED = Network(
    network=f"{__name__}:Sums",
    objective=f"{__name__}:objective",
    inputs=INPUTS,
    fields=FIELDS,
    task="cascade.training.tasks:TwoSamples",
    device="cpu",
)


def draw(events, shift=0.0, seed=1):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 5, events)
    stations = ak.unflatten(rng.normal(shift, 1, counts.sum()).astype("f4"), counts)
    return {"stations": stations, "size": rng.normal(size=events).astype("f4")}


def tensors(events):
    return {name: tensor(values) for name, values in events.items()}


def task(network=None, **training):
    return TwoSamples(network or Sums(None), objective(), INPUTS, Training(**training), 10)


def test_the_second_role_is_labelled_one():
    one, other = draw(3), draw(5, seed=2)
    both = task().events({"one": tensors(one), "other": tensors(other)})
    assert both.keys() == {*INPUTS, "label"}
    assert both["label"].tolist() == [0] * 3 + [1] * 5
    assert both["size"].tolist() == [*one["size"], *other["size"]]
    assert isinstance(both["stations"], Ragged)
    assert both["stations"].counts.tolist() == [len(x) for s in (one, other) for x in s["stations"]]
    assert both["stations"].values.tolist() == [
        *ak.flatten(one["stations"]), *ak.flatten(other["stations"])
    ]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    for name, shift in (("one", 0.0), ("other", 1.0)):
        for split, events in (("train", 700), ("validation", 300)):
            with writing(folder / f"{name}-{split}.h5", SCHEMA, {"study": "test"}) as writer:
                writer.append(draw(events + 50 * (name == "other"), shift, seed=events))
    return folder


def trained(folder, output, samples=("one", "other")):
    """Train to tell two samples apart; return the network and the history."""
    splits = [
        {
            role: Split(folder / f"{sample}-{split}.h5", INPUTS)
            for role, sample in zip(FIELDS, samples, strict=True)
        }
        for split in ("train", "validation")
    ]
    training = Training(epochs=6, batch_size=50, patience=0, optimiser=Optimiser(lr=0.02))
    job = Fit("test", "sums", "sums", DECLARED, Settings(), training, 1, 1, *splits)
    fit(job, output / "model.ckpt", output / "history.csv", output / ".resume", "cpu")
    rows = np.genfromtxt(output / "history.csv", delimiter=",", names=True)
    return restore(DECLARED, *checkpoint.load(output / "model.ckpt")), rows


def test_samples_of_variable_length_are_told_apart(folder, tmp_path):
    network, rows = trained(folder, tmp_path)
    assert rows["validation_auc"][-1] > 0.8
    assert rows["validation_loss"][-1] < rows["validation_loss"][0]
    scores = [
        predict(DECLARED, network, hdf5.read(folder / f"{name}-validation.h5"))["score"]
        for name in FIELDS
    ]
    assert scores[1].mean() > scores[0].mean() + 0.2


def test_a_sample_is_not_told_from_itself(folder, tmp_path):
    _, rows = trained(folder, tmp_path, ("one", "one"))
    assert rows["validation_auc"] == pytest.approx(0.5, abs=1e-4)
    assert rows["validation_loss"][-1] == pytest.approx(np.log(2), abs=0.02)


def test_of_a_large_split_only_the_numbers_beside_the_loss_are_from_its_start(
    folder, tmp_path, monkeypatch
):
    _, whole = trained(folder, tmp_path / "whole")
    monkeypatch.setattr("cascade.training.fit.MONITORED", 150)  # one batch of 200, of two
    network, rows = trained(folder, tmp_path / "start")
    for name in ("train_loss", "validation_loss"):
        assert rows[name].tolist() == whole[name].tolist()
    assert rows["validation_auc"].tolist() != whole["validation_auc"].tolist()
    start = [hdf5.read(folder / f"{name}-validation.h5", stop=200) for name in FIELDS]
    scores = np.concatenate([predict(DECLARED, network, events)["score"] for events in start])
    best = rows["validation_auc"][np.argmin(rows["validation_loss"])]
    assert best == pytest.approx(auc(scores, np.repeat([0, 1], 200)), abs=1e-6)


def test_the_loss_of_an_epoch_is_that_of_all_events():
    """However the events are cut into batches."""
    torch.manual_seed(1)
    one, other = tensors(draw(9)), tensors(draw(9, 1.0, seed=2))
    module = task()
    module.network.eval()

    def judged(*edges):
        parts = [
            {
                role: {name: values[a:b] for name, values in events.items()}
                for role, events in (("one", one), ("other", other))
            }
            for a, b in pairwise(edges)
        ]
        with torch.no_grad():
            outputs = [module.validation_step(part) for part in parts]
        labels = torch.cat([module.events(part)["label"] for part in parts])
        return module.judge(outputs, {"label": labels})

    (whole, numbers), (cut, same) = judged(0, 9), judged(0, 2, 7, 9)
    assert float(cut) == pytest.approx(float(whole))
    assert numbers == same
    assert numbers.keys() == {"validation_auc"}


def test_a_plain_task_sees_its_only_role_alone():
    module = Supervised(Sums(None), objective(), INPUTS, Training(), 10)
    events = tensors(draw(3))
    assert module.events({"train": events}) is events


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weight_decy": 1}, r"settings\.weight_decy: .* did you mean 'weight_decay'\?"),
        ({"lr": 1}, r"settings\.lr: give it as a\.b\.lr"),
        ({"betas": "x"}, r"settings: torch\.optim\.Adam does not accept \{\"betas\": \"x\"\}"),
    ],
)
def test_mistakes_in_an_optimiser_are_named_where_they_stand(settings, message):
    with pytest.raises(CascadeError, match=rf"^a\.b\.{message}"):
        make_optimiser(Sums(None), Optimiser(settings=settings), path="a.b")


def test_a_cycle_reaches_the_rate_of_its_own_optimiser():
    """Which need not be the training's, where there are several."""
    settings = Optimiser(lr=0.1)
    optimiser = make_optimiser(Sums(None), settings)
    (schedule,) = make_schedule(optimiser, settings, Schedule(name="one_cycle"), 50)
    assert schedule.interval == "step"
    rates = []
    for _ in range(50):
        optimiser.step()
        schedule.scheduler.step()
        rates += schedule.scheduler.get_last_lr()
    assert max(rates) == pytest.approx(0.1, rel=1e-3)


@pytest.mark.parametrize("name", ["Adagrad", "Adadelta", "Rprop", "ASGD"])
def test_a_cycle_is_for_optimisers_without_momentum_too(name):
    settings = Optimiser(name=name, lr=0.1)
    optimiser = make_optimiser(Sums(None), settings)
    (schedule,) = make_schedule(optimiser, settings, Schedule(name="one_cycle"), 50)
    optimiser.step()
    schedule.scheduler.step()
    assert 0 < schedule.scheduler.get_last_lr()[0] < 0.1


@pytest.mark.parametrize(
    ("name", "given", "moves"),
    [("Adam", {}, True), ("Adam", {"betas": [0.0, 0.9]}, False),
     ("SGD", {}, True), ("SGD", {"momentum": 0.5}, False)],
)  # fmt: skip
def test_a_cycle_moves_the_momentum_that_nobody_gave(name, given, moves):
    settings = Optimiser(name=name, lr=0.1, settings=given)
    optimiser = make_optimiser(Sums(None), settings)
    (schedule,) = make_schedule(optimiser, settings, Schedule(name="one_cycle"), 50)
    found = set()
    for _ in range(50):
        (group,) = optimiser.param_groups
        found.add(group["betas"][0] if name == "Adam" else group["momentum"])
        optimiser.step()
        schedule.scheduler.step()
    assert (len(found) > 1) == moves
    if not moves:
        assert found == {0.0 if name == "Adam" else 0.5}


@pytest.mark.parametrize("argument", ["foreach", "differentiable"])
def test_another_way_of_computing_can_be_asked_for(argument):
    optimiser = make_optimiser(Sums(None), Optimiser(name="AdamW", settings={argument: True}))
    assert optimiser.defaults[argument]
    assert not optimiser.defaults["fused"]


def test_a_loss_that_is_no_number_ends_the_judgement():
    """A diverged network predicts nothing that could be monitored; the history then says so."""
    outputs = [{"losses": torch.tensor(float("nan")), "weights": torch.tensor(2.0),
                "predicted": {"score": torch.full((2,), float("nan"))}}]  # fmt: skip
    loss, numbers = task().judge(outputs, {"label": torch.tensor([0, 1])})
    assert loss.isnan()
    assert numbers == {}
