"""HDF5 files of stations: what is read, how splits share it, and what is wrong with a file."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events.writing import writing
from cascade.provenance import record
from cascade.settings import validate
from cascade.studies.refinement import SCHEMA
from cascade.studies.refinement.ingestion.datasets import ingest
from cascade.studies.refinement.settings import Hdf5Settings

from ..simulation.drawn import drawn

STATIONS = 40
WHOLE = {"lg_energy": "lg_energy", "delta_x": "delta_x"}
MEASURED = {"trace", "distance", "zenith"}


def everything(first, number):
    return np.ones(number, dtype=bool)


def read(*files, keep=everything, **changes):
    chunks = list(ingest(files, validate(Hdf5Settings, changes), keep))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def write(path, datasets):
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values
    return path


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.dtype == np.float32, name
        np.testing.assert_allclose(array, expected[name], rtol=1e-5, err_msg=name)


@pytest.fixture(scope="module")
def stations():
    return drawn(STATIONS)


@pytest.fixture
def file(stations, tmp_path):
    return write(tmp_path / "mine.h5", stations)


def test_a_file_of_cascade_gives_the_same_stations(stations, tmp_path):
    path = tmp_path / "own.h5"
    with writing(path, SCHEMA, record(study="refinement", sample="data")) as writer:
        writer.append(stations)
    same(read(path, datasets=WHOLE), stations)


def test_measured_stations_need_no_truth(file, stations):
    same(read(file), {name: stations[name] for name in MEASURED})
    assert read(file, datasets={"lg_energy": "lg_energy"}).keys() == MEASURED | {"lg_energy"}


def test_names_units_and_bins_are_the_users_own(stations, tmp_path):
    """Bins of 12.5 ns, the first of them at 3, in tenths of particles, some of them negative."""
    fine = np.repeat(5 * stations["trace"], 2, axis=1)
    fine[:, 10:14] -= 1e6
    zero = stations["trace"].copy()
    zero[:, 5:7] = 0
    path = write(tmp_path / "mine.h5", {
        "event/sd/vem": np.pad(fine, ((0, 0), (3, 8)), constant_values=7),
        "event/r": stations["distance"] / 1e3, "event/theta": np.radians(stations["zenith"]),
        "E": 10 ** (stations["lg_energy"].astype(float) - 18),
    })  # fmt: skip
    names = {"trace": "event/sd/vem", "distance": "event/r", "zenith": "/event/theta",
             "lg_energy": "E"}  # fmt: skip
    units = {"length": "km", "angle": "rad", "energy": "EeV", "scale": 0.1}
    found = read(path, datasets=names, rebin=2, first_bin=3, **units)
    same(found, {name: stations[name] for name in (*MEASURED, "lg_energy")} | {"trace": zero})


def test_energies_in_electronvolts(stations, tmp_path):
    energy = {"energy": 10 ** stations["lg_energy"].astype(float)}
    path = write(tmp_path / "mine.h5", stations | energy)
    found = read(path, datasets={"lg_energy": "energy"}, energy="eV")
    np.testing.assert_allclose(found["lg_energy"], stations["lg_energy"], rtol=1e-6)
    path = write(tmp_path / "none.h5", changed(stations | energy, "energy", 0.0))
    with pytest.raises(CascadeError, match="is -inf as lg"):
        read(path, datasets={"lg_energy": "energy"}, energy="eV")


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_splits_share_out_the_stations(file, stations, chunk):
    def third(first, number):
        return np.arange(first, first + number) % 3 == 1

    found = read(file, file, keep=third, chunk=chunk, datasets=WHOLE)
    twice = {name: np.concatenate([values, values])[1::3] for name, values in stations.items()}
    same(found, twice)


def changed(stations, name, value, entry=23):
    values = stations[name].copy()
    values[entry] = value
    return stations | {name: values}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("trace", np.nan, "is not finite (NaN or infinite)"),
        ("trace", -np.inf, "is not finite (NaN or infinite)"),
        ("trace", 1e11, "sums up to more than 1e+12"),
        ("trace", 0, "is nowhere above 0"),
        ("trace", -3, "is nowhere above 0"),
        ("distance", -1, "is -1 m, not within 0 … 100000; check 'length'"),
        ("zenith", 100, "is 100 deg, not within 0 … 90; check 'angle'"),
        ("lg_energy", 0, "is 0 as lg(E / eV), not within 12 … 22; check 'energy'"),
        ("lg_energy", 3e18, "is 3e+18 as lg(E / eV), not within 12 … 22; check 'energy'"),
        ("delta_x", np.nan, "is not finite (NaN or infinite)"),
    ],
)
def test_faulty_stations_are_named(stations, tmp_path, name, value, message):
    path = write(tmp_path / "faulty.h5", changed(stations, name, value))
    with pytest.raises(CascadeError) as caught:
        read(path, datasets=WHOLE, chunk=9)
    assert str(caught.value) == f"{path}: dataset '{name}' in entry 23 {message}"
    # in another split it does no harm
    read(path, datasets=WHOLE, keep=lambda first, n: np.arange(first, first + n) != 23)


def test_datasets_that_do_not_fit_are_named(stations, tmp_path):
    def fails(message, path, **changes):
        with pytest.raises(CascadeError, match=message) as caught:
            read(path, **changes)
        assert "\n" not in str(caught.value)

    file = write(tmp_path / "mine.h5", stations)
    other = write(tmp_path / "other.h5", stations | {
        "group/zenith": stations["zenith"], "few": stations["zenith"][:5],
        "text": ["a"] * STATIONS, "complex": stations["trace"] + 1j,
    })  # fmt: skip
    fails("no dataset 'zenit'; did you mean 'zenith'", file, datasets={"zenith": "zenit"})
    fails("no dataset 'group'", other, datasets={"zenith": "group"})
    fails("dataset 'few' holds 5 stations, but 'trace' 40", other, datasets={"distance": "few"})
    fails(r"dataset 'text' holds object of shape \(40,\), not numbers of shape \(stations,\)",
          other, datasets={"distance": "text"})  # fmt: skip
    fails(r"holds complex64 of shape \(40, 80\)", other, datasets={"trace": "complex"})
    fails(r"'zenith' holds float32 of shape \(40,\), not numbers of shape \(stations, bins\)",
          other, datasets={"trace": "zenith"})  # fmt: skip
    none = {name: values[:0] for name, values in stations.items()}
    fails("dataset 'trace' holds 0 stations", write(tmp_path / "none.h5", none))
    fails("no such file", tmp_path / "nothing.h5")
    (tmp_path / "notes.h5").write_text("Buy bread.")
    fails("is not an HDF5 file", tmp_path / "notes.h5")


def test_traces_of_the_wrong_length_are_said(file):
    def fails(message, **changes):
        with pytest.raises(CascadeError) as caught:
            read(file, **changes)
        assert (
            str(caught.value) == f"{file}: dataset 'trace' holds traces of 80 bins, but {message}"
        )

    fails("60 are wanted; set 'bins' or 'rebin', or cut them by 'first_bin'", bins=60)
    fails("160 are wanted; set 'bins' or 'rebin'", rebin=2)
    fails("80 are wanted from bin 5 on; set 'bins' or 'rebin'", first_bin=5)
    assert read(file, bins=60, first_bin=0)["trace"].shape == (STATIONS, 60)
    assert read(file, bins=20, rebin=4)["trace"].shape == (STATIONS, 20)


def test_a_fault_in_the_last_file_is_found_first(file, tmp_path):
    last = write(tmp_path / "last.h5", {"field": np.ones((3, 80))})
    with pytest.raises(CascadeError, match=r"last\.h5: no dataset 'trace'"):
        next(ingest([file, last], Hdf5Settings(), everything))
