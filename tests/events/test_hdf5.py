"""Events in HDF5: what is written comes back, to anyone who can read HDF5."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import awkward as ak
import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.schema import Field

SCHEMA = (
    Field("image", "GeV", "energy", ("eta", "phi")),
    Field("towers", "GeV, rad", "constituents", ("tower", "pt_eta_phi"), ragged=True),
    Field("times", "ns", "arrival times", ("hit",), dtype="float64", ragged=True),
    Field("pt", "GeV", "transverse momentum"),
    Field("label", "1", "class", dtype="int8"),
)
ATTRIBUTES = {"study": "test", "sample": "toy", "seed": 3, "settings": '{"a": 1}'}


def events(number, seed=1):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 5, number)
    hits = rng.integers(0, 3, number)
    return {
        "image": rng.random((number, 3, 4)).astype("f4"),
        "towers": ak.unflatten(rng.random((counts.sum(), 3)).astype("f4"), counts),
        "times": ak.unflatten(rng.random(hits.sum()), hits),
        "pt": rng.random(number).astype("f4"),
        "label": rng.integers(0, 2, number).astype("i1"),
    }


def assert_equal(first, second):
    assert list(first) == list(second)
    for name in first:
        if isinstance(first[name], ak.Array):
            assert ak.num(first[name]).tolist() == ak.num(second[name]).tolist()
            first_values, second_values = (ak.flatten(item[name]) for item in (first, second))
            np.testing.assert_array_equal(first_values, second_values)
        else:
            assert first[name].dtype == second[name].dtype
            np.testing.assert_array_equal(first[name], second[name])


def in_order(found):
    return {field.name: found[field.name] for field in SCHEMA}


def write(path, parts, schema=SCHEMA, attributes=ATTRIBUTES):
    with hdf5.writing(path, schema, attributes) as writer:
        for part in parts:
            writer.append(part)
    return path


def sliced(all_events, start, stop):
    return {name: array[start:stop] for name, array in all_events.items()}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(tmp_path_factory.mktemp("events") / "events.h5", [events(200)])


def test_what_is_written_comes_back(path):
    assert_equal(in_order(hdf5.read(path)), events(200))
    assert hdf5.count(path) == 200
    assert hdf5.attributes(path) == ATTRIBUTES


@given(start=st.none() | st.integers(-250, 250), stop=st.none() | st.integers(-250, 250))
def test_any_part_is_read_as_a_slice(path, start, stop):
    found = in_order(hdf5.read(path, None, start, stop))
    wanted = sliced(events(200), start, stop)
    assert_equal(found, wanted)


def test_chunks_put_together_are_the_whole(path):
    parts = list(hdf5.chunks(path, ["towers", "pt"], 33))
    assert [len(part["pt"]) for part in parts] == [33] * 6 + [2]
    together = {name: np.concatenate([part[name] for part in parts]) for name in ("towers", "pt")}
    assert_equal(together, {name: events(200)[name] for name in ("towers", "pt")})


@settings(max_examples=15)
@given(cuts=st.lists(st.integers(0, 60), max_size=5))
def test_a_file_written_by_streaming_equals_one_written_at_once(cuts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("streamed")
    edges = [0, *sorted(cuts), 60]
    parts = [sliced(events(60), *pair) for pair in pairwise(edges)]
    streamed = write(folder / "streamed.h5", parts)
    assert_equal(in_order(hdf5.read(streamed)), events(60))


def test_plain_h5py_reads_it_with_units_and_axes(path):
    with h5py.File(path) as file:
        assert {key: file.attrs[key] for key in ATTRIBUTES} == ATTRIBUTES
        for field in SCHEMA:
            dataset = file[f"{field.name}/values"] if field.ragged else file[field.name]
            assert dataset.attrs["units"] == field.unit
            assert dataset.attrs["description"] == field.description
            assert dataset.dtype == field.dtype
            assert (dataset.compression, dataset.shuffle) == ("gzip", True)
        labels = [[axis.label for axis in file[name].dims] for name in ("image", "towers/values")]
        assert labels == [["event", "eta", "phi"], ["tower", "pt_eta_phi"]]
        # the layout that the documentation promises
        values, offsets = file["towers/values"][:], file["towers/offsets"][:]
        for number, event in enumerate(events(200)["towers"]):
            inside = values[offsets[number] : offsets[number + 1]]
            np.testing.assert_array_equal(inside, ak.to_numpy(event).reshape(-1, 3))


def test_nothing_in_it_is_pickled(path):
    def check(name, item):
        if isinstance(item, h5py.Dataset):
            assert item.dtype.kind in "iuf", name
        for key in item.attrs:
            kind = item.attrs.get_id(key).get_type().get_class()
            assert kind in (h5py.h5t.STRING, h5py.h5t.INTEGER, h5py.h5t.FLOAT), (name, key)

    with h5py.File(path) as file:
        check("/", file)
        file.visititems(check)
    assert b"pickle" not in path.read_bytes()


def test_equal_events_give_equal_files(tmp_path):
    first, second = (write(tmp_path / name, [events(50)]) for name in ("a.h5", "b.h5"))
    assert first.read_bytes() == second.read_bytes()


def test_reading_dense_fields_does_not_load_awkward(tmp_path):
    path = write(tmp_path / "dense.h5", [{"pt": np.ones(3)}], [Field("pt", "GeV", "pT")])
    script = (
        "import sys; from cascade.events import hdf5\n"
        f"assert len(hdf5.read({str(path)!r})['pt']) == 3\n"
        "print('awkward' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert found.stdout == "False\n", found.stderr


def test_a_writer_refuses_fields_of_different_length_or_shape(tmp_path):
    path = tmp_path / "events.h5"
    with pytest.raises(ValueError, match="pt: 4 events, not 5"):
        write(path, [{**events(5), "pt": np.zeros(4)}])
    with pytest.raises(ValueError, match=r"image: shape \(2, 2\), not \(3, 4\)"):
        write(path, [events(5), {**events(5), "image": np.zeros((5, 2, 2))}])
    with pytest.raises(KeyError, match="label"):
        write(path, [{name: value for name, value in events(5).items() if name != "label"}])
    assert list(tmp_path.iterdir()) == []


def test_finalise_sees_the_fields_that_it_reads_and_adds_columns(tmp_path):
    path, seen = tmp_path / "events.h5", []

    def ranks(columns):
        seen.extend(columns)
        return {"rank": np.argsort(np.argsort(columns["pt"]))}

    with hdf5.writing(path, SCHEMA, ATTRIBUTES) as writer:
        for seed in range(3):
            writer.append(events(20, seed))
        writer.finalise(ranks, ["pt"], [*SCHEMA, Field("rank", "1", "rank", dtype="int32")])
    assert seen == ["pt"]
    found = hdf5.read(path, ["pt", "rank"])
    assert (np.diff(found["pt"][np.argsort(found["rank"])]) > 0).all()


def test_finalise_neither_lengthens_a_column_nor_leaves_it_short(tmp_path):
    rank = Field("rank", "1", "rank", dtype="int32")

    def finalised(schema, column):
        with hdf5.writing(tmp_path / "events.h5", schema, ATTRIBUTES) as writer:
            writer.append({**events(5), "rank": np.zeros(5)})
            writer.finalise(lambda columns: {"rank": column}, ["pt"], [*SCHEMA, rank])

    with pytest.raises(ValueError, match="rank: 4 events, not 5"):
        finalised(SCHEMA, np.zeros(4))
    with pytest.raises(ValueError, match="rank: is in the file already"):
        finalised([*SCHEMA, rank], np.zeros(5))


def refused(path, message, **arguments):
    with pytest.raises(CascadeError, match=message) as caught:
        hdf5.read(path, **arguments)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_file_of_events_is_refused(path, tmp_path):
    refused(tmp_path / "none.h5", "no such file")
    refused(path, "holds events of study 'test', not of 'jets'", study="jets")
    refused(path, "no field 'labl'; did you mean 'label'?", names=["labl"])
    foreign = tmp_path / "foreign.h5"
    with h5py.File(foreign, "w") as file:
        file["pt"] = np.ones(3)
    refused(foreign, "carries no attribute 'study'")
    foreign.write_text("text")
    refused(foreign, "is not an HDF5 file")


def test_a_cut_or_damaged_file_is_refused_or_intact(path, tmp_path):
    whole, other = path.read_bytes(), tmp_path / "other.h5"
    for size in np.linspace(0, len(whole) - 1, 20, dtype=int):
        other.write_bytes(whole[:size])
        refused(other, "truncated|not an HDF5 file")
