"""The gap closed: planted closings, a slow computation, intervals, seeds, and what is refused."""

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.plotting.product import Inputs
from cascade.studies.refinement.products import closing
from cascade.studies.refinement.settings import GapClosedSettings
from products import products_of
from studies.refinement.products.planted import predict, tilt, truth, write

products = products_of("refinement")

# share of the bias, width
PLANTED = {
    "simulation_trained": (1.0, 0.14),
    "refined_trained": (0.2, 0.11),
    "known_trained": (0.05, 0.102),
    "data_trained": (0.0, 0.10),
}
FAST = GapClosedSettings(replicas=20)


def planted(folder, number=6000, seed=1, methods=PLANTED):
    """Return inputs with methods of planted biases and widths."""
    columns = truth(number, seed)
    files = {}
    for name, (bias, width) in methods.items():
        predicted = predict(columns, bias * tilt(columns), width, seed)
        files[name, "data"] = write(folder / f"{name}.h5", predicted)
    return Inputs(files)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return planted(tmp_path_factory.mktemp("gap"))


def test_a_planted_closing_is_recovered(inputs):
    result = products.gap_closed(inputs, FAST)
    metrics = result.metrics
    assert metrics["bias_gap"].value == pytest.approx(0.1, abs=0.002)
    assert metrics["resolution_gap"].value == pytest.approx(0.04, abs=0.001)
    assert metrics["gap_closed_bias"].value == pytest.approx(0.8, abs=0.01)
    assert metrics["gap_closed_resolution"].value == pytest.approx(0.75, abs=0.01)
    assert metrics["gap_closed_bias"] == metrics["refined_trained/gap_closed_bias"]
    assert metrics["known_trained/gap_closed_bias"].value == pytest.approx(0.95, abs=0.01)
    assert metrics["known_trained/gap_closed_resolution"].value == pytest.approx(0.95, abs=0.01)
    assert metrics["gap_closed_bias"].events == 6000
    for number in metrics.values():
        assert number.low <= number.value <= number.high
    assert "bias 80 %" in result.caption
    assert "width 75 %" in result.caption


def test_biases_that_differ_between_bins_are_no_width(inputs):
    # over all events the bias of 0.1 RMS adds to the width of simulation
    metrics = products.gap_closed(inputs, FAST).metrics
    widths = [np.hypot(0.1 * bias, width) for bias, width in PLANTED.values()]
    share = 1 - (widths[1] - widths[3]) / (widths[0] - widths[3])
    found = metrics["gap_closed_resolution_all_events"].value
    assert found == pytest.approx(share, abs=0.02)
    assert abs(found - metrics["gap_closed_resolution"].value) > 0.05


def test_the_numbers_are_those_of_a_slow_computation():
    rng = np.random.default_rng(3)
    cell = rng.integers(6, size=400)
    delta = rng.normal(size=(400, 3)) * [1.5, 1.2, 1.0] + rng.normal(size=(6, 3))[cell]
    references = np.array([[1.0, 0, 0], [0, 0, 1]])
    found = closing.closing(delta, cell, (2, 3), references)
    mean = np.array([[np.mean(delta[cell == c, m]) for c in range(6)] for m in range(3)])
    std = np.array([[np.std(delta[cell == c, m], ddof=1) for c in range(6)] for m in range(3)])

    def rms(values):
        return np.sqrt(np.mean(np.square(values)))

    bias = 1 - rms(mean[1] - mean[2]) / rms(mean[0] - mean[2])
    width = 1 - (rms(std[1]) - rms(std[2])) / (rms(std[0]) - rms(std[2]))
    row = dict(zip(closing.OVERALL, found[1], strict=False))
    assert row["gap_closed_bias"] == pytest.approx(bias)
    assert row["gap_closed_resolution"] == pytest.approx(width)
    assert row["bias_rms"] == pytest.approx(rms(mean[1]))
    first = len(closing.OVERALL)
    np.testing.assert_allclose(found[1, first:], [
        rms(mean[1, :3]), rms(mean[1, 3:]), rms(std[1, :3]), rms(std[1, 3:]),
    ])  # fmt: skip
    # by definition
    closed = [closing.OVERALL.index(f"gap_closed_{name}") for name in ("bias", "resolution")]
    np.testing.assert_allclose(found[0, closed], 0, atol=1e-12)
    np.testing.assert_allclose(found[2, closed], 1, atol=1e-12)


def test_intervals_cover_what_is_planted(tmp_path):
    settings = GapClosedSettings(replicas=40, distance=[500.0, 1500.0], lg_energy=[18.5, 20.0])
    inside = 0
    for seed in range(60):
        groups = {}
        columns = truth(300, seed)
        for place, (name, (_, width)) in enumerate(PLANTED.items()):
            # fluctuations of their own, so that there is something to be uncertain of
            predicted = predict(columns, 0.0, width, 10 * seed + place)
            groups[name] = [closing.Applied(name, "data", name, name, tmp_path, predicted)]
        found = closing.measure(groups, settings, seed)
        _, low, high = found.number("refined_trained", "gap_closed_resolution")
        inside += low <= 0.75 <= high
    assert 0.5 < inside / 60 < 0.85


def test_replicas_lie_about_the_value():
    draws = np.random.default_rng(1).normal(5.0, 1.0, (400, 2))
    low, high = closing.centred(np.array([1.0, np.nan]), draws)
    assert low[0] == pytest.approx(0, abs=0.15)
    assert high[0] == pytest.approx(2, abs=0.15)
    assert np.isnan([low[1], high[1]]).all()


SEEDS = {"refined_trained_seed1": 0.1, "refined_trained_seed2": 0.3}
NAMED = {"first": 0.1, "second": 0.3}


@pytest.mark.parametrize(
    ("seeds", "settings"),
    [
        (SEEDS, FAST),
        (NAMED, FAST.model_copy(update={"groups": {"refined_trained": list(NAMED)}})),
    ],
)
def test_seeds_are_averaged(tmp_path, seeds, settings):
    methods = {name: planted for name, planted in PLANTED.items() if name != "refined_trained"}
    methods |= {name: (bias, 0.11) for name, bias in seeds.items()}
    result = products.gap_closed(planted(tmp_path, methods=methods), settings)
    assert result.metrics["gap_closed_bias"].value == pytest.approx(0.8, abs=0.01)
    for name, bias in seeds.items():
        found = result.metrics[f"{name}/gap_closed_bias"].value
        assert found == pytest.approx(1 - bias, abs=0.01)
    table = {name: np.array(values) for name, values in result.table.items()}
    row = (table["method"] == "refined_trained") & (table["metric"] == "gap_closed_bias")
    assert table["seeds"][row] == [2]
    assert table["spread"][row] == pytest.approx(0.2 / np.sqrt(2), abs=0.01)
    assert "Of several seeds" in result.caption


def test_the_table_holds_values_over_distance(inputs):
    table = {k: np.array(v) for k, v in products.gap_closed(inputs, FAST).table.items()}
    row = (table["method"] == "simulation_trained") & (table["metric"] == "bias_rms")
    over = table["value"][row & np.isfinite(table["distance_low"])]
    np.testing.assert_allclose(over, 0.1 / np.sqrt(2) * np.abs([-2, -1, 0, 1, 2]), atol=0.02)
    whole = table["value"][row & ~np.isfinite(table["distance_low"])]
    np.testing.assert_allclose(whole, np.sqrt(np.mean(over**2)))


def test_without_a_gap_there_is_nothing_to_close(tmp_path):
    # the network on simulation happens to be the narrower one
    methods = {
        "simulation_trained": (1.0, 0.1),
        "refined_trained": (0.2, 0.11),
        "data_trained": (0.0, 0.12),
    }
    result = products.gap_closed(planted(tmp_path, 1000, methods=methods), FAST)
    assert "gap_closed_resolution" not in result.metrics
    assert result.metrics["gap_closed_bias"].value == pytest.approx(0.8, abs=0.05)
    assert result.metrics["resolution_gap"].value < 0


def test_thin_bins_are_left_out(tmp_path):
    inputs = planted(tmp_path, 700)
    settings = FAST.model_copy(update={"min_events": 28})
    result = products.gap_closed(inputs, settings)
    columns = truth(700)
    counts = np.histogram2d(
        columns["distance"], columns["lg_energy"], [settings.distance, settings.lg_energy]
    )[0]
    assert result.metrics["gap_closed_bias"].events == counts[counts >= 28].sum()
    with pytest.raises(CascadeError, match="no bin in distance and lg_energy holds 500 events"):
        products.gap_closed(inputs, FAST.model_copy(update={"min_events": 500}))


def test_what_is_missing_is_named(inputs, tmp_path):
    def draw(files=inputs.predictions, **settings):
        return products.gap_closed(Inputs(files), FAST.model_copy(update=settings))

    with pytest.raises(CascadeError, match=r"gap_closed: method: .*'refind_trained'; did you mean"):
        draw(method="refind_trained")
    with pytest.raises(CascadeError, match=r"groups.mine: no predictions of 'first'"):
        draw(groups={"mine": ["first"]})
    two = dict(list(inputs.predictions.items())[:2])
    with pytest.raises(CascadeError, match="gap_closed: needs 3 methods, not 2"):
        draw(two)
    elsewhere = dict(inputs.predictions)
    elsewhere["known_trained", "refined"] = elsewhere.pop(("known_trained", "data"))
    with pytest.raises(CascadeError, match="gap_closed: shows methods on one sample, not on"):
        draw(elsewhere)
    columns = truth(6000, seed=5)
    other = dict(inputs.predictions)
    other["refined_trained", "data"] = write(tmp_path / "o.h5", predict(columns, 0, 0.1))
    with pytest.raises(CascadeError, match=r"is of other events than"):
        draw(other)
