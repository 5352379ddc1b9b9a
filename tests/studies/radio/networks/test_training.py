"""From the command line to a trained network that finds and measures pulses, and its mistakes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import torch

from cascade.cli import cascade
from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.writing import writing
from cascade.studies.radio import SCHEMA, metrics
from cascade.studies.radio.calibration import IDENTITY
from cascade.training import checkpoint

EASY = {"pulse": {"snr": [8, 20]}}
SETTINGS = {
    "classifier": {"channels": 8, "filters": 4, "gate": 4},
    "joint": {
        "channels": 8, "filters": 4, "gate": 4, "widths": [12, 16], "latent": 4,
        "pairing": {"snr": [6, 20]},
    },
}  # fmt: skip
TRAINING = {
    "epochs": 8, "batch_size": 32, "patience": 0,
    "optimiser": {"name": "AdamW", "lr": 1e-2}, "schedule": {"name": "one_cycle"},
}  # fmt: skip


def call(*words):
    cascade([str(word) for word in words], standalone_mode=False)


def simulate(path, events, split, **settings):
    call("simulate", "radio", "toy", "--events", events, "--split", split, "--seed", 3,
         "--settings", json.dumps(settings), "-o", path)  # fmt: skip


def train(folder, method, output, settings=None, training=TRAINING, events=("train", "validation")):
    call("train", "radio", method, "--train", f"train={folder / events[0]}.h5",
         "--validation", f"train={folder / events[1]}.h5",
         "--settings", json.dumps(settings or SETTINGS[method]),
         "--training", json.dumps(training), "--accelerator", "cpu", "-o", output)  # fmt: skip


def apply(method, model, events, output):
    call("predict", "radio", method, events, "--model", model, "--accelerator", "cpu", "-o", output)
    return hdf5.read(output)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("radio")
    for split, events in (("train", 700), ("validation", 400), ("test", 1000)):
        simulate(folder / f"{split}.h5", events, split, **EASY)
    simulate(folder / "short.h5", 40, "test", sampling={"samples": 400})
    return folder


@pytest.fixture(scope="module")
def trained(folder):
    """Return the paths of a trained network and of its predictions, by method."""
    paths = {}
    for method in SETTINGS:
        place = folder / method
        train(folder, method, place / "model.ckpt")
        apply(method, place / "model.ckpt", folder / "test.h5", place / "predictions.h5")
        paths[method] = place
    return paths


@pytest.mark.parametrize("method", SETTINGS)
def test_strong_pulses_are_found(trained, method):
    columns = hdf5.read(trained[method] / "predictions.h5")
    assert metrics.auc(columns) > 0.97
    rows = list(csv.DictReader((trained[method] / "history.csv").read_text().splitlines()))
    assert float(rows[-1]["validation_loss"]) < float(rows[0]["validation_loss"])
    assert float(rows[-1]["validation_auc"]) > 0.97
    assert ("validation_fluence_resolution" in rows[-1]) == (method == "joint")


def test_pulses_are_denoised_and_measured(trained, folder):
    columns = hdf5.read(trained["joint"] / "predictions.h5")
    found = metrics.detected(columns, 0.05) & (columns["label"] == 1)
    assert found.mean() > 0.3
    assert np.median(metrics.noise_reduction(columns)[found]) > 1.3
    ratio = columns["predicted_fluence"][found] / columns["fluence"][found]
    assert ratio.mean() == pytest.approx(1, abs=0.12)
    assert metrics.half_width(ratio) < 0.4
    late = columns["predicted_time"][found] - columns["peak_time"][found]
    assert np.median(np.abs(late)) < 20


def test_the_calibration_of_the_validation_split_is_kept_and_used(trained, folder):
    place = trained["joint"]
    record, weights = checkpoint.load(place / "model.ckpt")
    (name,) = [name for name in weights if name.endswith("calibration")]
    assert weights[name].dtype == torch.float64
    assert weights[name].tolist() != list(IDENTITY)
    model, events = folder / "raw.ckpt", folder / "validation.h5"
    raw_weights = weights | {name: torch.tensor(IDENTITY, dtype=torch.float64)}
    checkpoint.save(model, record, raw_weights)
    raw = apply("joint", model, events, folder / "raw.h5")
    columns = apply("joint", place / "model.ckpt", events, folder / "calibrated.h5")
    lit = columns["label"] == 1
    bias = [abs(np.mean(one["predicted_fluence"][lit] / one["fluence"][lit]) - 1)
            for one in (columns, raw)]  # fmt: skip
    assert bias[0] < 0.08
    assert not np.allclose(raw["predicted_fluence"], columns["predicted_fluence"], rtol=1e-3)
    np.testing.assert_allclose(raw["score"], columns["score"])


def test_predictions_can_be_evaluated(trained, folder):
    path = trained["joint"] / "predictions.h5"
    call("evaluate", "radio", path, "-o", folder / "numbers.json")
    text = (folder / "numbers.json").read_text()
    for name in ("auc", "tpr_fpr_2e-3_snr_3", "fluence_bias", "fluence_resolution", "snr_gain"):
        assert name in text


def refused(action, *said):
    with pytest.raises(CascadeError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    for words in said:
        assert words in message, message


@pytest.mark.parametrize("method", ["classifier", "denoiser", "joint", "bilstm"])
def test_traces_of_another_length_are_refused_before_the_training(folder, tmp_path, method):
    refused(
        lambda: train(folder, method, tmp_path / "model.ckpt", {"pairing": None}, TRAINING,
                      ("short", "short")),
        f"radio/{method}", "does not take events of the shape trace (400,)", "let settings and",
    )  # fmt: skip
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("method", SETTINGS)
def test_traces_of_another_length_are_refused_by_a_trained_network(trained, folder, method):
    refused(
        lambda: apply(method, trained[method] / "model.ckpt", folder / "short.h5",
                      folder / "none.h5"),
        "short.h5", "field 'trace' has the shape (400,)", "was trained on (500,)",
    )  # fmt: skip
    assert not (folder / "none.h5").exists()


@pytest.mark.parametrize(
    ("method", "given", "said"),
    [
        ("classifier", {"sampling": {"band": [30, 95]}}, "below half the sampling rate, 90 MHz"),
        ("joint", {"sampling": {"band": [80, 30]}}, "band is from 80 to 30"),
        ("bilstm", {"sampling": {"samples": 20}}, "sampling.samples: 20 is wrong"),
        ("denoiser", {"sampling": {"samples": 100, "band": [30, 40]}}, "fewer than 8 frequencies"),
        ("denoiser", {"widths": []}, "widths: [] is wrong"),
        ("denoiser", {"widths": [8, 8, 8, 8, 8]}, "widths"),
        ("joint", {"widths": [8, 0]}, "widths.1: 0 is wrong"),
        ("bilstm", {"widths": []}, "widths: [] is wrong"),
        ("bilstm", {"dropout": 1.0}, "dropout: 1.0 is wrong"),
        ("joint", {"latent": 0}, "latent: 0 is wrong"),
        ("classifier", {"latent": 4}, "latent: unknown key"),
        ("denoiser", {"shortcut": True}, "did you mean 'shortcuts'?"),
        ("denoiser", {"shortcuts": "yes"}, "shortcuts"),
        ("classifier", {"taper": 0}, "taper: 0 is wrong"),
        ("classifier", {"taper": 1.5}, "taper: 1.5 is wrong"),
        ("classifier", {"pairing": {"snr": [0, 3]}}, "snr is from 0 to 3"),
        ("classifier", {"pairing": {"snr": [5, 3]}}, "snr is from 5 to 3"),
        ("classifier", {"pairing": {"snrs": [2, 3]}}, "did you mean 'snr'?"),
    ],
)
def test_wrong_settings_are_refused_in_a_line(folder, tmp_path, method, given, said):
    refused(lambda: train(folder, method, tmp_path / "model.ckpt", given), said, "settings")


def test_a_split_of_nothing_but_noise_is_refused(folder, tmp_path):
    simulate(tmp_path / "noise.h5", 40, "test", pulses=0.0)
    for pair in ((tmp_path / "noise", "validation"), ("train", tmp_path / "noise")):
        refused(
            lambda pair=pair: train(folder, "joint", tmp_path / "model.ckpt", events=pair),
            "noise.h5", "field 'label' is 0 in all events",
        )  # fmt: skip


def test_truth_that_is_needed_to_learn_is_named(folder, tmp_path):
    events = hdf5.read(folder / "short.h5")
    some = [field for field in SCHEMA if field.name != "signal"]
    with writing(tmp_path / "bare.h5", some, {"study": "radio"}) as writer:
        writer.append({field.name: events[field.name] for field in some})
    refused(
        lambda: train(folder, "joint", tmp_path / "model.ckpt", {}, TRAINING,
                      (tmp_path / "bare", tmp_path / "bare")),
        "bare.h5", "signal",
    )  # fmt: skip
