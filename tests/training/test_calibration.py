"""Networks that fix their last constants on the validation split: when, by what, and for good."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.settings import Settings
from cascade.study import Network
from cascade.training import checkpoint, fit
from cascade.training.batches import Split
from cascade.training.fit import Fit
from cascade.training.network import restore
from cascade.training.predict import predict
from cascade.training.settings import Optimiser, Training

SCHEMA = (
    Field("x", "1", "measured", ("component",)),
    Field("target", "1", "truth"),
    Field("hidden", "1", "truth that the fit does not read"),
)
EVENTS = {"train": 400, "validation": 100}


class Line(nn.Module):
    """A line through 0, and a constant that no gradient reaches."""

    def __init__(self, settings):
        super().__init__()
        self.slope = nn.Linear(2, 1, bias=False)
        self.dropout = nn.Dropout(0.5)
        self.register_buffer("shift", torch.zeros(()))

    def forward(self, x):
        return self.dropout(self.slope(x))[:, 0] + self.shift


class Shifted(Line):
    """A line that moves to the mean of the truth, once it is trained."""

    def calibrate(self, predicted, truth):
        CALLS.append((predicted, truth))
        self.shift.fill_(float(np.mean(truth["target"] - predicted["predicted_target"])))


CALLS = []
"""What networks were given to calibrate by, in the last training."""


class Squares:
    """Squared error."""

    def loss(self, output, batch):
        return ((output - batch["target"]) ** 2).sum(), torch.tensor(float(len(output)))

    def predict(self, output):
        return {"predicted_target": output}

    def monitor(self, predicted, truth):
        return {}


def declared(name):
    return Network(
        network=f"{__name__}:{name}",
        objective=f"{__name__}:Squares",
        inputs=("x",),
        fields={"train": ("x", "target")},
        scaling={"x": "standard"},
        device="cpu",
    )


def draw(split):
    rng = np.random.default_rng(len(split))
    x = rng.normal(3, 2, size=(EVENTS[split], 2)).astype("f4")
    target = x @ [1.0, -2.0] + 7 + rng.normal(size=len(x))
    return {"x": x, "target": target.astype("f4"), "hidden": target.astype("f4")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("line")
    for split in EVENTS:
        with writing(folder / f"{split}.h5", SCHEMA, {"study": "test"}) as writer:
            writer.append(draw(split))
    return folder


def trained(name, folder, output, **training):
    """Train for some epochs; return the record and the weights."""
    network = declared(name)
    splits = [{"train": Split(folder / f"{split}.h5", network.fields["train"])} for split in EVENTS]
    asked = {"epochs": 2, "batch_size": 50, "patience": 0, "optimiser": Optimiser(lr=0.1)}
    job = Fit("test", "line", "line", network, Settings(), Training(**asked | training), 1, 1,
              *splits)  # fmt: skip
    CALLS.clear()
    fit.fit(job, output / "model.ckpt", output / "history.csv", output / ".resume", "cpu")
    return checkpoint.load(output / "model.ckpt")


@pytest.fixture(scope="module")
def models(folder, tmp_path_factory):
    """Return records and weights with and without a calibration, and what it was given."""
    names = ("Line", "Shifted")
    made = {name: trained(name, folder, tmp_path_factory.mktemp(name)) for name in names}
    return made, list(CALLS)


def test_a_network_is_calibrated_once_with_its_predictions_for_the_validation_split(models):
    made, calls = models
    (seen,) = calls
    predicted, truth = seen
    validation = draw("validation")
    assert truth.keys() == {"x", "target"}
    np.testing.assert_array_equal(truth["target"], validation["target"])
    # those of the network with the best weights, as it is applied: without dropout
    record, weights = made["Shifted"]
    bare = restore(declared("Shifted"), record, weights | {"network.shift": torch.tensor(0.0)})
    expected = predict(declared("Shifted"), bare, validation)
    assert predicted.keys() == expected.keys()
    np.testing.assert_allclose(predicted["predicted_target"], expected["predicted_target"])


def test_the_calibration_lies_in_the_model_file_and_is_applied(models):
    made, _ = models
    network = declared("Shifted")
    restored = restore(network, *made["Shifted"])
    validation = draw("validation")
    predicted = predict(network, restored, validation)["predicted_target"]
    assert abs(restored.network.shift) > 1
    assert predicted.mean() == pytest.approx(validation["target"].mean(), abs=1e-4)


def test_all_else_is_as_without_a_calibration(models):
    made, _ = models
    (plain_record, plain), (record, weights) = made["Line"], made["Shifted"]
    assert plain.keys() == weights.keys()
    assert plain["network.shift"] == 0
    assert all(torch.equal(plain[name], weights[name]) for name in plain if "shift" not in name)
    assert plain_record["shapes"] == record["shapes"]


def test_no_more_than_the_first_events_are_needed(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(fit, "CALIBRATION", 30)
    trained("Shifted", folder, tmp_path, epochs=1)
    ((predicted, truth),) = CALLS
    assert len(predicted["predicted_target"]) == len(truth["target"]) == 30
    np.testing.assert_array_equal(truth["target"], draw("validation")["target"][:30])
