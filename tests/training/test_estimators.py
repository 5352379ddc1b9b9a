import pickle
import subprocess
import sys
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


ARRAYS = {
    "file": np.arange(6.0).reshape(2, 3),
    "counts": np.zeros((0, 4), dtype=np.int32),
    "samples": 500,
    "rest": [0.5, None, True, ["m", "τ21"]],
    "rate": 180.0,
}
"""A model without estimators, in names that are parameters of NumPy's functions."""


def assert_arrays(loaded):
    assert list(loaded) == list(ARRAYS)
    for name, value in ARRAYS.items():
        assert type(loaded[name]) is type(value)
        np.testing.assert_equal(loaded[name], value)
        assert getattr(loaded[name], "dtype", None) == getattr(value, "dtype", None)


@pytest.mark.parametrize("model", [ARRAYS, {}], ids=["arrays", "nothing"])
def test_arrays_are_read_back_without_looking_through_scikit_learn(tmp_path, model):
    path = tmp_path / "model.ckpt"
    save_estimator(path, RECORD, model)
    source = f"""
import sys
from cascade.training.estimators import load_estimator, save_estimator
save_estimator({str(path)!r} + ".again", *load_estimator({str(path)!r}))
print([name for name in ("sklearn", "skops", "torch") if name in sys.modules])
"""
    said = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert said.stdout == "[]\n", said.stderr
    assert path.with_suffix(".ckpt.again").read_bytes() == path.read_bytes()
    record, loaded = load_estimator(path)
    assert record == RECORD
    if model:
        assert_arrays(loaded)
    else:
        assert loaded == {}


@pytest.mark.parametrize(
    "value",
    [(1, 2), np.float64(0.5), {"nested": np.arange(3)}, [np.arange(3)]],
    ids=["tuple", "scalar", "nested", "list"],
)
def test_what_json_would_change_is_read_back_as_it_was(tmp_path, value):
    path = tmp_path / "model.ckpt"
    save_estimator(path, RECORD, {"value": value})
    loaded = load_estimator(path)[1]["value"]
    assert type(loaded) is type(value)
    np.testing.assert_equal(loaded, value)


def test_arrays_of_objects_are_not_written(tmp_path):
    path = tmp_path / "model.ckpt"
    with pytest.raises(TypeError):
        save_estimator(path, RECORD, {"value": np.array([Trap(tmp_path)], dtype=object)})
    assert not path.exists()


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


def test_no_array_of_objects_is_read(tmp_path):
    path, target = tmp_path / "model.ckpt", tmp_path / "touched"
    rest = np.array('{"record": "{}", "model": {"value": null}}')
    value = np.array([Trap(target)], dtype=object)
    with path.open("wb") as file:
        np.savez(file, rest=rest, **{"=value": value})
    refused(path, "is not a fitted model")
    assert not target.exists()


@pytest.mark.parametrize(("kept", "tries"), [("plain", 200), ("by_skops", 25)])
def test_a_cut_or_damaged_file_is_refused_or_intact(tmp_path, data, model, kept, tries):
    path, rng = tmp_path / "model.ckpt", np.random.default_rng(2)
    expected = model["trees"].predict_proba(data[0])
    save_estimator(path, RECORD, ARRAYS if kept == "plain" else model)
    whole = path.read_bytes()
    for size in np.linspace(0, len(whole) - 1, tries, dtype=int):
        path.write_bytes(whole[:size])
        refused(path, "is not a fitted model")
    for start in rng.integers(len(whole), size=tries):
        path.write_bytes(whole[:start] + rng.bytes(8) + whole[start + 8 :])
        try:
            record, loaded = load_estimator(path)
        except CascadeError:
            continue
        # a byte of no meaning, as a time in the archive
        assert record == RECORD
        if kept == "plain":
            assert_arrays(loaded)
        else:
            np.testing.assert_array_equal(loaded["trees"].predict_proba(data[0]), expected)
