import logging
import re

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from cascade.cli import cascade
from cascade.errors import CascadeError
from cascade.events.seeding import Block, sequence
from cascade.events.writing import writing
from cascade.settings import validate
from cascade.studies.showers import SCHEMA
from cascade.studies.showers.array import positions
from cascade.studies.showers.ingestion.ingest import ingest
from cascade.studies.showers.settings import ArraySettings, RootSettings, ShowerSettings
from cascade.studies.showers.simulation.simulate import simulate

EVENTS = 40
TRUTH = {name: name for name in ("axis", "core", "lg_energy", "x_max", "mass_number")}


def everything(first, number):
    return np.ones(number, dtype=bool)


def settings(**changes):
    return validate(RootSettings, {"tree": "showers", "truth": TRUTH} | changes)


def together(chunks):
    chunks = list(chunks)
    return {name: ak.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def read(path, keep=everything, **changes):
    return together(ingest([path], settings(**changes), keep))


def same(found, expected, **tolerance):
    assert found.keys() == expected.keys()
    for name in found:
        values, wanted = ak.Array(found[name]), ak.Array(expected[name])
        if "station" in (wanted.fields or ["station"]) and wanted.ndim > 1:
            assert ak.array_equal(ak.num(values), ak.num(wanted)), name
        first, second = (ak.to_numpy(ak.flatten(a, axis=None)) for a in (values, wanted))
        np.testing.assert_allclose(first, second, err_msg=name, **({"rtol": 0} | tolerance))


@pytest.fixture(scope="module")
def showers():
    return simulate(Block(0, EVENTS, sequence(7)), ShowerSettings(min_stations=1))


@pytest.fixture(scope="module")
def branches(showers):
    """The showers as an ntuple with branches that ROOT can hold: positions and traces flat."""
    return {
        "x": showers["position"][:, :, 0],
        "y": showers["position"][:, :, 1],
        "z": showers["position"][:, :, 2],
        "position": ak.flatten(showers["position"], axis=2),
        "time": showers["time"],
        "trace": ak.flatten(showers["trace"], axis=2),
        **{name: showers[name] for name in TRUTH},
    }


@pytest.fixture(scope="module")
def file(branches, tmp_path_factory):
    return write(tmp_path_factory.mktemp("root") / "mine.root", branches)


def write(path, branches):
    with uproot.recreate(path) as file:
        kinds = {
            name: np.dtype((array.dtype, array.shape[1:]))
            if isinstance(array, np.ndarray)
            else array.type.content
            for name, array in branches.items()
        }
        file.mktree("showers", kinds).extend(branches)
    return path


def test_an_exported_file_gives_the_same_events(showers, tmp_path):
    schema = [field for field in SCHEMA if field.name in showers]
    with writing(tmp_path / "test.h5", schema, {"study": "showers"}) as writer:
        writer.append(showers)
    line = ["export", "showers", str(tmp_path / "test.h5"), "-o", str(tmp_path / "out.root")]
    CliRunner().invoke(cascade, line, catch_exceptions=False)
    found = read(tmp_path / "out.root", tree="test")
    same(found, showers)
    for name, array in found.items():
        expected = next(field.dtype for field in SCHEMA if field.name == name)
        kind = ak.to_numpy(ak.flatten(array, axis=None)).dtype
        assert kind == expected, name


def test_only_the_stations_are_needed(file, showers):
    found = read(file, truth={})
    same(found, {name: showers[name] for name in ("station", "position", "time", "trace")})


@pytest.mark.parametrize("position", [["x", "y", "z"], ["x", "y"], "position"])
def test_positions_may_come_in_one_branch_or_several(file, showers, position):
    same(read(file, stations={"position": position}), showers)


def test_lists_of_lists_and_fixed_lengths_are_read_alike(showers, branches, tmp_path):
    """RNTuple holds lists of lists; a file of the whole array has NaN where stations are silent."""
    nested = dict(showers) | {"station": showers["station"] * 1}
    with uproot.recreate(tmp_path / "nested.root") as file:
        arrays = {
            name: ak.from_regular(array, axis=None) if isinstance(array, ak.Array) else array
            for name, array in nested.items()
        }
        file.mkrntuple("showers", arrays)
    same(read(tmp_path / "nested.root"), showers)
    time, trace = np.full((EVENTS, 81), np.nan), np.full((EVENTS, 81, 80), np.nan)
    event = np.repeat(np.arange(EVENTS), ak.num(showers["station"]))
    station = ak.to_numpy(ak.flatten(showers["station"]))
    time[event, station] = ak.to_numpy(ak.flatten(showers["time"]))
    trace[event, station] = ak.to_numpy(ak.flatten(showers["trace"]))
    where = np.tile(positions(ArraySettings()), (EVENTS, 1, 1))
    dense = {"position": where, "time": time, "trace": trace} | {n: showers[n] for n in TRUTH}
    same(read(write(tmp_path / "dense.root", dense)), showers, atol=1e-3)


@pytest.mark.parametrize("chunk", [7, "10 kB", "50 MB"])
def test_chunks_and_splits_share_out_the_events(file, showers, chunk):
    def even(first, number):
        return np.arange(first, first + number) % 2 == 0

    def odd(first, number):
        return ~even(first, number)

    for keep, start in ((even, 0), (odd, 1)):
        found = together(ingest([file, file], settings(chunk=chunk), keep))
        twice = {name: ak.concatenate([a[start::2]] * 2) for name, a in showers.items()}
        same(found, twice)


def test_a_split_may_get_nothing_from_a_chunk(file):
    def last(first, number):
        return np.arange(first, first + number) == EVENTS - 1

    chunks = list(ingest([file], settings(chunk=10), last))
    assert [len(chunk["core"]) for chunk in chunks] == [0, 0, 0, 1]


def test_units_do_not_change_the_events(showers, branches, tmp_path):
    axis = np.asarray(showers["axis"], np.float64)
    zenith, azimuth = np.arccos(axis[:, 2]), np.arctan2(axis[:, 1], axis[:, 0])
    other = branches | {
        "position": branches["position"] / 1000,
        "core": showers["core"] / 1000,
        "time": ak.values_astype(branches["time"], np.float64) / 1e9,
        "theta": zenith,
        "phi": azimuth,
        "flight": azimuth + np.pi,
        "degrees": np.degrees(zenith),
        "energy": 10 ** (showers["lg_energy"].astype(np.float64) - 18),
    }
    file = write(tmp_path / "other.root", other)
    core = {name: TRUTH[name] for name in ("core", "x_max", "mass_number")} | {"energy": "energy"}
    units = {"length": "km", "time": "s", "angle": "rad", "energy": "EeV"}
    truth = core | {"zenith": "theta", "azimuth": "phi"}
    same(read(file, truth=truth, units=units), showers, atol=2e-3, rtol=1e-6)
    truth = core | {"zenith": "theta", "azimuth": "flight"}
    found = read(file, truth=truth, units=units, direction="flight")
    same(found, showers, atol=2e-3, rtol=1e-6)
    degrees = write(tmp_path / "degrees.root", other | {"phi": np.degrees(azimuth)})
    truth = core | {"zenith": "degrees", "azimuth": "phi"}
    found = read(degrees, truth=truth, units=units | {"angle": "deg"})
    same(found, showers, atol=2e-3, rtol=1e-6)


def test_vectors_may_come_in_several_branches_and_along_the_flight(showers, branches, tmp_path):
    flat = {f"u{i}": -2.0 * showers["axis"][:, i] / 2.001 for i in range(3)}
    flat |= {f"c{i}": showers["core"][:, i] for i in range(2)}
    file = write(tmp_path / "flat.root", branches | flat)
    truth = TRUTH | {"axis": ["u0", "u1", "u2"], "core": ["c0", "c1"]}
    found = read(file, truth=truth, direction="flight")
    same(found, showers, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found["axis"], axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("CORSIKA", {1: 14, 4: 402, 14: 1407, 56: 5626}),
        ("PDG", {1: 2212, 4: 1000020040, 14: 1000070140, 56: 1000260560}),
    ],
)
def test_nuclei_have_numbers_of_several_kinds(showers, branches, tmp_path, kind, numbers):
    given = np.array([numbers[mass] for mass in showers["mass_number"]])
    file = write(tmp_path / "nuclei.root", branches | {"mass_number": given})
    assert set(showers["mass_number"]) == set(numbers)
    same(read(file, units={"primary": kind}), showers)


def test_a_turned_array_far_away_is_brought_home(showers, branches, tmp_path):
    """As a map's coordinates: kilometres from its origin, rows not along its east."""
    angle, centre = np.radians(25), np.array([4.6e5, 6.1e6, 1400.0])
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0]])
    turn = np.concatenate([turn, [[0, 0, 1]]])
    counts = ak.num(showers["station"])
    where = ak.to_numpy(ak.flatten(showers["position"])).astype(np.float64) @ turn.T + centre
    moved = {
        "position": ak.unflatten(where.reshape(-1), 3 * counts),
        "core": showers["core"].astype(np.float64) @ turn[:2, :2].T + centre[:2],
        "axis": showers["axis"] @ turn.T,
    }
    file = write(tmp_path / "map.root", branches | moved)
    found = read(file, centre=[4.6e5, 6.1e6, 1400], rotation=25)
    same(found, showers, atol=1e-3)


def test_irregular_arrays_are_found_within_the_tolerance(showers, branches, tmp_path):
    shift = np.random.default_rng(1).uniform(-60, 60, (ak.sum(ak.num(showers["time"])), 3))
    counts = ak.num(showers["time"])
    moved = branches["position"] + ak.unflatten(shift.reshape(-1), 3 * counts)
    file = write(tmp_path / "real.root", branches | {"position": moved})
    found = read(file)
    assert ak.array_equal(found["station"], showers["station"])
    position = ak.to_numpy(ak.flatten(found["position"] - showers["position"]))
    np.testing.assert_allclose(position, shift, atol=1e-3)
    fails(r"m off the next site of the lattice, beyond the tolerance of 10 m", file, tolerance=10)


def test_strays_may_be_dropped(showers, branches, tmp_path, caplog):
    """A station between the sites, one beyond the array, and a second one at a site."""
    extra = np.array([[700.0, 400.0, 0], [15000.0, 0, 0]])
    first = ak.to_numpy(showers["position"][:, :1]) + np.array([5, 5, 0])
    where = np.concatenate([first, np.tile(extra, (EVENTS, 1, 1))], axis=1).reshape(EVENTS, -1)
    more = {
        "position": ak.concatenate([branches["position"], where], axis=1),
        "time": ak.concatenate([branches["time"], np.zeros((EVENTS, 3))], axis=1),
        "trace": ak.concatenate([branches["trace"], np.ones((EVENTS, 240))], axis=1),
    }
    file = write(tmp_path / "strays.root", branches | more)
    with caplog.at_level(logging.INFO, "cascade"):
        same(read(file, strays="drop"), showers)
    assert f"{3 * EVENTS} stations are not on the array's lattice and are left out" in caplog.text
    n = len(showers["station"][0])
    fails(rf"station {n + 1} in entry 0 stands \d+(\.\d)? m off the next site", file)
    wide = {"rows": 9, "columns": 21}
    taken = "check 'array.spacing' and 'units.length', or set 'strays: drop' to keep the first"
    fails(rf"station {n} in entry 0 stands at the same site, number \d+, as station 0; {taken}",
          file, tolerance=1000, array=wide)  # fmt: skip
    fails(rf"station {n + 2} in entry 0 stands outside the array of 9 rows with 9 stations: "
          r"15000 m along the rows and 0 m across", file, tolerance=1000)  # fmt: skip


def test_silent_stations_are_left_out_and_counted(showers, branches, tmp_path, caplog):
    time, trace = branches["time"].to_list(), showers["trace"].to_list()
    time[0][0], time[1][0] = np.nan, np.inf
    trace[2][0][5] = np.nan
    trace[3][0][:2] = [np.inf, -np.inf]
    where = branches["position"].to_list()
    where[0][0], where[1][:3] = np.nan, [np.inf, -np.inf, np.inf]
    trace = [[bin_ for station in event for bin_ in station] for event in trace]
    changed = {"time": ak.Array(time), "trace": ak.Array(trace), "position": ak.Array(where)}
    file = write(tmp_path / "silent.root", branches | changed)
    with caplog.at_level(logging.INFO, "cascade"):
        found = read(file)
    assert "4 stations have no finite time and trace and are left out" in caplog.text
    first = np.arange(EVENTS) < 4
    keep = ak.local_index(showers["station"]) >= first
    ragged = ("station", "position", "time", "trace")
    same(found, showers | {name: showers[name][keep] for name in ragged})


def test_events_with_few_stations_may_be_left_out(file, showers):
    many = ak.to_numpy(ak.num(showers["station"]) >= 8)
    assert 0 < many.sum() < EVENTS
    same(read(file, min_stations=8), {name: array[many] for name, array in showers.items()})


def test_an_event_may_be_centred_on_its_largest_signal(file, showers):
    found = read(file, centred_on="largest", time_zero="largest", array={"rows": 11, "columns": 11})
    small = ak.argmax(ak.sum(showers["trace"], axis=2), axis=1, keepdims=True)
    assert set(ak.flatten(found["station"][small])) == {60}
    assert not ak.any(found["time"][small])
    where = ak.to_numpy(ak.flatten(showers["position"][small]))
    np.testing.assert_allclose(found["core"], showers["core"] - where[:, :2], atol=1e-3)
    expected = ak.flatten(showers["position"] - where[:, np.newaxis], axis=None)
    np.testing.assert_allclose(ak.flatten(found["position"], axis=None), expected, atol=1e-3)
    late = showers["time"] - ak.flatten(showers["time"][small])
    np.testing.assert_allclose(ak.flatten(found["time"]), ak.flatten(late), atol=0.01)
    sites = positions(ArraySettings(rows=11, columns=11))[ak.to_numpy(ak.flatten(found["station"]))]
    np.testing.assert_allclose(ak.to_numpy(ak.flatten(found["position"])), sites, atol=1e-3)


def test_events_without_stations_stay(branches, tmp_path):
    empty = {name: branches[name][:, :0] for name in ("position", "time", "trace")}
    file = write(tmp_path / "empty.root", branches | empty)
    for place in ("array", "largest"):
        found = read(file, centred_on=place, time_zero="file" if place == "array" else "largest")
        assert len(found["core"]) == EVENTS
        assert not ak.any(ak.num(found["station"]))
        assert found["trace"].type.content.content.size == 80


def test_traces_are_cut_added_up_and_lengthened(file, showers):
    whole = ak.to_numpy(ak.flatten(showers["trace"])).astype(np.float64)

    def trace(**reading):
        found = read(file, traces=reading)
        moved = ak.to_numpy(ak.flatten(found["time"] - showers["time"]))
        return ak.to_numpy(ak.flatten(found["trace"])), moved

    found, moved = trace(bins=20, rebin=4, scale=0.5)
    np.testing.assert_allclose(found, whole.reshape(-1, 20, 4).sum(axis=2) / 2, rtol=1e-5)
    assert not moved.any()
    found, moved = trace(bins=30, first_bin=10, bin_width=8.33)
    np.testing.assert_allclose(found, whole[:, 10:40], rtol=1e-6)
    np.testing.assert_allclose(moved, 83.3, atol=1e-2)
    found, moved = trace(bins=10, rebin=3, first_bin=50, bin_width=25.0)
    np.testing.assert_allclose(found, whole[:, 50:].reshape(-1, 10, 3).sum(axis=2), rtol=1e-6)
    np.testing.assert_allclose(moved, 50 * 25 / 3, atol=1e-2)
    found, _ = trace(bins=100, pad=1.25)
    np.testing.assert_allclose(found, np.pad(whole, ((0, 0), (0, 20)), constant_values=1.25))
    found, _ = trace(bins=100, first_bin=70, pad=-1.0)
    np.testing.assert_allclose(found[:, :10], whole[:, 70:])
    assert (found[:, 10:] == -1).all()


def test_several_traces_add_up(showers, branches, tmp_path):
    half = {"muons": branches["trace"] * 0.25, "electrons": branches["trace"] * 0.75}
    file = write(tmp_path / "components.root", branches | half)
    same(read(file, stations={"trace": ["muons", "electrons"]}), showers, rtol=1e-6)


def test_orbits_keep_their_marks(branches, tmp_path):
    marks = {"turn": np.arange(EVENTS) % 6, "mirrored": np.arange(EVENTS) % 2 == 1}
    file = write(tmp_path / "orbits.root", branches | marks)
    found = read(file, truth=TRUTH | {"turn": "turn", "mirrored": "mirrored"})
    for name, values in marks.items():
        assert np.array_equal(found[name].to_numpy(), values)
        assert found[name].to_numpy().dtype == np.int8


def fails(message, path, **changes):
    with pytest.raises(CascadeError, match=message) as caught:
        list(ingest([path], settings(**changes), everything))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")


def changed(branches, branch, entry, value):
    values = branches[branch].tolist()
    values[entry] = value(values[entry]) if callable(value) else value
    kind = np.asarray if isinstance(branches[branch], np.ndarray) else ak.Array
    return branches | {branch: kind(values)}


@pytest.mark.parametrize("entry", [0, 23, EVENTS - 1])
def test_faulty_stations_are_named(branches, tmp_path, entry):
    path, small = tmp_path / "faulty.root", {"chunk": 10}
    n = len(branches["time"][entry])
    write(path, changed(branches, "x", entry, lambda x: x[:-1]))
    fails(rf"branch 'x' holds {n - 1} values in entry {entry}, which has {n} stations", path,
          stations={"position": ["x", "y"]}, **small)  # fmt: skip
    write(path, changed(branches, "position", entry, lambda x: x[:-1]))
    fails(rf"branch 'position' holds {3 * n - 1} values in entry {entry}, which has {n} st", path)
    write(path, changed(branches, "position", entry, lambda x: x[:-n]))
    fails(rf"branch 'position' holds 2 numbers for station 0 in entry {entry}, not x, y", path)
    write(path, changed(branches, "trace", entry, lambda x: x[:-1]))
    if n > 1:
        fails(rf"branch 'trace' holds {80 * n - 1} values in entry {entry}, which has", path)
    write(path, changed(branches, "trace", entry, lambda x: x[:-n]))
    fails(rf"branch 'trace' holds 79 time bins for station 0 in entry {entry}, but 80 are wanted; "
          "set 'traces.bins', or lengthen it by 'traces.pad'", path, **small)  # fmt: skip
    write(path, changed(branches, "trace", entry, lambda x: x + x[:n]))
    fails(rf"branch 'trace' holds 81 time bins for station 0 in entry {entry}, but 80 are wanted; "
          "set 'traces.bins', or cut it by 'traces.first_bin'", path)  # fmt: skip
    write(path, changed(branches, "position", entry, lambda x: [*x[:-1], np.nan]))
    fails(rf"station {n - 1} in entry {entry} has a trace but no finite position", path, **small)
    write(path, changed(branches, "position", entry, lambda x: [*x[:-3], 200.0, *x[-2:]]))
    fails(rf"station {n - 1} in entry {entry} stands \d+ m off the next site", path, tolerance=5)
    write(path, changed(branches, "time", entry, lambda x: [*x[:-1], 2.5e7]))
    fails(
        rf"station {n - 1} in entry {entry} starts at 2\.5e\+07 ns, too far from 0", path, **small
    )


@pytest.mark.parametrize("entry", [0, 23, EVENTS - 1])
def test_faulty_truth_is_named(branches, tmp_path, entry):
    path = tmp_path / "faulty.root"
    for name, value, message in (
        ("lg_energy", np.nan, "branch 'lg_energy' is not finite (NaN or infinite) in entry {}"),
        ("core", [0.0, np.inf], "branch 'core' is not finite (NaN or infinite) in entry {}"),
        ("lg_energy", 1e18, "branch 'lg_energy' gives {value:.10g} in entry {}; lg(E / eV) of a "
         "shower lies within 10 … 22"),
        ("x_max", -5.0, "branch 'x_max' gives -5 in entry {}; a depth in g/cm² lies within"),
        ("mass_number", 0, "branch 'mass_number' gives 0 in entry {}; 'units.primary: A' wants a "
         "mass number"),
        ("axis", [0.0, 0.6, -0.8], "branch 'axis' gives -0.8000000119 in entry {}; an axis points "
         "up to the shower's origin; if the file's point along the flight, set 'direction: fl"),
        ("axis", [0.0, 0.6, 0.6], "in entry {}; the axis has the length 1"),
    ):  # fmt: skip
        kind = branches[name].dtype.type
        write(path, branches | {name: with_value(branches[name], entry, value)})
        shown = (
            message.format(entry, value=kind(value))
            if "value" in message
            else message.format(entry)
        )
        fails(re.escape(shown), path, chunk=10)


def with_value(array, entry, value):
    array = array.copy()
    array[entry] = value
    return array


def test_wrong_units_are_guessed(branches, tmp_path):
    angles = {"theta": np.full(EVENTS, 36.0), "phi": np.zeros(EVENTS), "E": np.full(EVENTS, 1e19)}
    file = write(tmp_path / "units.root", branches | angles)
    fails("branch 'theta' gives 36 in entry 0; a zenith angle in rad lies from 0 to below 1.571",
          file, truth={"zenith": "theta", "azimuth": "phi"}, units={"angle": "rad"})  # fmt: skip
    fails(r"branch 'E' gives 1e\+19 in entry 0; with 'units.energy: EeV', lg\(E / eV\) lies within",
          file, truth={"energy": "E"}, units={"energy": "EeV"})  # fmt: skip
    fails("branch 'phi' gives 0 in entry 0; an energy is positive", file, truth={"energy": "phi"})
    fails(r"branch 'mass_number' gives \d+ in entry \d+; 'units.primary: PDG' wants a nucleus in",
          file, units={"primary": "PDG"})  # fmt: skip
    fails(
        "stands outside the array .*: 1500000 m along.*'units.length'", file, units={"length": "km"}
    )
    fails(r"branch 'theta' gives 36 in entry 0; it is one of \[0, 1, 2, 3, 4, 5\]", file,
          truth={"turn": "theta"})  # fmt: skip


def test_branches_of_the_wrong_kind_are_named(branches, tmp_path):
    words = {"word": ak.Array(["p"] * EVENTS)}
    file = write(tmp_path / "kinds.root", branches | words)
    fails("branch 'x_max' holds no list of stations per event, but float32", file,
          stations={"time": "x_max"})  # fmt: skip
    fails("branch 'word' holds no single number per event, but string", file,
          truth={"x_max": "word"})  # fmt: skip
    fails(r"branch 'time' holds no single number per event, but var \* float32", file,
          truth={"x_max": "time"})  # fmt: skip
    fails("branch 'x_max' holds no list of stations per event, but float32", file,
          truth={"core": "x_max"})  # fmt: skip
    fails(r"branch 'core' holds 2 numbers in entry 0, but 3 are needed", file,
          truth={"axis": "core"})  # fmt: skip
    fails("tree 'showers' has no branch 'tim'; did you mean 'time'", file, stations={"time": "tim"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"truth": {"zenith": "z"}}, "truth: name both 'zenith' and 'azimuth', or neither"),
        (
            {"truth": {"axis": "a", "zenith": "z", "azimuth": "p"}},
            "truth: name either 'axis' or 'zenith', not both",
        ),
        (
            {"truth": {"energy": "a", "lg_energy": "z"}},
            "truth: name either 'energy' or 'lg_energy', not both",
        ),
        (
            {"stations": {"position": ["x"]}},
            "stations.position: name one branch, or a list of 2 or 3, not of 1",
        ),
        (
            {"stations": {"trace": []}},
            "stations.trace: name one branch, or a list of one or more, not of 0",
        ),
        ({"truth": {"axis": ["x", "y"]}}, "truth.axis: name one branch, or a list of 3, not of 2"),
        ({"stations": {"place": "x"}}, "stations.place: unknown key; did you mean 'trace'"),
        ({"units": {"length": "cm"}}, 'units.length: "cm" is wrong: must be'),
        ({"centre": [1, 2]}, "centre"),
        ({"rotation": 1000}, "rotation: 1000 is wrong: must be less than or equal to 360"),
        ({"traces": {"pad": "0"}}, 'traces.pad: "0" is wrong: must be a number'),
        ({"strays": "ignore"}, 'strays: "ignore" is wrong: must be'),
    ],
)
def test_wrong_settings_are_one_line(changes, message):
    with pytest.raises(CascadeError, match=message) as caught:
        settings(**changes)
    assert "\n" not in str(caught.value)
