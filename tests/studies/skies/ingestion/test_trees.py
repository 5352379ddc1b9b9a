"""ROOT files of skies: an entry a sky or a ray, angles or vectors, truth, and what is wrong."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
import uproot

from cascade.errors import CascadeError
from cascade.events.root import export_root
from cascade.events.seeding import Block, sequence
from cascade.settings import validate
from cascade.studies.skies.ingestion.trees import ingest
from cascade.studies.skies.settings import RootSettings, SkySettings
from cascade.studies.skies.simulation.simulate import simulate

SKIES, RAYS = 12, 30
ANGLES = {"longitude": "ra", "latitude": "dec", "energy": "E"}
TRUTH = {name: name for name in ("label", "signal_fraction", "ray_label")}


def everything(first, number):
    return np.ones(number, dtype=bool)


def read(*files, keep=everything, **changes):
    settings = validate(RootSettings, {"tree": "skies"} | changes)
    chunks = list(ingest(files, settings, keep))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.dtype == expected[name].dtype, name
        assert array.shape == expected[name].shape, name
        assert np.allclose(array, expected[name], atol=1e-6), name


@pytest.fixture(scope="module")
def skies():
    settings = SkySettings(rays=RAYS, fractions=[0.3])
    return simulate(Block(0, SKIES, sequence(3)), settings)


@pytest.fixture(scope="module")
def branches(skies):
    """The skies with jagged branches: angles, vectors in parts, truth."""
    x, y, z = np.moveaxis(skies["direction"].astype(float), -1, 0)
    lists = {
        "ra": np.degrees(np.arctan2(y, x)),
        "dec": np.degrees(np.arcsin(z)),
        "E": skies["energy"],
        "x": 7 * x, "y": 7 * y, "z": 7 * z,
        "ray_label": skies["ray_label"],
    }  # fmt: skip
    jagged = {name: ak.from_regular(ak.Array(array)) for name, array in lists.items()}
    return jagged | {name: skies[name] for name in ("label", "signal_fraction")}


@pytest.fixture(scope="module")
def measured(skies):
    return {name: skies[name] for name in ("direction", "energy")}


def write(path, branches):
    with uproot.recreate(path) as file:
        kinds = {
            name: np.dtype((array.dtype, array.shape[1:]))
            if isinstance(array, np.ndarray)
            else array.type.content
            for name, array in branches.items()
        }
        file.mktree("skies", kinds).extend(branches)
    return path


@pytest.fixture(scope="module")
def file(branches, tmp_path_factory):
    return write(tmp_path_factory.mktemp("root") / "skies.root", branches)


def test_an_exported_file_gives_the_same_skies(skies, measured, tmp_path):
    export_root(tmp_path / "out.root", {"skies": [skies]})
    same(read(tmp_path / "out.root"), measured)
    truth = {name: skies[name] for name in TRUTH}
    same(read(tmp_path / "out.root", truth=TRUTH), measured | truth)


@pytest.mark.parametrize("chunk", [1, 5, "1 kB", "50 MB"])
def test_an_entry_is_a_sky(file, measured, chunk):
    same(read(file, branches=ANGLES, chunk=chunk), measured)
    vectors = {"direction": ["x", "y", "z"], "energy": "E"}
    same(read(file, branches=vectors, chunk=chunk), measured)


@pytest.mark.parametrize("chunk", [7, 1000])
def test_an_entry_is_a_ray_and_a_file_a_sky(measured, tmp_path, chunk):
    files = [
        write(tmp_path / f"{sky}.root", {
            "direction": measured["direction"][sky], "energy": measured["energy"][sky]
        })
        for sky in range(3)
    ]  # fmt: skip
    same(read(*files, chunk=chunk), {name: array[:3] for name, array in measured.items()})
    only = read(*files, chunk=chunk, keep=lambda first, n: np.arange(first, first + n) == 1)
    same(only, {name: array[1:2] for name, array in measured.items()})
    # the same file twice is two skies
    assert len(read(files[0], files[0], chunk=chunk)["energy"]) == 2


def test_truth_goes_with_its_rays(file, skies):
    found = read(file, branches=ANGLES, truth=TRUTH, rays=10)
    highest = np.sort(np.argsort(-skies["energy"], axis=1, kind="stable")[:, :10], axis=1)
    for name in ("energy", "ray_label"):
        assert np.allclose(found[name], np.take_along_axis(skies[name], highest, axis=1)), name
    for name in ("label", "signal_fraction"):
        assert np.allclose(found[name], skies[name]), name
    assert found["label"].dtype == found["ray_label"].dtype == np.int8


def test_unlike_numbers_of_rays_are_cut_to_one(branches, tmp_path):
    short = {name: array[:, : RAYS - 4] if name in ("ra", "dec", "E") else array
             for name, array in branches.items()}  # fmt: skip
    both = [write(tmp_path / "long.root", branches), write(tmp_path / "short.root", short)]
    assert read(*both, branches=ANGLES, rays=RAYS - 4)["energy"].shape == (2 * SKIES, RAYS - 4)
    message = r"short\.root: sky 0 has 26 rays, but an earlier one 30; set 'rays'"
    with pytest.raises(CascadeError, match=message):
        read(*both, branches=ANGLES)


def test_splits_share_out_the_skies(file, measured):
    def even(first, number):
        return np.arange(first, first + number) % 2 == 0

    found = read(file, branches=ANGLES, keep=even, chunk=5)
    same(found, {name: array[::2] for name, array in measured.items()})


def changed(branches, name, sky, ray, value):
    lists = branches[name].to_list()
    lists[sky][ray] = value
    return branches | {name: ak.Array(lists)}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("dec", 91.0, "ray 3 of sky 8: a declination of 91 deg is beyond ±90; check its column"),
        ("E", 0.0, "ray 3 of sky 8: an energy of 0 is not above 0"),
        ("E", np.nan, "ray 3 of sky 8: an energy of nan is not finite"),
        ("x", np.inf, "ray 3 of sky 8: a direction of length inf is none"),
        ("ray_label", 2, "branch 'ray_label' holds 2; a label is 0 or 1"),
    ],
)
def test_faulty_rays_are_named(branches, tmp_path, name, value, message):
    path = write(tmp_path / "faulty.root", changed(branches, name, 8, 3, value))
    named = {"direction": ["x", "y", "z"], "energy": "E"} if name == "x" else ANGLES
    with pytest.raises(CascadeError) as caught:
        read(path, branches=named, truth=TRUTH, chunk=5)
    assert str(caught.value) == f"{path}: {message}"


def test_branches_that_do_not_fit_are_named(branches, file, tmp_path):
    def fails(message, path=file, **changes):
        with pytest.raises(CascadeError, match=message) as caught:
            read(path, **({"branches": ANGLES} | changes))
        assert "\n" not in str(caught.value)

    short = branches | {"dec": ak.Array([row[:-1] for row in branches["dec"].to_list()])}
    path = write(tmp_path / "short.root", short)
    fails("branch 'dec' has 29 numbers in sky 0, not 30, as its rays want", path)
    fails(
        "branch 'label' holds no numbers of rays, but int8", branches=ANGLES | {"latitude": "label"}
    )
    fails("branch 'E' holds no single number per sky", truth={"label": "E"})
    fails("no branch 'direction'", branches={"energy": "E"})
    fails("no tree 'skis'; did you mean 'skies'", tree="skis")
    fails("branches: name both 'longitude' and", branches={"longitude": "ra"})
    fails("branches: name either 'direction'", branches=ANGLES | {"direction": "x"})
    wrong = branches | {"signal_fraction": branches["signal_fraction"] + 2}
    path = write(tmp_path / "percent.root", wrong)
    fails("branch 'signal_fraction' is 2.* a share lies between", path, truth=TRUTH)
    flat = write(tmp_path / "flat.root", {"E": np.ones(5), "ra": np.ones(5), "dec": np.ones(5),
                                          "label": np.ones(5)})  # fmt: skip
    fails("truth.label: an entry of tree 'skies' is a ray", flat, truth={"label": "label"})
