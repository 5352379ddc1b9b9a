import h5py
import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.plotting import reading
from cascade.plotting.product import Inputs


def write(path, **columns):
    with h5py.File(path, "w") as file:
        file.attrs["study"] = "any"
        for name, values in columns.items():
            file[name] = values


@pytest.fixture
def inputs(tmp_path):
    write(tmp_path / "a.h5", truth=np.arange(3), score=np.array([0.5, 0.1, 0.3]))
    write(tmp_path / "b.h5", truth=np.arange(3), size=np.ones((3, 2)))
    return Inputs(predictions={(name, "mine"): tmp_path / f"{name}.h5" for name in "ab"})


def test_optional_columns_are_read_where_they_are(inputs):
    first, second = reading.predictions(inputs, {"a": "A"}, ["truth"], ["score", "size"])
    assert (first.label, second.label) == ("A", "b")
    assert set(first.columns) == {"truth", "score"}
    assert set(second.columns) == {"truth", "size"}
    assert first.events == second.events == 3


def test_columns_are_sorted_together(inputs):
    first = reading.predictions(inputs, {}, ["truth", "score"][:1], ["score"])[0]
    assert first.ordered()["truth"].tolist() == [1, 2, 0]


def test_a_column_that_must_be_there_is_missed(inputs):
    with pytest.raises(CascadeError, match=r"b\.h5: no field 'score'"):
        reading.predictions(inputs, {}, ["score"])


def test_samples_are_named_if_there_are_several(inputs, tmp_path):
    both = Inputs(predictions={("a", s): tmp_path / "a.h5" for s in ("one", "two")})
    found = reading.predictions(both, {"one": "1"}, ["truth"])
    assert [one.key for one in found] == ["a/one", "a/two"]
    assert [one.label for one in found] == ["a, 1", "a, two"]


def test_the_first_events_are_read_in_chunks(tmp_path):
    write(tmp_path / "a.h5", truth=np.arange(10))
    chunks = list(reading.first(tmp_path / "a.h5", ["truth"], 7, size=3))
    assert [len(chunk["truth"]) for chunk in chunks] == [3, 3, 1]
    assert np.concatenate([chunk["truth"] for chunk in chunks]).tolist() == list(range(7))
