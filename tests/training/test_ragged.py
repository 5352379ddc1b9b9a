"""From events of variable length in a file to a trained network and its predictions."""

from __future__ import annotations

import csv
from types import MappingProxyType

import awkward as ak
import numpy as np
import pytest
import torch
from torch import nn

from cascade.errors import CascadeError
from cascade.events.finite import not_finite
from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.layers.ragged import Ragged, cat
from cascade.settings import Settings
from cascade.study import Network
from cascade.training import batches, checkpoint
from cascade.training.batches import Batches, Split, tensor
from cascade.training.fit import Fit, fit
from cascade.training.network import check_shapes, restore
from cascade.training.predict import predict
from cascade.training.scaling import Scaler
from cascade.training.settings import Training

SCHEMA = (
    Field("trace", "1", "trace of each station", ("station", "bin"), ragged=True),
    Field("time", "1", "time of each station", ("station",), ragged=True),
    Field("hidden", "1", "truth of each station", ("station",), ragged=True),
    Field("target", "1", "two sums over an event", ("pair",)),
)
EVENTS, BINS = 300, 4


class DeepSets(nn.Module):
    """A sum over stations of a function of each: (B, 2)."""

    def __init__(self, settings):
        super().__init__()
        self.station = nn.Sequential(nn.Linear(BINS + 1, 8), nn.ELU())
        self.event = nn.Linear(8, 2)

    def forward(self, trace, time):
        stations = torch.cat([trace.values, time.values[:, None]], dim=1)
        return self.event(trace.with_values(self.station(stations)).sum())


class TwoSums:
    """Squared errors of two columns of predictions; asks for ragged truth, monitors nothing."""

    def loss(self, output, batch):
        assert isinstance(batch["hidden"], Ragged)
        losses = ((output - batch["target"]) ** 2).sum()
        return losses, torch.tensor(float(len(output)))

    def predict(self, output):
        return {"predicted_target": output, "first": output[:, 0]}

    def monitor(self, predicted, truth):
        assert predicted["predicted_target"].shape == (len(truth["hidden"]), 2)
        assert len(predicted["first"]) == len(truth["target"])
        assert set(truth) == {"hidden", "target"}
        return {}


NETWORK = Network(
    f"{__name__}:DeepSets",
    f"{__name__}:TwoSums",
    inputs=("trace", "time"),
    fields=MappingProxyType({"train": ("trace", "time", "hidden", "target")}),
    scaling=MappingProxyType({"trace": "standard"}),
)


def draw(events, seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 7, events)
    counts[0] = 0  # the first event says nothing of the others
    trace = rng.normal(3, 2, (counts.sum(), BINS)).astype("f4")
    time = rng.normal(size=counts.sum()).astype("f4")
    ragged = {"trace": ak.unflatten(trace, counts), "time": ak.unflatten(time, counts)}
    sums = ak.sum(ak.sum(ragged["trace"], axis=2), axis=1), ak.sum(ragged["time"], axis=1)
    target = np.stack([ak.to_numpy(column) for column in sums], axis=1)
    return {**ragged, "hidden": ragged["time"], "target": target}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ragged")
    for split, seed in (("train", 1), ("validation", 2)):
        with writing(folder / f"{split}.h5", SCHEMA, {"study": "test"}) as writer:
            writer.append(draw(EVENTS, seed))
    return folder


@pytest.fixture(autouse=True)
def short_runs(monkeypatch):
    monkeypatch.setattr(batches, "RUN", 16)


def split(folder, name="train"):
    return Split(folder / f"{name}.h5", NETWORK.fields["train"])


def same(first, second):
    if isinstance(first, Ragged):
        return torch.equal(first.values, second.values) and torch.equal(first.counts, second.counts)
    return torch.equal(first, second)


def test_awkward_arrays_become_ragged_batches():
    array = ak.Array([[[1, 2]], [], [[3, 4], [5, 6]]])
    found = tensor(ak.to_regular(array, axis=2))
    assert found.values.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert found.values.dtype == torch.int64
    assert found.counts.tolist() == [1, 0, 2]
    some = tensor(ak.Array([[1.0], [], [2.0, 3.0], [4.0]])[[3, 1, 2]])
    assert some.values.tolist() == [4, 2, 3]
    assert some.values.dtype == torch.float32


def test_the_size_of_an_event_is_the_mean_over_the_file(folder):
    whole = split(folder).read()
    size = whole["target"].numel() * 4
    for name in ("trace", "time", "hidden"):
        size += whole[name].values.numel() * 4 + EVENTS * 8
    assert split(folder).event_bytes() == pytest.approx(size / EVENTS)


@pytest.mark.parametrize("share", [1.0, 0.3], ids=["held", "streamed"])
@pytest.mark.parametrize("seed", [None, 5])
def test_batches_hold_each_event_once_with_all_its_stations(folder, share, seed):
    whole = split(folder).read()
    memory = 2.01 * share * EVENTS * split(folder).event_bytes()
    made = Batches({"train": split(folder)}, 32, seed, memory)
    assert (made.lead.held is None) == (share < 1)
    drawn = [batch["train"] for batch in made]
    found = {name: cat([batch[name] for batch in drawn]) for name in whole}
    # put back in order by the targets, which tell events apart (but for those without stations)
    numbers = {tuple(target): i for i, target in enumerate(whole["target"].tolist())}
    order = torch.tensor([numbers[tuple(target)] for target in found["target"].tolist()])
    assert sorted(set(order.tolist())) == sorted(numbers.values())
    assert all(same(found[name], whole[name][order]) for name in whole)
    if seed is None:
        assert all(same(found[name], whole[name]) for name in whole)


@pytest.mark.parametrize("share", [1.0, 0.3], ids=["held", "streamed"])
def test_batches_are_taken_up_at_any_step(folder, share):
    memory = 2.01 * share * EVENTS * split(folder).event_bytes()

    def made():
        return Batches({"train": split(folder)}, 64, 1, memory)

    whole = list(made())
    for step in range(len(whole)):
        resumed = made()
        resumed.load_state_dict({"epoch": 0, "step": step})
        for batch, expected in zip(resumed, whole[step:], strict=True):
            assert all(same(batch["train"][name], x) for name, x in expected["train"].items())


@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_scaler_takes_all_rows_of_a_field_alike(folder, logarithmic):
    scaler = Scaler(logarithmic, (None, BINS))
    scaler.fit(split(folder), "trace", size=17)
    trace = split(folder).read()["trace"]
    values = trace.values.double().numpy()
    values = np.log1p(values.clip(0)) if logarithmic else values
    np.testing.assert_allclose(scaler.mean, values.mean(), rtol=1e-6)
    np.testing.assert_allclose(scaler.deviation, values.std(), rtol=1e-6)
    scaled = scaler(trace)
    assert scaled.counts is trace.counts
    assert scaled.values.mean().item() == pytest.approx(0, abs=1e-5)


def test_a_scaler_of_numbers_of_stations_has_one_mean(folder):
    scaler = Scaler(False, (None,))
    scaler.fit(split(folder), "time")
    assert scaler.mean.shape == ()
    time = split(folder).read()["time"].values
    assert scaler.mean.item() == pytest.approx(time.mean().item(), abs=1e-5)


def trained(folder, output, memory_mb, **settings):
    """Fit the network; return the record, the weights and the history's text."""
    training = Training(epochs=2, batch_size=32, patience=0, memory_mb=memory_mb, **settings)
    splits = [{"train": split(folder, name)} for name in ("train", "validation")]
    job = Fit("test", "sets", "sets", NETWORK, Settings(), training, 1, 1, *splits)
    fit(job, output / "model.ckpt", output / "history.csv", output / ".resume", "cpu")
    record, weights = checkpoint.load(output / "model.ckpt")
    return record, weights, (output / "history.csv").read_text()


@pytest.fixture(scope="module")
def model(folder, tmp_path_factory):
    return trained(folder, tmp_path_factory.mktemp("model"), 4000)


def test_a_network_learns_from_ragged_events(model):
    rows = list(csv.DictReader(model[2].splitlines()))
    assert list(rows[0])[:4] == ["epoch", "train_loss", "validation_loss", "learning_rate"]
    assert float(rows[1]["validation_loss"]) < float(rows[0]["validation_loss"])
    assert model[1]["scalers.trace.mean"].item() == pytest.approx(3, abs=0.2)


def test_held_and_streamed_training_give_equal_weights(folder, model, tmp_path, monkeypatch):
    # a buffer of the whole split in one run: the same order, but read anew each epoch
    init = batches._Source.__init__

    def streamed(self, *arguments):
        init(self, *arguments)
        self.held = None

    monkeypatch.setattr(batches._Source, "__init__", streamed)
    monkeypatch.setattr(batches, "RUN", 1024)
    _, weights, history = trained(folder, tmp_path, 4000)
    assert history == model[2]
    assert all(torch.equal(weights[name], model[1][name]) for name in weights)


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_mixed_precision_learns_and_can_be_monitored(folder, tmp_path, model, precision):
    _, _, history = trained(folder, tmp_path, 4000, precision=precision)
    losses = [
        [float(row["validation_loss"]) for row in csv.DictReader(text.splitlines())]
        for text in (history, model[2])
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.1)
    assert losses[0] != losses[1]


def test_a_network_is_compiled_if_asked(folder, tmp_path, monkeypatch):
    asked = []  # to compile in earnest takes a minute
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: asked.append(type(self).__name__))
    trained(folder, tmp_path, 4000)
    assert not asked
    trained(folder, tmp_path, 4000, compile=True)
    assert asked == ["Scaled"]


@pytest.mark.parametrize("size", [1, 7, 512])
def test_a_batch_is_predicted_as_each_event_alone(model, size):
    network = restore(NETWORK, *model[:2])
    events = draw(40, 3)
    found = predict(NETWORK, network, events, size)
    assert found["predicted_target"].shape == (40, 2)
    for number in range(40):
        one = {name: events[name][number : number + 1] for name in NETWORK.inputs}
        alone = predict(NETWORK, network, one)
        np.testing.assert_allclose(
            alone["predicted_target"][0], found["predicted_target"][number], rtol=1e-4, atol=1e-5
        )


def test_events_of_another_shape_are_refused(model):
    network = restore(NETWORK, *model[:2])
    events = draw(3, 4)
    check_shapes(network, events, "test.h5")
    short = {**events, "trace": events["trace"][:, :, :2]}
    with pytest.raises(CascadeError, match=r"shape \(any, 2\) .* trained on \(any, 4\)"):
        check_shapes(network, short, "test.h5")
    dense = {**events, "time": np.zeros((3, 5))}
    with pytest.raises(CascadeError, match=r"'time' has the shape \(5,\) .* on \(any,\)"):
        check_shapes(network, dense, "test.h5")


def test_where_a_ragged_field_is_not_finite_is_found(tmp_path):
    events = draw(20, 5)
    counts = ak.num(events["trace"])
    values = ak.to_numpy(ak.flatten(events["trace"])).copy()
    values[int(ak.sum(counts[:11]))] = np.nan
    event = int(np.flatnonzero(ak.to_numpy(counts)[11:])[0]) + 11
    events["trace"] = ak.unflatten(values, counts)
    with writing(tmp_path / "nan.h5", SCHEMA, {"study": "test"}) as writer:
        writer.append(events)
    found = not_finite(tmp_path / "nan.h5", ("time", "trace"))
    assert f"field 'trace' is not finite (NaN or infinite) in event {event}" in found
