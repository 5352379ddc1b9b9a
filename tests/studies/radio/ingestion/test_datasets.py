"""HDF5 files of traces: what is read, how splits share it, and what is wrong with a file."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events.writing import writing
from cascade.provenance import record
from cascade.settings import validate
from cascade.studies.radio import SCHEMA
from cascade.studies.radio.ingestion.datasets import ingest
from cascade.studies.radio.settings import Hdf5Settings

TRACES = 40
WHOLE = {"signal": "signal", "interference": "interference", "label": "label"}
UNFILTERED = {"band": None}


def everything(first, number):
    return np.ones(number, dtype=bool)


def read(*files, keep=everything, **changes):
    chunks = list(ingest(files, validate(Hdf5Settings, changes), keep))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.dtype == expected[name].dtype, name
        assert np.allclose(array, expected[name], rtol=1e-5, atol=1e-3), name


@pytest.fixture(scope="module")
def traces(drawn):
    return drawn(TRACES)


def write(path, datasets):
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values
    return path


@pytest.fixture
def file(traces, tmp_path):
    return write(tmp_path / "mine.h5", traces)


def test_a_file_of_cascade_gives_the_same_traces(traces, tmp_path):
    path = tmp_path / "own.h5"
    with writing(path, SCHEMA, record(study="radio", sample="default")) as writer:
        writer.append(traces)
    same(read(path, datasets=WHOLE, **UNFILTERED), traces)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_the_signal_is_what_the_noise_leaves_of_the_trace(traces, tmp_path, chunk):
    traces = {**traces, "rest": traces["trace"] - traces["signal"]}
    path = write(tmp_path / "mine.h5", traces)
    by_signal = read(path, datasets={"signal": "signal"}, chunk=chunk)
    by_noise = read(path, datasets={"noise": "rest"}, chunk=chunk)
    same(by_noise, by_signal)
    assert np.array_equal(by_signal["label"], traces["label"])
    assert not by_noise["signal"][traces["label"] == 0].any()
    # without the interference it counts as noise
    lit = traces["label"] == 1
    ratio = by_signal["snr"][lit] / traces["snr"][lit]
    assert ratio.max() < 1.05
    assert ratio.min() < 0.9


def test_what_is_not_known_is_left_out(file, traces):
    assert read(file).keys() == {"trace"}
    assert read(file, datasets={"label": "label"}).keys() == {"trace", "label"}
    assert read(file, labels={"mine*": 1}).keys() == {"trace", "label"}


def test_interference_that_is_not_known_is_none(file):
    found = read(file, datasets={"signal": "signal"})
    assert found.keys() == {field.name for field in SCHEMA}
    assert not found["interference"].any()


def test_all_is_known_of_files_without_pulses(drawn, tmp_path):
    noise = drawn(10, pulses=0.0)
    path = write(tmp_path / "noise.h5", {"field": noise["trace"]})
    found = read(path, datasets={"trace": "field"}, labels={"*.h5": 0}, **UNFILTERED)
    same(found, noise | {"interference": np.zeros_like(noise["trace"])})


def test_labels_follow_from_the_names_of_files(traces, tmp_path):
    files = [write(tmp_path / name, traces) for name in ("pulses.h5", "noise.h5")]
    found = read(*files, labels={"pulse*": 1, "noise*": 0})
    assert found["label"].tolist() == [1] * TRACES + [0] * TRACES
    with pytest.raises(CascadeError, match=r"noise\.h5: no label is given"):
        read(*files, labels={"pulse*": 1})


def test_splits_share_out_the_traces(file, traces):
    def third(first, number):
        return np.arange(first, first + number) % 3 == 1

    found = read(file, file, keep=third, chunk=7, datasets=WHOLE, **UNFILTERED)
    twice = {name: np.concatenate([values, values])[1::3] for name, values in traces.items()}
    same(found, twice)


def test_groups_and_channels(traces, tmp_path):
    nested = {
        name: np.stack([np.zeros_like(traces[name]), traces[name]], axis=1)
        for name in ("trace", "signal")
    }
    path = write(tmp_path / "nested.h5", {f"station/{name}": x for name, x in nested.items()})
    names = {"trace": "station/trace", "signal": "/station/signal"}
    found = read(path, datasets=names, channel=1, **UNFILTERED)
    assert np.array_equal(found["trace"], traces["trace"])
    assert np.array_equal(found["signal"], traces["signal"])
    message = r"holds float32 of shape \(40, 2, 500\), .* choose one by 'channel'"
    with pytest.raises(CascadeError, match=message):
        read(path, datasets=names)
    with pytest.raises(CascadeError, match="has 2 channels, counted from 0, and no 'channel' 2"):
        read(path, datasets=names, channel=2)


def changed(traces, name, value, entry=23):
    values = traces[name].copy()
    values[entry] = value
    return traces | {name: values}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("trace", np.nan, "dataset 'trace' in entry 23 is not finite (NaN, infinite or above 1e12 "
                          "µV/m)"),
        ("signal", np.inf, "dataset 'signal' in entry 23 is not finite (NaN, infinite or above "
                           "1e12 µV/m)"),
        ("trace", 0, "dataset 'trace' in entry 23 is 0 throughout"),
        ("trace", 5, "dataset 'trace' in entry 23 has nothing within the band [30.0, 80.0]; check "
                     "'file_rate' and 'band'"),
        ("label", 7, "dataset 'label' in entry 23 is 7, neither 0 nor 1"),
    ],
)  # fmt: skip
def test_faulty_traces_are_named(traces, tmp_path, name, value, message):
    path = write(tmp_path / "faulty.h5", changed(traces, name, value))
    with pytest.raises(CascadeError) as caught:
        read(path, datasets=WHOLE, chunk=9)
    assert str(caught.value) == f"{path}: {message}"
    # in another split it does no harm
    read(path, datasets=WHOLE, keep=lambda first, n: np.arange(first, first + n) != 23)


def test_truth_that_cannot_be_is_named(traces, tmp_path):
    def fails(message, traces):
        path = write(tmp_path / "faulty.h5", traces)
        with pytest.raises(CascadeError, match=message) as caught:
            read(path, datasets={"signal": "signal", "label": "label"})
        assert "\n" not in str(caught.value)

    dark, lit = (int(np.argmax(traces["label"] == label)) for label in (0, 1))
    message = f"'trace' in entry {dark} is labelled 1 but has no pulse in its window"
    fails(message, changed(traces, "label", 1, dark))
    message = f"'trace' in entry {lit} is labelled 0 but has a pulse in its window"
    fails(message, changed(traces, "label", 0, lit))
    message = f"'trace' in entry {lit} is all pulse"
    fails(message, changed(traces, "trace", traces["signal"][lit], lit))


def test_datasets_that_do_not_fit_are_named(traces, tmp_path):
    def fails(message, path, **changes):
        with pytest.raises(CascadeError, match=message) as caught:
            read(path, **changes)
        assert "\n" not in str(caught.value)

    file = write(tmp_path / "mine.h5", traces)
    other = write(tmp_path / "other.h5", {
        "group/trace": traces["trace"], "short": traces["trace"][:, 9:], "few": traces["trace"][:5],
        "none": traces["trace"][:0], "complex": traces["trace"] + 1j, "text": ["a"] * TRACES,
    })  # fmt: skip
    trace = {"trace": "group/trace"}
    fails("no dataset 'trace'; did you mean 'group/trace'", other)
    fails("no dataset 'group'", other, datasets={"trace": "group"})
    fails("dataset 'few' holds 5 traces, but 'group/trace' 40", other,
          datasets=trace | {"signal": "few"})  # fmt: skip
    fails("dataset 'short' in entry 0 has 491 samples, but the trace 500", other,
          datasets=trace | {"signal": "short"})  # fmt: skip
    fails("dataset 'none' holds 0 traces", other, datasets={"trace": "none"})
    fails("dataset 'complex' holds complex64", other, datasets={"trace": "complex"})
    fails("dataset 'text' holds object", other, datasets={"trace": "text"})
    fails(r"dataset 'label' holds int8 of shape \(40,\), not numbers of shape \(traces, samples\)",
          file, datasets={"trace": "label"})  # fmt: skip
    fails(r"not numbers of shape \(traces,\)", file, datasets={"label": "trace"})
    fails("no such file", tmp_path / "nothing.h5")
    (tmp_path / "notes.h5").write_text("Buy bread.")
    fails("is not an HDF5 file", tmp_path / "notes.h5")
    file.write_bytes(file.read_bytes()[:5000])
    fails("is truncated", file)


def test_a_fault_in_the_last_file_is_found_first(file, tmp_path):
    last = write(tmp_path / "last.h5", {"field": np.ones((3, 500))})
    chunks = ingest([file, last], Hdf5Settings(), everything)
    with pytest.raises(CascadeError, match=r"last\.h5: no dataset 'trace'"):
        next(chunks)


def test_settings_complain():
    def fails(message, **changes):
        with pytest.raises(CascadeError, match=message):
            validate(Hdf5Settings, changes)

    fails("name either 'signal' or 'noise', not both", datasets={"signal": "a", "noise": "b"})
    fails("either 'datasets.label' or 'labels'", datasets={"label": "a"}, labels={"b": 1})
    fails("must end below half the sampling rate, which is 50 MHz by 'file_rate'", file_rate=100)
    fails("which is 80 MHz by 'rate'", rate=160)
    fails("give the lower end first", band=[80, 30])
    fails("window", window="center")
    fails("labels.a", labels={"a": 2})
