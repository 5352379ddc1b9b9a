import awkward as ak
import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events.seeding import Block, sequence
from cascade.studies.showers import symmetry
from cascade.studies.showers.array import positions
from cascade.studies.showers.settings import ArraySettings, OrbitsSettings, ShowerSettings
from cascade.studies.showers.simulation.orbits import simulate_orbits, usable
from cascade.studies.showers.simulation.simulate import simulate

SPEED_OF_LIGHT = 0.299792458  # m/ns


def draw(events, settings=None, seed=1):
    return simulate_orbits(Block(0, events, sequence(seed)), settings or OrbitsSettings())


@pytest.fixture(scope="module")
def events():
    return draw(120)


def same(first, second):
    assert first.keys() == second.keys()
    for name in first:
        assert ak.array_equal(ak.Array(first[name]), ak.Array(second[name])), name


def test_twelve_images_follow_one_another(events):
    assert np.array_equal(events["turn"], np.tile(np.arange(6), 20))
    assert np.array_equal(events["mirrored"], np.tile(np.repeat([0, 1], 6), 10))
    for name in ("lg_energy", "x_max", "mass_number", "time", "trace"):
        first = ak.Array(events[name])[np.arange(120) // 12 * 12]
        assert ak.array_equal(ak.Array(events[name]), first), name
    assert len(np.unique(events["x_max"])) == 10
    assert events["axis"].dtype == events["core"].dtype == np.float32
    assert events["mass_number"].dtype == np.int16


def test_truth_turns_with_the_stations(events):
    for number in range(120):
        first, (turn, mirrored) = number // 12 * 12, (events["turn"], events["mirrored"])
        angle = np.radians(60.0 * int(turn[number]))
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = matrix @ np.diag([-1 if mirrored[number] else 1, 1])
        for name in ("core", "axis", "position"):
            values, moved = np.asarray(events[name][first]), np.asarray(events[name][number])
            np.testing.assert_allclose(moved[..., :2], values[..., :2] @ matrix.T, atol=1e-3)
            assert np.array_equal(moved[..., 2:], values[..., 2:])


def test_stations_are_those_of_the_positions(events):
    station = ak.to_numpy(ak.flatten(events["station"]))
    where = ak.to_numpy(ak.flatten(events["position"]))
    np.testing.assert_allclose(where, positions(ArraySettings())[station], atol=1e-3)
    assert ak.type(events["station"]).content.content.primitive == "int16"


def test_every_image_is_a_shower_that_could_be(events):
    """The front's times follow from the image's own axis and core, as for the shower itself."""
    late = []
    for number in range(120):
        apart = np.asarray(events["position"][number], np.float64)
        apart[:, :2] -= events["core"][number]
        late.append(
            np.asarray(events["time"][number]) + apart @ events["axis"][number] / SPEED_OF_LIGHT
        )
    late = ak.Array(late)
    # jitter and the event's offset are all that is left, and the same for all images
    assert ak.max(abs(late)) < 2500
    shower = late[np.arange(120) // 12 * 12]
    assert ak.max(abs(late - shower)) < 0.1


def test_the_last_orbit_is_cut():
    whole, cut = draw(36), draw(29)
    assert len(cut["core"]) == 29
    same(cut, {name: values[:29] for name, values in whole.items()})
    assert len(draw(0)["core"]) == 0


def test_a_seed_gives_the_same_orbits():
    same(draw(24, seed=5), draw(24, seed=5))
    assert draw(12, seed=5)["x_max"][0] != draw(12, seed=6)["x_max"][0]


def test_showers_are_those_that_stay_on_the_array():
    settings = OrbitsSettings(showers=ShowerSettings(zenith_max=70.0, lg_energy=(19.5, 20.0)))
    showers = simulate(Block(0, 300, sequence(2)), settings.showers)
    kept = usable(showers, settings)
    stays = np.flatnonzero((symmetry.images(ArraySettings()) >= 0).all(axis=0))
    expected = [
        len(station) >= 5 and set(station) <= set(stays) for station in showers["station"].to_list()
    ]
    assert np.array_equal(kept, expected)
    assert 0 < kept.sum() < 300


def test_few_stations_may_do():
    low = ShowerSettings(lg_energy=(18.0, 18.3))
    counts = ak.num(draw(240, OrbitsSettings(showers=low, min_stations=2))["station"])
    assert ak.min(counts) in (2, 3, 4)
    assert ak.min(ak.num(draw(240, OrbitsSettings(showers=low))["station"])) >= 5


def test_an_array_that_is_too_small_is_said():
    showers = ShowerSettings(array=ArraySettings(rows=3, columns=3), lg_energy=(20.0, 20.0))
    with pytest.raises(CascadeError, match=r"^orbits: not one of 2\d{3} showers has 8 triggered"):
        draw(12, OrbitsSettings(showers=showers, min_stations=8))
