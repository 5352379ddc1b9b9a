import awkward as ak
import numpy as np
import pytest
import uproot
from pydantic import ValidationError

from cascade.errors import CascadeError
from cascade.studies.jets.ingest import ingest
from cascade.studies.jets.reconstruction import reconstruct
from cascade.studies.jets.settings import RootSettings

EVENTS = 60
CARTESIAN = {"px": "p_x", "py": "p_y", "pz": "p_z", "energy": "E"}
POLAR = {"pt": "pt", "eta": "eta", "phi": "phi", "mass": "m"}


def everything(first, number):
    return np.ones(number, dtype=bool)


@pytest.fixture(scope="module")
def events():
    """Two hard prongs of about a W's mass and pT, recoiling against one, with soft particles."""
    rng = np.random.default_rng(3)
    pt, eta, phi = [], [], []
    for _ in range(EVENTS):
        z, soft, phi0 = rng.uniform(0.3, 0.7), rng.poisson(20), rng.uniform(-3, 3)
        distance = 80 / (275 * np.sqrt(z * (1 - z)))
        pt.append([275 * z, 275 * (1 - z), 270, *rng.exponential(0.5, soft)])
        eta.append([0.0, distance, 0.4, *rng.uniform(-3, 3, soft)])
        phi.append([phi0, phi0, phi0 + np.pi, *rng.uniform(-3, 3, soft)])
    pt, eta, phi = ak.Array(pt), ak.Array(eta), ak.Array(phi)
    pz = pt * np.sinh(eta)
    return {
        "pt": pt,
        "eta": eta,
        "phi": phi,
        "m": pt * 0,
        "p_x": pt * np.cos(phi),
        "p_y": pt * np.sin(phi),
        "p_z": pz,
        "E": np.sqrt(pt**2 + pz**2),
        "is_w": rng.integers(0, 2, EVENTS),
    }


def write(path, events, tree="events"):
    with uproot.recreate(path) as file:
        kinds = dict.fromkeys(events, "var * float64") | {"is_w": "int64"}
        file.mktree(tree, kinds).extend(events)
    return path


def part(events, start, stop):
    return {name: array[start:stop] for name, array in events.items()}


@pytest.fixture(scope="module")
def files(events, tmp_path_factory):
    folder = tmp_path_factory.mktemp("root")
    return [
        write(folder / "w_1.root", part(events, 0, 40)),
        write(folder / "qcd_1.root", part(events, 40, EVENTS)),
    ]


def settings(**changes):
    given = {"tree": "events", "cartesian": CARTESIAN, "label_branch": "is_w"} | changes
    return RootSettings.model_validate(given)


def together(chunks):
    chunks = list(chunks)
    return {name: ak.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def assert_same(first, second, **tolerance):
    assert first.keys() == second.keys()
    for name in first:
        a, b = ak.flatten(first[name], axis=None), ak.flatten(second[name], axis=None)
        np.testing.assert_allclose(ak.to_numpy(a), ak.to_numpy(b), err_msg=name, **tolerance)


def test_jets_are_those_of_the_particles_in_memory(files, events):
    jets = together(ingest(files, settings(), everything))
    names = {"px": "p_x", "py": "p_y", "pz": "p_z", "E": "E"}
    particles = ak.zip({name: events[branch] for name, branch in names.items()})
    expected, event = reconstruct(particles, settings().selection)
    assert 20 < len(expected["pt"]) <= EVENTS
    assert_same(jets, {**expected, "label": events["is_w"][event]}, rtol=0, atol=0)
    assert jets["label"].type.content.primitive == "int8"


@pytest.mark.parametrize("chunk", [7, "10 kB", "50 MB"])
def test_chunks_do_not_change_the_jets(files, chunk):
    assert_same(
        together(ingest(files, settings(chunk=chunk), everything)),
        together(ingest(files, settings(chunk=EVENTS), everything)),
        rtol=0,
        atol=0,
    )


@pytest.mark.parametrize("chunk", [7, EVENTS])
def test_splits_share_out_the_events(files, events, chunk):
    def even(first, number):
        return (np.arange(first, first + number) % 2) == 0

    def odd(first, number):
        return ~even(first, number)

    whole = together(ingest(files, settings(), everything))
    halves = [together(ingest(files, settings(chunk=chunk), keep)) for keep in (even, odd)]
    found = np.concatenate([half["phi"] for half in halves])
    assert sorted(found) == sorted(whole["phi"])
    azimuth = np.asarray(events["phi"][:, 0])[0::2]
    gap = np.abs(np.asarray(halves[0]["phi"])[:, None] - azimuth)
    gap = np.minimum(gap, 2 * np.pi - gap)
    # towers of 0.1 rad hide the exact azimuth
    assert gap.min(axis=1).max() < 0.1


def test_events_that_nobody_wants_are_passed_over(files):
    def last_ten(first, number):
        return np.arange(first, first + number) >= EVENTS - 10

    jets = together(ingest(files, settings(chunk=10), last_ten))
    whole = together(ingest(files, settings(), everything))
    assert 0 < len(jets["pt"]) <= 10
    tail = {name: array[-len(jets["pt"]) :] for name, array in whole.items()}
    assert_same(jets, tail, rtol=0, atol=0)


def test_coordinates_and_units_do_not_change_the_jets(files, events, tmp_path):
    reference = together(ingest(files, settings(), everything))
    polar = settings(cartesian=None, polar=POLAR)
    assert_same(together(ingest(files, polar, everything)), reference, rtol=1e-4, atol=1e-4)
    massless = settings(cartesian=None, polar={k: v for k, v in POLAR.items() if k != "mass"})
    assert_same(together(ingest(files, massless, everything)), reference, rtol=1e-4, atol=1e-4)
    scale = {name: 1000 if name in {"p_x", "p_y", "p_z", "E"} else 1 for name in events}
    mev = write(tmp_path / "mev.root", {name: a * scale[name] for name, a in events.items()})
    found = together(ingest([mev], settings(unit="MeV"), everything))
    assert_same(found, reference, rtol=1e-4, atol=1e-4)


def test_a_mass_adds_to_the_energy(events, tmp_path):
    pion = write(tmp_path / "pions.root", events | {"m": events["pt"] * 0 + 5.0})
    light, heavy = (
        together(ingest([pion], settings(cartesian=None, polar=polar), everything))
        for polar in ({**POLAR, "mass": None}, POLAR)
    )
    assert np.mean(heavy["pt"]) > np.mean(light["pt"]) + 0.01


def test_labels_follow_from_names_of_files(files):
    jets = together(
        ingest(files, settings(label_branch=None, labels={"w_*.root": 1, "q*": 0}), everything)
    )
    one = together(
        ingest(files[:1], settings(label_branch=None, labels={"w_1.root": 1}), everything)
    )
    assert set(one["label"]) == {1}
    assert np.sum(jets["label"]) == len(one["label"]) < len(jets["label"])


def fails(message, files, settings):
    with pytest.raises(CascadeError, match=message) as caught:
        list(ingest(files, settings, everything))
    assert "\n" not in str(caught.value)


def test_labels_of_files_must_be_clear(files):
    named = {"cartesian": CARTESIAN, "label_branch": None}
    fails(r"qcd_1\.root: no label is given.*\(w_\*\)", files, settings(**named, labels={"w_*": 1}))
    twice = settings(**named, labels={"w_*": 1, "*.root": 0})
    fails(r"w_1\.root: the labels of w_\* and \*\.root contradict", files, twice)


def test_settings_ask_for_one_kind_of_branches_and_labels():
    for changes, message in (
        ({"polar": POLAR}, "either 'cartesian' or 'polar'"),
        ({"cartesian": None}, "either 'cartesian' or 'polar'"),
        ({"labels": {"*": 1}}, "either 'label_branch' or 'labels'"),
        ({"label_branch": None}, "either 'label_branch' or 'labels'"),
        ({"label_branch": None, "labels": {"*": 2}}, "labels"),
        ({"chunk": "50 apples"}, "chunk"),
        ({"chunk": 0}, "chunk"),
    ):
        with pytest.raises(ValidationError, match=message):
            settings(**changes)


def changed(events, branch, entry, value):
    values = events[branch].to_list()
    values[entry] = value(values[entry])
    return events | {branch: ak.Array(values)}


@pytest.mark.parametrize("entry", [0, 23, EVENTS - 1])
def test_faulty_entries_are_named(events, tmp_path, entry):
    path, small = tmp_path / "faulty.root", settings(chunk=10)
    write(path, changed(events, "p_y", entry, lambda p: [*p[:-1], np.nan]))
    fails(rf"faulty\.root: branch 'p_y' is not finite .* in entry {entry}$", [path], small)
    write(path, changed(events, "p_z", entry, lambda p: p[:-1]))
    fails(rf"faulty\.root: entry {entry} has \d+ values in branch 'p_x'", [path], small)
    labels = np.array(events["is_w"])
    labels[entry] = 24
    write(path, events | {"is_w": labels})
    fails(rf"branch 'is_w' is 24 in entry {entry}; a label is 1 for a W", [path], small)


def test_branches_of_the_wrong_kind_are_named(files):
    fails("branch 'pt' holds no single number", files, settings(label_branch="pt"))
    flat = settings(cartesian=CARTESIAN | {"px": "is_w"})
    fails("branch 'is_w' holds no list of particles per event, but int64", files, flat)
    near = settings(cartesian=CARTESIAN | {"px": "p_xx"})
    fails("no branch 'p_xx'; did you mean 'p_x'", files, near)
    fails("no tree 'event'; did you mean 'events'", files, settings(tree="event"))
