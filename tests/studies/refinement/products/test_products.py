"""Every product is drawn, with few inputs and with many, and says what it misses."""

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.plotting import style
from cascade.plotting.product import Inputs
from cascade.plotting.settings import FigureSettings
from cascade.settings import validate
from cascade.studies.refinement import settings as settings_of
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

PRODUCTS = {
    "critic_history": FigureSettings(),
    "example_traces": settings_of.ExampleTracesSettings(),
    "observables": settings_of.ObservablesSettings(replicas=10),
    "two_sample": settings_of.TwoSampleSettings(replicas=10, points=20),
    "energy_over_energy": settings_of.ResolutionSettings(replicas=10),
    "side_by_side": settings_of.SideBySideSettings(replicas=10),
    "gap_closed": settings_of.GapClosedSettings(replicas=10, min_events=5),
    "label_kept": settings_of.LabelKeptSettings(replicas=10),
}
SAMPLES = ("simulation", "refined", "data", "known")
TRAINED = ("simulation_trained", "refined_trained", "data_trained", "known_trained")
ROWS = (
    "epoch,train_loss,validation_loss,validation_wasserstein,spread,learning_rate",
    "0,,0.5,3.0,0.5,1e-4",
    "1,2.0,0.2,1.5,0.8,1e-4",
    "2,1.0,0.3,1.2,0.9,5e-5",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refinement")
    events = {"simulation": make_stations(400), "data": make_stations(500, 2, **DATA)}
    events["refined"] = refine(events["simulation"])
    events["known"] = refine(events["simulation"], 2)
    for sample in SAMPLES:
        write(folder / f"{sample}.h5", events[sample], sample)
    rng = np.random.default_rng(1)
    for place, method in enumerate(TRAINED):
        bias = (1.0, 0.3, 0.0, 0.1)[place] * tilt(events["data"])
        for sample in SAMPLES:
            of_data = bias if sample == "data" else 0.01 * place
            columns = predict(events[sample], of_data, 0.14 - 0.01 * place)
            write(folder / f"{method}_{sample}.h5", columns, sample)
    for place, method in enumerate(("tells_simulation", "tells_refined")):
        for sample in SAMPLES:
            shift = (1.5 - place) * (sample == "data")
            score = shift + rng.normal(size=len(events[sample]["distance"]))
            write(folder / f"{method}_{sample}.h5", truth(len(score)) | {"score": score}, sample)
    (folder / "history.csv").write_text("\n".join(ROWS))
    return folder


def applied(folder, methods, samples=("data",)):
    return {
        (method, sample): folder / f"{method}_{sample}.h5"
        for method in methods
        for sample in samples
    }


def inputs(folder, name, many):
    """Return what a product is shown in the default run, or more."""
    if name == "critic_history":
        fits = ("refiner", "refiner_seed2") if many else ("refiner",)
        return Inputs(histories=dict.fromkeys(fits, folder / "history.csv"))
    if name in ("example_traces", "observables"):
        samples = SAMPLES if many else ("refined", "simulation", "data")
        return Inputs(samples={sample: folder / f"{sample}.h5" for sample in samples})
    if name == "two_sample":
        methods = ("tells_simulation", "tells_refined")[: 1 + many]
        samples = SAMPLES if many else ("simulation", "data")
        return Inputs(applied(folder, methods, samples))
    if name == "label_kept":
        samples = SAMPLES if many else ("refined", "data")
        return Inputs(applied(folder, ("data_trained",), samples))
    least = 2 if name == "side_by_side" else 3
    return Inputs(applied(folder, TRAINED if many else TRAINED[:least]))


@pytest.mark.parametrize("many", [False, True], ids=["few", "many"])
@pytest.mark.parametrize("name", PRODUCTS)
def test_products_are_drawn(folder, tmp_path, name, many):
    result = getattr(products, name)(inputs(folder, name, many), PRODUCTS[name])
    if name == "gap_closed":
        style.save(result.figure, tmp_path / "figure.pdf")
    assert len({len(column) for column in result.table.values()}) == 1
    assert len(next(iter(result.table.values()))) > 0
    assert "arXiv:1802.03325" in result.caption
    assert "sample 'data'" in result.caption or name == "critic_history"
    for number in result.metrics.values():
        assert number.low <= number.value <= number.high
        assert number.events > 0
    # what is written must fit on the page
    assert result.figure.get_figwidth() in (style.COLUMN, style.PAGE)


@pytest.mark.parametrize("name", PRODUCTS)
def test_inputs_are_needed(name):
    with pytest.raises(CascadeError, match=r"this product (shows|needs)"):
        getattr(products, name)(Inputs(), PRODUCTS[name])


@pytest.mark.parametrize("name", ["energy_over_energy", "side_by_side", "gap_closed", "label_kept"])
def test_methods_without_energies_are_refused(folder, name):
    scores = Inputs(applied(folder, ("tells_simulation",)))
    with pytest.raises(CascadeError, match=r"no field 'predicted_lg_energy'"):
        getattr(products, name)(scores, PRODUCTS[name])


def test_the_kept_epoch_is_marked(folder, tmp_path):
    result = products.critic_history(inputs(folder, "critic_history", False), FigureSettings())
    assert "epoch 1 of 3, distance 1.5, spread 0.80" in result.caption
    assert result.table["validation_wasserstein"] == [3.0, 1.5, 1.2]
    assert np.isnan(result.table["train_loss"][0])
    (tmp_path / "h.csv").write_text("epoch,train_loss,validation_loss\n0,1,1\n")
    with pytest.raises(CascadeError, match=r"h.csv: has no column 'spread'.*fits of refiners"):
        products.critic_history(Inputs(histories={"cnn": tmp_path / "h.csv"}), FigureSettings())


def test_an_unstable_training_is_drawn(tmp_path):
    # no epoch with a finite criterion; a first epoch that towers above the rest
    rows = [ROWS[0], *(f"{epoch},1,nan,{1e6 if epoch == 0 else 1},1,1,1" for epoch in range(12))]
    (tmp_path / "h.csv").write_text("\n".join(rows))
    result = products.critic_history(Inputs(histories={"r": tmp_path / "h.csv"}), FigureSettings())
    assert "no epoch with a finite criterion" in result.caption
    assert result.figure.axes[0].get_ylim()[1] < 100


@pytest.mark.parametrize(
    ("model", "given", "complaint"),
    [
        ("ResolutionSettings", {"distance": [900, 700]}, "700 stands after 900"),
        ("SideBySideSettings", {"range": [20, 18]}, "18 stands after 20"),
        ("ObservablesSettings", {"trace": {"noise": -1}}, "trace.noise: -1 is wrong"),
        ("TwoSampleSettings", {"pair": {}}, "pair: unknown key; did you mean 'pairs'"),
    ],
)
def test_settings_are_checked(model, given, complaint):
    with pytest.raises(CascadeError, match=complaint):
        validate(getattr(settings_of, model), given)
