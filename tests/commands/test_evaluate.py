"""Metrics are what they claim to be, with an interval that is drawn again the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from cascade.declarations import load_study
from cascade.events import hdf5
from cascade.events.writing import writing


@pytest.fixture
def predictions(call):
    call("simulate", "blobs", "gauss", "--events", 400, "--split", "test", "-o", "test.h5")
    call("predict", "blobs", "component", "test.h5", "-o", "predictions.h5")
    return hdf5.read("predictions.h5")


def evaluated(call, *options):
    call("evaluate", "blobs", "predictions.h5", "--replicas", 50, *options, "-o", "metrics.json")
    return json.loads(Path("metrics.json").read_text())


def test_metrics_have_the_documented_layout_and_value(call, predictions):
    found = evaluated(call)
    auc = found["metrics"].pop("auc")
    provenance = found.pop("provenance")
    assert found == {
        "study": "blobs", "method": "component", "sample": "default", "split": "test",
        "events": 400, "metrics": {},
    }  # fmt: skip
    expected = roc_auc_score(predictions["label"], predictions["score"])
    assert auc["value"] == pytest.approx(expected, abs=1e-12)
    assert auc["low"] < auc["value"] < auc["high"]
    assert (auc["unit"], auc["events"]) == ("1", 400)
    assert provenance["replicas"] == 50


def test_the_interval_is_that_of_its_seed(call, predictions):
    assert evaluated(call) == evaluated(call)
    first, second = (evaluated(call, "--seed", seed)["metrics"]["auc"] for seed in (1, 2))
    assert first["value"] == second["value"]
    assert first["low"] != second["low"]


def test_what_a_method_does_not_predict_is_left_out(call):
    rng = np.random.default_rng(1)
    columns = {
        "predicted_x_max": rng.normal(750, 50, 200),
        "x_max": rng.normal(750, 50, 200),
        "mass_number": np.ones(200),
    }
    study = load_study("showers")
    schema = [field for field in (*study.predictions, *study.schema) if field.name in columns]
    with writing("x_max.h5", schema, {"study": "showers", "method": "depth"}) as writer:
        writer.append(columns)
    call("evaluate", "showers", "x_max.h5", "--replicas", 10, "-o", "metrics.json")
    # without iron nothing stands apart from the protons either
    found = json.loads(Path("metrics.json").read_text())["metrics"]
    assert set(found) == {"x_max_bias", "x_max_resolution"}
