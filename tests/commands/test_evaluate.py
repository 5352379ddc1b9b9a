"""Metrics are what they claim to be, with an interval that is drawn again the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sklearn.metrics import roc_auc_score

from cascade.events import hdf5


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
