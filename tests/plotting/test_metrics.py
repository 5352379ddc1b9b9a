"""The table of all methods: what is best, how numbers are rounded, which files are refused."""

from __future__ import annotations

import json
import math

import pytest

from cascade.errors import CascadeError
from cascade.plotting.metrics import metrics, read_tables, rounded
from cascade.plotting.product import Number


@pytest.fixture
def write(tmp_path):
    def write_metrics(study, method, **numbers):
        path = tmp_path / f"{study}-{method}.json"
        saved = {
            name: {"value": value, "low": low, "high": high, "unit": "1", "events": 10}
            for name, (value, low, high) in numbers.items()
        }
        content = {"study": study, "method": method, "sample": "default", "events": 10}
        path.write_text(json.dumps({**content, "metrics": saved}))
        return path

    return write_metrics


@pytest.fixture
def paths(write):
    return {
        "showers/fit": write("showers", "fit", energy_bias=(-1, -2, 0), core_resolution=(9, 8, 9)),
        "showers/graph": write(
            "showers", "graph", energy_bias=(0.1, 0, 0.2), core_resolution=(8, 7, 9), auc=(1, 1, 1)
        ),
        "jets/cnn": write("jets", "cnn", background_rejection_50=(None, 40, None)),
        "jets/mass": write("jets", "mass", background_rejection_50=(3, 2, None)),
    }  # fmt: skip


def test_best_is_what_the_study_says(paths):
    showers, jets = read_tables(paths)
    assert (showers.study, jets.study) == ("showers", "jets")
    assert list(showers.metrics) == ["core_resolution", "energy_bias", "auc"]
    assert showers.best("energy_bias") == {"graph"}
    assert showers.best("core_resolution") == {"graph"}
    assert showers.best("auc") == set()  # of a single one
    assert jets.best("background_rejection_50") == {"cnn"}  # infinite


def test_the_table_holds_every_number(paths):
    result = metrics(paths)
    assert len(result.table["value"]) == len(result.metrics) == 7
    assert result.metrics["showers/graph/core_resolution"] == Number(8, 7, 9, "1", 10)
    assert math.isinf(result.metrics["jets/cnn/background_rejection_50"].value)
    assert "2 methods, 10 events of sample 'default'" in result.caption


@pytest.mark.parametrize(
    ("number", "texts"),
    [
        ((0.82617, 0.7999, 0.853), ("0.826", "+0.027", "−0.026")),
        ((-0.00004, -0.01, 0.01), ("0.000", "+0.010", "−0.010")),
        ((37010.6, 2371.9, 75488.4), ("37011", "+38478", "−34639")),
        ((math.inf, 40, math.inf), ("∞", "", "")),
        ((0.0, 0.0, 0.0), ("0.0", "+0.0", "−0.0")),
    ],
)
def test_two_digits_of_the_interval_are_shown(number, texts):
    assert rounded(Number(*number, "1", 10)) == texts


def test_files_that_are_no_metrics_are_refused(paths, tmp_path):
    with pytest.raises(CascadeError, match="of 'jets/mass', not of 'jets/cnn'"):
        read_tables({"jets/cnn": paths["jets/mass"]})
    (tmp_path / "other.json").write_text("[1]")
    with pytest.raises(CascadeError, match="holds no metrics"):
        read_tables({"jets/cnn": tmp_path / "other.json"})
