from functools import cache

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.product import Inputs
from cascade.plotting.settings import FigureSettings
from cascade.studies.showers import metrics
from cascade.studies.showers.settings import (
    ComparisonSettings,
    EquivarianceSettings,
    Group,
    HistogramsSettings,
    MassSettings,
    MethodsSettings,
    ResolutionSettings,
    ShowerDisplaySettings,
    UncertaintySettings,
)
from products import products_of
from studies.showers.products.predicted import images, predict, write, write_showers

EXPLAINED = {
    "embedding",
    "footprint_relevance",
    "pixel_flipping",
    "relevance_over_distance",
    "truth_scores",
}  # tried with explanations
products = products_of("showers")

SHOWERS = 400
METHODS = ("likelihood", "p6_seed1", "p6_seed2", "trees", "classifier")
FEW = {"replicas": 10}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Simulated showers, predictions of five methods, two of them on orbits too, histories."""
    folder = tmp_path_factory.mktemp("showers")
    truth = write_showers(folder / "toy.h5", SHOWERS, seed=1)
    geometry = ("axis", "core", "lg_energy")
    for name, columns in {
        "likelihood": predict(truth, 1, geometry),
        "p6_seed1": predict(truth, 2, uncertain=True),
        "p6_seed2": predict(truth, 3, scale=1.5, uncertain=True),
        "trees": predict(truth, 4, ("lg_energy", "x_max"), score=True),
        "classifier": predict(truth, 5, (), score=True),
    }.items():
        write(folder / f"{name}.h5", columns)
    few = {name: values[:20] for name, values in truth.items()}
    write(folder / "orbits_likelihood.h5", images(predict(few, 6, geometry)), "orbits")
    write(folder / "orbits_p6_seed1.h5", predict(images(few), 7), "orbits")
    names = ("angular_resolution", "core_resolution", "energy_resolution", "x_max_resolution")
    header = ",".join(("epoch", "validation_loss", *(f"validation_{name}" for name in names)))
    for seed in (1, 2):
        rows = [f"{epoch},{1 / epoch},{seed},{seed},{seed},{seed}" for epoch in range(1, 4)]
        (folder / f"p6_seed{seed}.csv").write_text("\n".join((header, *rows)))
    return folder


@pytest.fixture(scope="module")
def inputs(folder):
    return Inputs(
        predictions={(name, "toy"): folder / f"{name}.h5" for name in METHODS},
        samples={"toy": folder / "toy.h5"},
        histories={name: folder / f"{name}.csv" for name in METHODS if "p6" in name},
    )


@pytest.fixture(scope="module")
def orbits(folder):
    names = ("likelihood", "p6_seed1")
    return Inputs(predictions={(name, "orbits"): folder / f"orbits_{name}.h5" for name in names})


ALL = {
    "comparison": ComparisonSettings(
        groups={
            "p6": Group(events=5000, methods=["p6"]),
            "large": Group(events=20000, methods=["p6_seed2"], kind="p6"),
        }
    ),
    "equivariance": EquivarianceSettings(**FEW),
    "event_display": ShowerDisplaySettings(lg_energies=[19.0, 19.7], min_stations=4),
    "history": FigureSettings(),
    "mass_separation": MassSettings(**FEW),
    "predicted_over_true": HistogramsSettings(**FEW),
    "resolution_energy": ResolutionSettings(**FEW),
    "resolution_primary": ResolutionSettings(**FEW),
    "resolution_primary_energy": ResolutionSettings(bins=3, **FEW),
    "resolution_zenith": ResolutionSettings(**FEW),
    "score_distributions": MassSettings(**FEW),
    "selection": MethodsSettings(**FEW),
    "uncertainty": UncertaintySettings(),
}
OF_PREDICTIONS = [name for name in ALL if name not in ("event_display", "history")]


@pytest.fixture(scope="module")
def make(inputs, orbits):
    """Return a function that makes a product of the files at hand."""

    def inner(name, **changes):
        given = orbits if name == "equivariance" else inputs
        if name == "resolution_primary_energy":
            some = [key for key in given.predictions if key[0] != "classifier"]
            given = Inputs(predictions={key: given.predictions[key] for key in some})
        return getattr(products, name)(given, ALL[name].model_copy(update=changes))

    return inner


@pytest.fixture(scope="module")
def made(make):
    """Return a function that makes each product once."""
    return cache(make)


def test_every_product_is_tried():
    assert set(ALL) == set(vars(products)) - EXPLAINED


@pytest.mark.parametrize("name", ALL)
def test_products_give_a_figure_a_table_and_a_caption(made, name):
    before = dict(mpl.rcParams)
    result = made(name)
    assert dict(mpl.rcParams) == before
    assert result.figure.get_figwidth() in (style.COLUMN, style.PAGE)
    lengths = {len(column) for column in result.table.values()}
    assert len(lengths) == 1
    assert lengths.pop() > 0
    assert result.caption.endswith(".")
    assert "  " not in result.caption
    for number in result.metrics.values():
        assert number.low <= number.value <= number.high
        assert 0 < number.events <= SHOWERS


@pytest.mark.parametrize("name", ALL)
def test_nothing_in_a_figure_is_cut_off(made, name):
    figure = made(name).figure
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # lays out
    drawn = figure.get_tightbbox(canvas.get_renderer())
    slack = 0.03  # in, a line's width
    assert min(drawn.x0, drawn.y0) > -slack
    assert drawn.x1 < figure.get_figwidth() + slack
    assert drawn.y1 < figure.get_figheight() + slack


@pytest.mark.parametrize("name", OF_PREDICTIONS)
def test_products_say_that_they_need_predictions(name):
    with pytest.raises(CascadeError, match="name at least one method"):
        getattr(products, name)(Inputs(), ALL[name])


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("resolution_primary", "classifier"),
        ("predicted_over_true", "classifier"),
        ("mass_separation", "likelihood"),
        ("uncertainty", "likelihood"),
        ("equivariance", "classifier"),
    ],
)
def test_methods_that_predict_nothing_of_a_product_are_a_clear_mistake(folder, name, method):
    path = folder / f"{method}.h5"
    if name == "equivariance":
        columns = hdf5.read(path)
        path = folder / "orbits_nothing.h5"
        write(path, images(columns))
    with pytest.raises(CascadeError, match="none of the methods predicts"):
        getattr(products, name)(Inputs(predictions={(method, "toy"): path}), ALL[name])


def test_products_depend_on_their_seed_alone(make):
    first, second = (make("resolution_energy", bins=2) for _ in range(2))
    assert first.metrics == second.metrics
    np.testing.assert_equal(first.table, second.table)


@pytest.mark.parametrize("name", ["resolution_energy", "resolution_zenith"])
def test_resolutions_agree_with_the_metrics(made, inputs, name):
    result = made(name)
    for (method, _), path in inputs.predictions.items():
        columns = hdf5.read(path)
        for metric in ("angular_resolution", "energy_bias", "x_max_resolution"):
            expected = getattr(metrics, metric)(columns)
            found = result.metrics.get(f"{method}/{metric}")
            assert (found is None) == np.isnan(expected)
            if found is not None:
                assert found.value == pytest.approx(expected)


def test_bins_hold_all_showers_and_their_own_metric(made, inputs):
    table = {key: np.array(column) for key, column in made("resolution_zenith").table.items()}
    row = (table["method"] == "likelihood") & (table["metric"] == "angular_resolution")
    assert table["events"][row].sum() == SHOWERS
    # equal flux: bins of equal width in sin²θ hold about as many showers each
    edges = np.append(table["zenith_low"][row], table["zenith_high"][row][-1])
    np.testing.assert_allclose(np.diff(np.sin(np.radians(edges)) ** 2), 0.75 / 6, atol=1e-6)
    columns = hdf5.read(inputs.predictions["likelihood", "toy"])
    zenith = np.degrees(np.arccos(columns["axis"][:, 2].astype(float)))
    for number, value in enumerate(table["value"][row]):
        chosen = (zenith >= edges[number]) & (zenith < edges[number + 1])
        some = {key: values[chosen] for key, values in columns.items()}
        assert value == pytest.approx(metrics.angular_resolution(some))


def test_bins_with_few_events_are_empty(make):
    table = make("resolution_energy", min_events=SHOWERS).table
    assert np.isnan(table["value"]).all()


def test_primaries_share_the_showers(made):
    table = {key: np.array(column) for key, column in made("resolution_primary").table.items()}
    row = (table["method"] == "trees") & (table["metric"] == "x_max_bias")
    assert table["mass_number"][row].tolist() == [1, 4, 14, 56]
    assert table["events"][row].sum() == SHOWERS


def test_errors_are_those_put_in(made):
    found = made("predicted_over_true").metrics
    assert found["p6_seed1/lg_energy_width"].value == pytest.approx(0.05, rel=0.12)
    assert found["p6_seed1/x_max_width"].value == pytest.approx(20, rel=0.12)
    assert found["p6_seed2/core_x_width"].value == pytest.approx(45, rel=0.12)
    assert abs(found["p6_seed1/x_max_bias"].value) < 4


def test_right_uncertainties_cover_what_they_should(made):
    found = made("uncertainty").metrics
    assert {key.split("/")[1] for key in found} == {
        f"{name}_coverage_68" for name in ("axis", "core", "lg_energy", "x_max")
    }
    for number in found.values():
        assert number.value == pytest.approx(0.6827, abs=0.08)


def test_masses_agree_with_the_metrics(made, inputs):
    found = made("mass_separation").metrics
    columns = hdf5.read(inputs.predictions["classifier", "toy"])
    assert found["classifier/auc"].value == pytest.approx(metrics.auc(columns))
    assert found["classifier/merit_factor"].value == pytest.approx(metrics.merit_factor(columns))
    true = {"predicted_x_max": columns["x_max"], "mass_number": columns["mass_number"]}
    assert found["true_x_max/merit_factor"].value == pytest.approx(metrics.merit_factor(true))
    # the depth is the smaller the heavier the primary, yet more than chance
    assert found["p6_seed1/x_max/auc"].value > 0.7


def test_a_sample_without_iron_is_a_clear_mistake(folder):
    columns = hdf5.read(folder / "classifier.h5")
    light = {key: values[columns["mass_number"] < 56] for key, values in columns.items()}
    write(folder / "light.h5", light)
    with pytest.raises(CascadeError, match=r"light\.h5: .* needs both"):
        products.mass_separation(
            Inputs(predictions={("a", "b"): folder / "light.h5"}), ALL["mass_separation"]
        )
