"""Events in HDF5: what is written comes back, to anyone who can read HDF5."""

from __future__ import annotations

import subprocess
import sys

import awkward as ak
import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.schema import Field
from events.written import ATTRIBUTES, assert_equal, events, in_order, sliced, write


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


def test_several_parts_of_a_file_are_read_one_after_the_other(path):
    places = [(150, 200), (0, 20), (20, 20)]
    with hdf5.opened(path) as file:
        found = list(hdf5.parts(file, ["towers", "pt"], places))
        flat = list(hdf5.parts(file, ["towers"], places, ragged=lambda *parts: parts))
    for part, (values, counts), place in zip(
        found, (part["towers"] for part in flat), places, strict=True
    ):
        wanted = sliced(events(200), *place)
        assert_equal(part, {name: wanted[name] for name in ("towers", "pt")})
        np.testing.assert_array_equal(counts, ak.num(wanted["towers"]))
        np.testing.assert_array_equal(values, ak.flatten(wanted["towers"]))


def test_chunks_put_together_are_the_whole(path):
    parts = list(hdf5.chunks(path, ["towers", "pt"], 33))
    assert [len(part["pt"]) for part in parts] == [33] * 6 + [2]
    together = {name: np.concatenate([part[name] for part in parts]) for name in ("towers", "pt")}
    assert_equal(together, {name: events(200)[name] for name in ("towers", "pt")})


def test_reading_dense_fields_does_not_load_awkward(tmp_path):
    path = write(tmp_path / "dense.h5", [{"pt": np.ones(3)}], [Field("pt", "GeV", "pT")])
    script = (
        "import sys; from cascade.events import hdf5\n"
        f"assert len(hdf5.read({str(path)!r})['pt']) == 3\n"
        "print('awkward' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert found.stdout == "False\n", found.stderr


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
