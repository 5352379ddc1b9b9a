"""Products about groups: of symmetries, of seeds."""

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.plotting.product import Inputs
from cascade.plotting.reading import Applied
from cascade.studies.showers import metrics
from cascade.studies.showers.products.comparison import comparison
from cascade.studies.showers.products.equivariance import (
    QUANTITIES,
    deviations,
    equivariance,
    turned_back,
    whole_orbits,
)
from cascade.studies.showers.settings import ComparisonSettings, EquivarianceSettings, Group
from studies.showers.products.predicted import images, predict, write

SHOWERS = 15


def make_truth(number=SHOWERS, seed=1):
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=(number, 3)) * [0.4, 0.4, 0] + [0, 0, 1]
    return {
        "axis": axis / np.linalg.norm(axis, axis=1, keepdims=True),
        "core": rng.uniform(-500, 500, (number, 2)),
        "lg_energy": rng.uniform(18.5, 20, number),
        "x_max": rng.normal(750, 40, number),
        "mass_number": rng.choice([1, 56], number),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Orbits, with predictions that turn with them and others that do not."""
    folder = tmp_path_factory.mktemp("orbits")
    truth = make_truth()
    write(folder / "group.h5", images(predict(truth, 2)), "orbits")
    write(folder / "square.h5", predict(images(truth), 3), "orbits")
    return folder


@pytest.fixture
def inputs(folder):
    methods = ("group", "square")
    return Inputs(predictions={(name, "orbits"): folder / f"{name}.h5" for name in methods})


def applied(columns):
    return Applied("m", "s", "m", "m", "m.h5", columns)


def test_images_turned_back_are_one():
    turned = images(make_truth())
    for name in ("axis", "core"):
        orbits = turned_back(turned[name].reshape(SHOWERS, 12, -1))
        np.testing.assert_allclose(orbits, np.repeat(orbits[:, :1], 12, axis=1), atol=1e-12)


def test_a_turn_is_a_sixth_counter_clockwise_after_the_mirror():
    vectors = np.zeros((1, 12, 2))
    vectors[0, 7] = np.cos(np.radians(180 - 20 + 60)), np.sin(np.radians(180 - 20 + 60))
    back = turned_back(vectors)[0, 7]
    np.testing.assert_allclose(back, [np.cos(np.radians(20)), np.sin(np.radians(20))], atol=1e-12)


def test_predictions_that_turn_with_the_showers_have_no_deviation(inputs):
    found = equivariance(inputs, EquivarianceSettings(replicas=10)).metrics
    for name, quantity in QUANTITIES.items():
        rounding = found[f"group/orbit_deviation_{name}"].value
        assert rounding < 1e-4 * found[f"group/{quantity.metric}"].value
        assert found[f"square/orbit_deviation_{name}"].value == pytest.approx(
            found[f"square/{quantity.metric}"].value, rel=0.4
        )


def test_deviations_are_from_the_orbit_s_mean():
    columns = predict(images(make_truth()), 4)
    rows = whole_orbits(applied(columns))
    assert rows.shape == (SHOWERS, 12)
    energy = columns["predicted_lg_energy"].reshape(SHOWERS, 12)
    expected = np.abs(10 ** (energy - energy.mean(axis=1)[:, np.newaxis]) - 1)
    found = deviations(applied(columns), rows, QUANTITIES["energy"])
    np.testing.assert_allclose(found, expected)


def test_orbits_that_are_cut_are_left_out():
    columns = images(make_truth())
    cut = {name: np.concatenate([v[5:40], v[48:]]) for name, v in columns.items()}
    # 5 … 11 and 36 … 39 belong to orbits with a gap
    np.testing.assert_array_equal(whole_orbits(applied(cut))[:2, 0], [7, 19])
    assert len(whole_orbits(applied(cut))) == SHOWERS - 2


def test_a_sample_without_orbits_is_a_clear_mistake(tmp_path):
    truth = make_truth()
    write(tmp_path / "plain.h5", predict(truth, 1))
    plain = Inputs(predictions={("m", "s"): tmp_path / "plain.h5"})
    with pytest.raises(CascadeError, match=r"plain\.h5: no field 'turn'"):
        equivariance(plain, EquivarianceSettings())
    zero = np.zeros(SHOWERS, np.int8)
    write(tmp_path / "plain.h5", {**predict(truth, 1), "turn": zero, "mirrored": zero})
    with pytest.raises(CascadeError, match="no shower with its twelve images"):
        equivariance(plain, EquivarianceSettings())


def test_an_orbit_beyond_the_last_is_a_clear_mistake(inputs):
    with pytest.raises(CascadeError, match="event: 15 is too large, there are 15 orbits"):
        equivariance(inputs, EquivarianceSettings(event=15))


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """Return inputs of three seeds of a network and one of another, and their columns."""
    folder = tmp_path_factory.mktemp("seeds")
    truth = make_truth(300)
    names = ("p6_seed1", "p6_seed2", "p6_seed3", "square")
    columns = {name: predict(truth, seed, scale=seed) for seed, name in enumerate(names, start=1)}
    for name, values in columns.items():
        write(folder / f"{name}.h5", values)
    paths = {(name, "toy"): folder / f"{name}.h5" for name in names}
    return Inputs(predictions=paths), columns


def test_mean_and_spread_are_over_seeds(seeds):
    inputs, columns = seeds
    groups = {
        "p6": Group(events=5000, methods=["p6"]),
        "square": Group(events=5000, methods=["square"]),
    }
    result = comparison(inputs, ComparisonSettings(groups=groups))
    table = {key: np.array(column) for key, column in result.table.items()}
    values = [metrics.core_resolution(columns[f"p6_seed{seed}"]) for seed in (1, 2, 3)]
    row = (table["group"] == "p6") & (table["metric"] == "core_resolution")
    assert table["mean"][row] == pytest.approx(np.mean(values), rel=1e-5)
    assert table["spread"][row] == pytest.approx(np.std(values, ddof=1), rel=1e-5)
    assert table["seeds"][row] == 3
    alone = (table["group"] == "square") & (table["metric"] == "core_resolution")
    assert np.isnan(table["spread"][alone])
    number = result.metrics["square/core_resolution"]
    assert number.low == number.value == number.high


@pytest.mark.parametrize(
    ("groups", "complaint"),
    [
        ({}, "groups: is empty"),
        ({"a": Group(events=1, methods=["p4"])}, r"groups\.a\.methods: no predictions of 'p4'"),
    ],
)
def test_groups_that_do_not_fit_are_a_clear_mistake(seeds, groups, complaint):
    with pytest.raises(CascadeError, match=complaint):
        comparison(seeds[0], ComparisonSettings(groups=groups))
