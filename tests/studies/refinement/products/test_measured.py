"""Numbers of the products against planted ones and slow computations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm, wasserstein_distance

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting.product import Inputs
from cascade.studies.refinement.observables import rise_time, total_signal
from cascade.studies.refinement.products import distributions, traces
from cascade.studies.refinement.settings import (
    ExampleTracesSettings,
    LabelKeptSettings,
    ObservablesSettings,
    ResolutionSettings,
    SideBySideSettings,
    TwoSampleSettings,
)
from products import products_of
from studies.refinement.products.planted import (
    DATA,
    make_stations,
    predict,
    refine,
    tilt,
    truth,
    write,
)

products = products_of("refinement")


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    events = {"simulation": make_stations(300), "data": make_stations(400, 2, **DATA)}
    events["refined"] = refine(events["simulation"])
    return {name: write(folder / f"{name}.h5", one, name) for name, one in events.items()}


values = arrays(np.float64, st.integers(1, 12), elements=st.floats(-100, 100))


@given(values, values)
@settings(max_examples=60)
def test_the_wasserstein_distance_is_that_of_scipy(first, second):
    distance, (one, two) = distributions.Wasserstein.between(first, second)
    expected = wasserstein_distance(first, second)
    assert distance(one, two) == pytest.approx(expected, abs=1e-9)
    replica = first[: len(first) // 2 + 1]  # holds values again, and some no more
    replicas = distance(np.stack([one, one])[:, : len(replica)], np.stack([two, two[::-1]]))
    assert replicas == pytest.approx([wasserstein_distance(replica, second)] * 2, abs=1e-9)


@pytest.fixture(scope="module")
def drawn(samples):
    return products.observables(Inputs(samples=samples), ObservablesSettings(replicas=20))


def test_distances_are_in_units_of_data(samples, drawn):
    read = {name: hdf5.read(path, ("trace",))["trace"] for name, path in samples.items()}
    functions = {"signal": lambda trace: np.log10(total_signal(trace)), "rise_time": rise_time}
    for name, function in functions.items():
        found = {sample: function(trace) for sample, trace in read.items()}
        unit = found["data"].std(ddof=1)
        for sample in ("simulation", "refined"):
            expected = wasserstein_distance(found[sample], found["data"]) / unit
            number = drawn.metrics[f"wasserstein_{name}_{sample}"]
            assert number.value == pytest.approx(expected)
        # two samples of n events of one law
        chance = drawn.metrics[f"wasserstein_{name}_data"].value
        assert 0.3 / np.sqrt(400) < chance < 3 / np.sqrt(400)
    first = drawn.metrics["wasserstein_signal_simulation"].value
    assert f"signal: simulation {first:.3f}" in drawn.caption


def test_histograms_hold_all_events_but_a_few(samples, drawn):
    table = {name: np.array(column) for name, column in drawn.table.items()}
    for name in distributions.OBSERVABLES:
        for sample in samples:
            row = (table["observable"] == name) & (table["sample"] == sample)
            width = table["high"][row] - table["low"][row]
            assert 0.97 < np.sum(table["density"][row] * width) <= 1 + 1e-9
    with pytest.raises(CascadeError, match=r"observables: data: no sample 'measured'"):
        products.observables(Inputs(samples=samples), ObservablesSettings(data="measured"))


def test_means_and_single_traces_are_as_said(samples):
    settings = ExampleTracesSettings(distance=[600.0, 900.0, 1400.0])
    result = products.example_traces(Inputs(samples=samples), settings)
    table = {name: np.array(column) for name, column in result.table.items()}
    events = hdf5.read(samples["refined"], ("trace", "distance"))
    chosen = (events["distance"] >= 600) & (events["distance"] < 900)
    row = (table["sample"] == "refined") & (table["distance_low"] == 600)
    np.testing.assert_allclose(table["mean"][row], events["trace"][chosen].mean(axis=0), rtol=1e-5)
    assert (table["events"][row] == chosen.sum()).all()
    assert table["time_ns"][row][-1] == 79 * 25
    numbers = traces.typical(hdf5.read(samples["simulation"], traces.FIELDS), settings)
    assert f"(number {numbers[0]}, {numbers[1]} in the file" in result.caption


def test_single_traces_are_typical(samples):
    events = hdf5.read(samples["simulation"], traces.FIELDS)
    numbers = traces.typical(events, ExampleTracesSettings())
    signal = total_signal(events["trace"])
    for number, low, high in zip(numbers, (500, 800, 1100), (800, 1100, 1500), strict=True):
        inside = (events["distance"] >= low) & (events["distance"] < high)
        assert inside[number]
        assert np.mean(signal[inside] < signal[number]) == pytest.approx(0.5, abs=0.02)


def test_traces_that_do_not_belong_together_are_refused(samples):
    def draw(**settings):
        return products.example_traces(Inputs(samples=samples), ExampleTracesSettings(**settings))

    with pytest.raises(CascadeError, match=r"after: .*data.h5 is not made from the events of"):
        draw(after="data")
    with pytest.raises(CascadeError, match=r"traces: 300 is too large, .*holds 300 traces"):
        draw(traces=[300])
    with pytest.raises(CascadeError, match=r"before: no sample 'simulated'; did you mean"):
        draw(before="simulated")
    with pytest.raises(CascadeError, match=r"distance: no trace lies in any of the bins"):
        draw(distance=[5000.0, 6000.0])


def scores(folder, method, sample, number, shift, seed):
    columns = truth(number, seed)
    columns["score"] = shift + np.random.default_rng(seed).normal(size=number)
    return write(folder / f"{method}_{sample}.h5", columns, sample)


@pytest.fixture
def tested(tmp_path):
    files = {}
    for method, shift in (("tells_simulation", 1.5), ("tells_refined", 0.3)):
        for seed, sample in enumerate(("simulation", "refined", "data")):
            here = shift if sample == "data" else 0.0
            files[method, sample] = scores(tmp_path, method, sample, 4000, here, seed)
    return files


def test_the_area_is_that_of_two_normal_laws(tested):
    result = products.two_sample(Inputs(tested), TwoSampleSettings(replicas=40))
    areas = {"simulation": norm.cdf(1.5 / np.sqrt(2)), "refined": norm.cdf(0.3 / np.sqrt(2))}
    for sample, area in areas.items():
        found = result.metrics[f"auc_{sample}"]
        assert found.value == pytest.approx(area, abs=0.02)
        assert found.events == 8000
        assert 0.003 < (found.high - found.low) / 2 < 0.009
    excess = [result.metrics[f"auc_{sample}"].value - 0.5 for sample in areas]
    closed = result.metrics["auc_closed_refined"]
    assert closed.value == pytest.approx(1 - excess[1] / excess[0])
    assert closed.low < closed.value < closed.high
    assert "auc_closed_simulation" not in result.metrics
    # at one efficiency, by the normal law
    table = {name: np.array(column) for name, column in result.table.items()}
    row = (table["sample"] == "simulation") & (table["sample_efficiency"] == 1)
    assert table["data_efficiency"][row] == pytest.approx([1.0])
    middle = np.interp(0.2, *(table[name][table["sample"] == "simulation"] for name in
                              ("sample_efficiency", "data_efficiency")))  # fmt: skip
    assert middle == pytest.approx(norm.sf(norm.isf(0.2) - 1.5), abs=0.03)


def test_a_classifier_needs_its_sample_and_data(tested):
    def draw(files, **settings):
        return products.two_sample(Inputs(files), TwoSampleSettings(replicas=10, **settings))

    with pytest.raises(CascadeError, match=r"pairs: say which sample 'tells_refined' tells"):
        draw(tested, pairs={"tells_simulation": "simulation"})
    with pytest.raises(CascadeError, match=r"pairs.tells_refined: no sample 'mapped'"):
        draw(tested, pairs={"tells_refined": "mapped", "tells_simulation": "simulation"})
    with pytest.raises(CascadeError, match=r"pairs.tells_refined: another method tells"):
        draw(tested, pairs=dict.fromkeys(("tells_refined", "tells_simulation"), "refined"))
    without = {key: path for key, path in tested.items() if key[1] != "data"}
    with pytest.raises(CascadeError, match=r"two_sample: data: .*no sample 'data'"):
        draw(without)
    # one other sample leaves no doubt
    two = {key: path for key, path in tested.items() if key[1] != "refined"}
    del two["tells_refined", "simulation"], two["tells_refined", "data"]
    assert list(draw(two, pairs={}).metrics) == ["auc_simulation"]


def test_bias_and_resolution_are_those_of_the_bins(tmp_path):
    columns = truth(8000)
    bias = tilt(columns)
    path = write(tmp_path / "p.h5", predict(columns, bias, 0.1))
    inputs = Inputs({("simulation_trained", "data"): path, ("data_trained", "data"): path})
    result = products.energy_over_energy(inputs, ResolutionSettings(replicas=20))
    table = {name: np.array(column) for name, column in result.table.items()}

    def row(variable, metric):
        chosen = (table["variable"] == variable) & (table["metric"] == metric)
        return table["value"][chosen & (table["method"] == "simulation_trained")]

    expected = 0.1 / np.sqrt(2) * np.arange(-2, 3)
    np.testing.assert_allclose(row("distance", "lg_energy_bias"), expected, atol=0.01)
    np.testing.assert_allclose(row("distance", "lg_energy_resolution"), 0.1, atol=0.01)
    # in bins of energy the distances are mixed
    np.testing.assert_allclose(row("lg_energy", "lg_energy_bias"), 0, atol=0.015)
    np.testing.assert_allclose(row("lg_energy", "lg_energy_resolution"), np.sqrt(0.02), atol=0.01)
    found = result.metrics["simulation_trained/lg_energy_resolution"]
    assert found.low < np.sqrt(0.02) < found.high or found.value == pytest.approx(0.1414, abs=0.004)
    assert "Black line with band: data trained" in result.caption


def test_what_is_printed_is_measured(tmp_path):
    columns = truth(3000)
    files = {
        (name, "data"): write(tmp_path / f"{name}.h5", predict(columns, bias, width))
        for name, bias, width in (("simulation_trained", -0.05, 0.2), ("refined_trained", 0, 0.1))
    }
    result = products.side_by_side(Inputs(files), SideBySideSettings(replicas=20))
    bias, width = (
        result.metrics[f"simulation_trained/lg_energy_{name}"].value
        for name in ("bias", "resolution")
    )
    assert bias == pytest.approx(-0.05, abs=0.01)
    assert width == pytest.approx(0.2, abs=0.01)
    expected = f"simulation trained\nbias −{-bias:.3f}\nwidth {width:.3f}"
    assert expected in [text.get_text() for panel in result.figure.axes for text in panel.texts]
    # nearly all events are inside the frame
    assert sum(result.table["events"]) > 0.99 * 6000
    narrow = SideBySideSettings(replicas=10, range=(18.5, 20.0), bins=15)
    table = products.side_by_side(Inputs(files), narrow).table
    assert min(table["true"]) == pytest.approx(18.55)
    with pytest.raises(CascadeError, match="side_by_side: needs 2 methods, not 1"):
        products.side_by_side(Inputs(dict(list(files.items())[:1])), narrow)


def test_a_planted_loss_of_the_label_is_found(tmp_path):
    def write_on(sample, columns, bias):
        return write(tmp_path / f"{sample}.h5", predict(columns, bias, 0.1, seed), sample)

    columns, seed = truth(20000), 1
    pull = -0.05 * (columns["lg_energy"] - 19.25)  # the network's own
    kept = 0.01 * (columns["lg_energy"] > 19.7)
    files = {
        ("data_trained", "refined"): write_on("refined", columns, pull + kept),
        ("data_trained", "data"): write_on("data", columns, pull),
    }
    result = products.label_kept(Inputs(files), LabelKeptSettings(replicas=40))
    beyond = result.metrics["label_bias_largest_beyond_data"]
    assert beyond.value == pytest.approx(100 * (10**0.01 - 1), abs=0.01)
    assert beyond.unit == "%"
    assert beyond.low < beyond.value < beyond.high
    # at both ends the mean energy of a bin lies 0.6 from the middle
    largest = result.metrics["label_bias_largest"]
    assert largest.value == pytest.approx(100 * (10**0.03 - 1), abs=1)
    assert result.metrics["data/label_bias_largest"].value == pytest.approx(7, abs=1)
    assert "2.3 %" in result.caption
    table = {name: np.array(column) for name, column in result.table.items()}
    beyond_data = table["value"][table["metric"] == "bias_beyond_data"]
    np.testing.assert_allclose(beyond_data, [0, 0, 0, 0, 0.01], atol=1e-6)


def test_one_network_judges(tmp_path):
    columns = predict(truth(100), 0.0, 0.1)
    one = {(name, "data"): write(tmp_path / f"{name}.h5", columns) for name in ("a", "b")}
    with pytest.raises(CascadeError, match="one network judges all samples, not a, b"):
        products.label_kept(Inputs(one), LabelKeptSettings())
    del one["b", "data"]
    with pytest.raises(
        CascadeError, match=r"label_kept: sample: no predictions on sample 'refined'"
    ):
        products.label_kept(Inputs(one), LabelKeptSettings())
