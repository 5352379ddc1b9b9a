"""Writing events: whatever way they come the file is the same, and anyone with HDF5 reads it."""

from __future__ import annotations

from itertools import pairwise

import awkward as ak
import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.events import hdf5
from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.training.batches import RUN
from events.written import ATTRIBUTES, SCHEMA, assert_equal, events, in_order, sliced, write


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(tmp_path_factory.mktemp("events") / "events.h5", [events(200)])


@settings(max_examples=15)
@given(cuts=st.lists(st.integers(0, 60), max_size=5))
def test_a_file_written_by_streaming_equals_one_written_at_once(cuts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("streamed")
    edges = [0, *sorted(cuts), 60]
    parts = [sliced(events(60), *pair) for pair in pairwise(edges)]
    streamed = write(folder / "streamed.h5", parts)
    assert_equal(in_order(hdf5.read(streamed)), events(60))


def test_a_chunk_is_compressed_once_whatever_the_blocks_that_fill_it(tmp_path):
    """Else the file would have holes, where what there was of a chunk had been written before."""
    whole = write(tmp_path / "whole.h5", [events(1500)])
    blocks = [sliced(events(1500), start, start + 7) for start in range(0, 1500, 7)]
    streamed = write(tmp_path / "streamed.h5", blocks)
    assert streamed.stat().st_size == pytest.approx(whole.stat().st_size, rel=1e-3)


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


def test_a_writer_refuses_fields_of_different_length_or_shape(tmp_path):
    path = tmp_path / "events.h5"
    with pytest.raises(ValueError, match="pt: 4 events, not 5"):
        write(path, [{**events(5), "pt": np.zeros(4)}])
    with pytest.raises(ValueError, match=r"image: shape \(2, 2\), not \(3, 4\)"):
        write(path, [events(5), {**events(5), "image": np.zeros((5, 2, 2))}])
    with pytest.raises(KeyError, match="label"):
        write(path, [{name: value for name, value in events(5).items() if name != "label"}])
    assert list(tmp_path.iterdir()) == []


def test_finalise_sees_the_fields_that_it_reads_and_adds_columns(tmp_path, monkeypatch):
    monkeypatch.setattr("cascade.events.writing.CHUNK_EVENTS", 16)
    path, seen = tmp_path / "events.h5", []

    def ranks(chunks):
        place = np.argsort(np.argsort(np.concatenate([chunk["pt"] for chunk in chunks])))
        for chunk in chunks:
            seen.append(set(chunk))
            rank, place = np.split(place, [len(chunk["pt"])])
            yield {"rank": rank}

    with writing(path, SCHEMA, ATTRIBUTES) as writer:
        for seed in range(3):
            writer.append(events(20, seed))
        writer.finalise(ranks, ["pt"], [*SCHEMA, Field("rank", "1", "rank", dtype="int32")])
    assert seen == [{"pt"}] * 4
    found = hdf5.read(path, ["pt", "rank"])
    assert (np.diff(found["pt"][np.argsort(found["rank"])]) > 0).all()


def test_finalise_neither_lengthens_a_column_nor_leaves_it_short(tmp_path):
    rank = Field("rank", "1", "rank", dtype="int32")

    def finalised(schema, column):
        with writing(tmp_path / "events.h5", schema, ATTRIBUTES) as writer:
            writer.append({**events(5), "rank": np.zeros(5)})
            writer.finalise(lambda chunks: [{"rank": column}], ["pt"], [*SCHEMA, rank])

    with pytest.raises(ValueError, match="rank: 4 events, not 5"):
        finalised(SCHEMA, np.zeros(4))
    with pytest.raises(ValueError, match="rank: is in the file already"):
        finalised([*SCHEMA, rank], np.zeros(5))


def test_a_chunk_of_a_file_divides_the_runs_of_a_training(path):
    """Else those at the borders of the runs would be decompressed twice."""
    with h5py.File(path) as file:
        chunks = [item.chunks[0] for item in file.values() if isinstance(item, h5py.Dataset)]
    assert chunks
    assert all(RUN % events == 0 for events in chunks)
