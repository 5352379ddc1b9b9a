import pickle
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cascade.errors import CascadeError
from cascade.training.estimators import load_estimator, save_estimator

RECORD = {"settings": {"leaves": 7, "rates": [0.1, 0.5], "name": "τ21"}, "seed": 3, "none": None}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 3))
    return x, (x[:, 0] + rng.normal(size=400) > 0).astype(int)


@pytest.fixture(scope="module")
def model(data):
    trees = HistGradientBoostingClassifier(max_iter=5, early_stopping=False).fit(*data)
    linear = make_pipeline(StandardScaler(), LogisticRegression()).fit(*data)
    arrays = [np.arange(4.0), np.float32(2)]
    return {"trees": trees, "linear": linear, "arrays": arrays, "cut": (1, 0.5, None)}


def test_a_loaded_model_predicts_the_same(tmp_path, data, model):
    path = tmp_path / "fits" / "model.ckpt"
    save_estimator(path, RECORD, model)
    record, loaded = load_estimator(path)
    assert record == RECORD
    for name in ("trees", "linear"):
        expected = model[name].predict_proba(data[0])
        np.testing.assert_array_equal(loaded[name].predict_proba(data[0]), expected)
    np.testing.assert_array_equal(loaded["arrays"][0], model["arrays"][0])
    assert loaded["cut"] == model["cut"]
    assert [entry.name for entry in path.parent.iterdir()] == ["model.ckpt"]


def refused(path, message):
    with pytest.raises(CascadeError, match=message) as caught:
        load_estimator(path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


def test_files_that_hold_no_model_are_refused(tmp_path):
    path = tmp_path / "model.ckpt"
    refused(path, "no such file")
    path.write_bytes(b"")
    refused(path, "is not a fitted model")
    path.write_bytes(skops.io.dumps([1, 2]))
    refused(path, "is not a fitted model")
    path.write_bytes(skops.io.dumps({"model": [1, 2]}))
    refused(path, "was not written by Cascade")


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


def test_nothing_is_unpickled(tmp_path):
    path, target = tmp_path / "model.ckpt", tmp_path / "touched"
    path.write_bytes(pickle.dumps(Trap(target)))
    refused(path, "is not a fitted model")
    assert not target.exists()


def test_types_that_are_not_trusted_are_refused(tmp_path, data):
    path = tmp_path / "model.ckpt"
    forest = RandomForestClassifier(2).fit(*data)
    path.write_bytes(skops.io.dumps({"record": "{}", "model": forest}))
    refused(path, "sklearn.tree._tree.Tree")
    path.write_bytes(skops.io.dumps({"record": "{}", "model": Trap(tmp_path)}))
    refused(path, "Trap")
    with pytest.raises(TypeError, match="Tree"):
        save_estimator(tmp_path / "other.ckpt", {}, forest)
    assert not (tmp_path / "other.ckpt").exists()


def test_a_cut_or_damaged_file_is_refused_or_intact(tmp_path, data, model):
    path = tmp_path / "model.ckpt"
    save_estimator(path, RECORD, model)
    whole = path.read_bytes()
    for size in np.linspace(0, len(whole) - 1, 25, dtype=int):
        path.write_bytes(whole[:size])
        refused(path, "is not a fitted model")
    rng = np.random.default_rng(2)
    expected = model["trees"].predict_proba(data[0])
    for start in rng.integers(len(whole), size=25):
        path.write_bytes(whole[:start] + rng.bytes(8) + whole[start + 8 :])
        try:
            _, loaded = load_estimator(path)
        except CascadeError:
            continue
        # a byte of no meaning, as a time in the archive
        np.testing.assert_array_equal(loaded["trees"].predict_proba(data[0]), expected)
