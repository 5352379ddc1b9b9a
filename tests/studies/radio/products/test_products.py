"""Every product draws one method and several, and says what it misses; examples are chosen well."""

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.product import Inputs
from cascade.settings import validate
from cascade.studies.radio.products import traces as examples
from cascade.studies.radio.settings import products as settings_of
from products import products_of
from studies.radio.products.predicted import make_traces, predict, truth, write

products = products_of("radio")

METHODS = ("limit", "filter", "net", "joint")
PRODUCTS = {
    "example_traces": settings_of.ExampleTracesSettings(snr=[4.0]),
    "roc": settings_of.RocSettings(edges=[1.0, 2.0, 4.0], replicas=10, points=20),
    "tpr_over_snr": settings_of.DetectionSettings(replicas=10),
    "fluence_ratio": settings_of.SnrSettings(replicas=10),
    "snr_gain": settings_of.SnrSettings(replicas=10),
    "peak_time_error": settings_of.SnrSettings(replicas=10),
    "latent": settings_of.LatentSettings(traces=150, perplexity=10.0),
    "invented_pulses": settings_of.InventedPulsesSettings(),
    "compression": settings_of.CompressionSettings(replicas=10),
}
LACKING = {
    "example_traces": "denoised",
    "fluence_ratio": "predicted_fluence",
    "snr_gain": "denoised",
    "peak_time_error": "predicted_time",
    "latent": "latent",
    "invented_pulses": "denoised",
    "compression": "predicted_fluence",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("radio")
    traces = make_traces(500)
    write(folder / "traces.h5", traces)
    for place, name in enumerate(METHODS):
        write(folder / f"{name}.h5", predict(traces, 0.5 + 0.3 * place, place, width=6))
    write(folder / "scores.h5", truth(traces) | {"score": traces["snr"].astype(float)})
    return folder


def inputs(folder, *names):
    files = {(name, "default"): folder / f"{name}.h5" for name in names}
    return Inputs(files, samples={"default": folder / "traces.h5"})


@pytest.mark.parametrize("names", [("net",), METHODS], ids=["one", "several"])
@pytest.mark.parametrize("name", PRODUCTS)
def test_products_are_drawn(folder, tmp_path, name, names):
    result = getattr(products, name)(inputs(folder, *names), PRODUCTS[name])
    style.save(result.figure, tmp_path / "figure.pdf")
    assert len({len(column) for column in result.table.values()}) == 1
    assert result.table
    assert "arXiv:1901.04079" in result.caption
    assert "sample 'default'" in result.caption or name == "invented_pulses"
    for number in result.metrics.values():
        assert number.low <= number.value <= number.high
        assert number.events > 0
    # what is written must fit on the page
    assert result.figure.get_figwidth() in (style.COLUMN, style.PAGE)


@pytest.mark.parametrize("name", LACKING)
def test_a_missing_column_is_named(folder, name):
    with pytest.raises(CascadeError, match=rf"{name}: none of the methods .*{LACKING[name]}"):
        getattr(products, name)(inputs(folder, "scores"), PRODUCTS[name])


@pytest.mark.parametrize("name", ["fluence_ratio", "snr_gain", "invented_pulses"])
def test_methods_that_predict_less_are_left_out(folder, name):
    result = getattr(products, name)(inputs(folder, "scores", "net"), PRODUCTS[name])
    assert "scores" not in result.table.get("method", [])


@pytest.mark.parametrize("name", PRODUCTS)
def test_predictions_are_needed(folder, name):
    nothing = Inputs(samples={"default": folder / "traces.h5"})
    with pytest.raises(CascadeError, match=r"no methods are named|name at least one method"):
        getattr(products, name)(nothing, PRODUCTS[name])


def test_a_column_that_all_need_is_named(folder, tmp_path):
    columns = {"score": np.zeros(3), "label": np.array([0, 1, 1], np.int8)}
    write(tmp_path / "few.h5", columns)
    few = Inputs({("few", "default"): tmp_path / "few.h5"})
    with pytest.raises(CascadeError, match=r"few.h5: no field 'snr'"):
        products.tpr_over_snr(few, settings_of.DetectionSettings())


def test_examples_are_those_next_to_the_wanted_snrs(folder):
    snr = hdf5.read(folder / "traces.h5", ("snr",))["snr"]
    chosen = examples.choose(
        folder / "traces.h5", settings_of.ExampleTracesSettings(snr=[2.0, 8.0])
    )
    for number, wanted in zip(chosen, (2.0, 8.0), strict=False):
        best = np.abs(np.log(snr[snr > 0] / wanted)).min()
        assert np.abs(np.log(snr[number] / wanted)) == best
    events = hdf5.read(folder / "traces.h5", ("label", "interference"))
    power = np.mean(events["interference"] ** 2, axis=1)
    assert events["label"][chosen[2]] == 0
    others = power[(events["label"] == 0) & (power > 0)]
    assert abs(np.mean(others < power[chosen[2]]) - 0.5) < 0.02


def test_a_table_of_examples_holds_the_traces(folder):
    settings = settings_of.ExampleTracesSettings(traces=[3, 5], method="net")
    result = products.example_traces(inputs(folder, *METHODS), settings)
    events = hdf5.read(folder / "traces.h5", ("trace", "signal"))
    np.testing.assert_array_equal(result.table["measured"][:500], events["trace"][3])
    np.testing.assert_array_equal(result.table["true"][500:], events["signal"][5])
    assert result.table["time_us"][180] == pytest.approx(1.0)
    assert "trace 3" in result.caption


def test_examples_that_are_not_there_are_complained_about(folder, tmp_path):
    def draw(**settings):
        settings = settings_of.ExampleTracesSettings(**settings)
        return products.example_traces(inputs(folder, "net"), settings)

    with pytest.raises(CascadeError, match=r"traces: 500 is too large, .*holds 500 traces"):
        draw(traces=[500])
    with pytest.raises(CascadeError, match=r"method: no predictions of 'nett' .*'net'\?"):
        draw(method="nett")
    write(tmp_path / "noise.h5", make_traces(5, pulses=0.0))
    with pytest.raises(CascadeError, match="0 pulses and 5 traces without one"):
        examples.choose(tmp_path / "noise.h5", settings_of.ExampleTracesSettings())
    other = Inputs(inputs(folder, "net").predictions, samples={"default": tmp_path / "noise.h5"})
    with pytest.raises(CascadeError, match="is of other traces than"):
        products.example_traces(other, settings_of.ExampleTracesSettings(traces=[0]))


def test_the_amplitude_of_a_spectrum_is_an_integral_over_time():
    # a carrier of amplitude 2 µV/m over 500 samples at 200 MHz: A T / 2 at its frequency
    time = np.arange(500) / 200
    amplitude = examples.spectrum(2 * np.cos(2 * np.pi * 40 * time), 200.0)
    assert amplitude[100] == pytest.approx(2 * 2.5 / 2)
    assert np.delete(amplitude, 100).max() < 1e-9


def test_edges_must_rise():
    with pytest.raises(CascadeError, match=r"edges: 2 stands after 3; the edges of bins must rise"):
        validate(settings_of.SnrSettings, {"edges": [1, 3, 2]})
