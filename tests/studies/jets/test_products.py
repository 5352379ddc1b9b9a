import json

import awkward as ak
import h5py
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.writing import writing
from cascade.plotting import style
from cascade.plotting.product import Inputs
from cascade.plotting.reading import Applied, read_history
from cascade.studies.jets import SCHEMA, metrics
from cascade.studies.jets.observables import describe
from cascade.studies.jets.products.display import read_jet
from cascade.studies.jets.products.images import Average, correlations
from cascade.studies.jets.settings import (
    AverageImagesSettings,
    DepthSettings,
    EventDisplaySettings,
    FigureSettings,
    ObservablesSettings,
    PixelCorrelationSettings,
    RocSettings,
    ScoreSettings,
    Selection,
)
from products import products_of

EXPLAINED = {
    "artefact",
    "average_relevance",
    "deconvnet_patches",
    "embedding",
    "feature_maps",
    "heatmaps",
    "maximised",
    "pixel_flipping",
    "saliency_blind_spot",
    "translation",
    "truth_scores",
}  # tried with explanations
products = products_of("jets")

JETS = 240
FORMULAS = {"tau21": -1.0, "mass": 1.0, "pt": 1.0}


def make_jets(seed, selection):
    """Two prongs for W, one for QCD, each a spray of towers."""
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.arange(JETS) % 2).astype(np.int8)
    towers = []
    for signal in label:
        number = rng.integers(6, 20)
        prong = rng.integers(0, 2, number) * signal
        angle = rng.uniform(0, 2 * np.pi)
        axis = 0.6 * prong[:, None] * np.array([np.cos(angle), np.sin(angle)])
        place = axis + rng.normal(0, 0.1, (number, 2)) + [0.5, 3.1]
        place[:, 1] = (place[:, 1] + np.pi) % (2 * np.pi) - np.pi
        towers.append(np.column_stack([rng.exponential(20, number) + 0.1, place]))
    counts = [len(t) for t in towers]
    values = np.concatenate(towers).astype(np.float32)  # as the file stores them
    events = describe(ak.unflatten(ak.from_numpy(values), counts), selection)
    weight = np.where(label, rng.gamma(4, 0.25, JETS), 1).astype(np.float32)
    return {**events, "label": label, "weight": weight}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two samples, a normalised one, predictions of three formulas on the first, histories."""
    folder = tmp_path_factory.mktemp("jets")
    for seed, name in enumerate(("pythia", "toy", "normalised")):
        selection = Selection(normalise=name == "normalised", pt=(0.0, 600.0), mass=(0.0, 400.0))
        events = make_jets(seed, selection)
        settings = json.dumps({"selection": selection.model_dump()})
        facts = {"study": "jets", "sample": name, "split": "test", "settings": settings}
        with writing(folder / f"{name}.h5", SCHEMA, facts) as writer:
            writer.append(events)
    events = hdf5.read(folder / "pythia.h5", ("label", "weight", *FORMULAS))
    for name, sign in FORMULAS.items():
        columns = {"label": events["label"], "weight": events["weight"]}
        write(folder / f"predictions_{name}.h5", score=sign * events[name], **columns)
        rows = [f"{e},{1 / e},{0.5 + 0.1 * (e - 3) ** 2},1e-3,{e}.0,2.0" for e in range(1, 6)]
        (folder / f"{name}.csv").write_text(
            "epoch,train_loss,validation_loss,learning_rate,gradient_first,gradient_last\n"
            + "\n".join(rows)
        )
    # τ21 is the one that validation chooses
    text = (folder / "tau21.csv").read_text()
    (folder / "tau21.csv").write_text(text.replace(",0.5,", ",0.25,"))
    filters = np.random.default_rng(1).normal(size=(6, 5, 5))
    write(folder / "filters.h5", filters=filters, input=np.repeat([0, 1], 3))
    return folder


def write(path, **columns):
    with h5py.File(path, "w") as file:
        file.attrs["study"] = "jets"
        for name, values in columns.items():
            file[name] = values


@pytest.fixture
def inputs(folder):
    return Inputs(
        predictions={(name, "pythia"): folder / f"predictions_{name}.h5" for name in FORMULAS},
        samples={name: folder / f"{name}.h5" for name in ("pythia", "toy")},
        histories={name: folder / f"{name}.csv" for name in FORMULAS},
        explanations={"filters": folder / "filters.h5"},
    )


ALL = {
    "average_images": AverageImagesSettings(),
    "depth": DepthSettings.model_validate_json(
        '{"points": {"tau21": {"depth": 2}, "mass": {"depth": 4}, "pt": {"depth": 2, "kind": "b"}}}'
    ),
    "event_display": EventDisplaySettings(w=1, qcd=2),
    "first_layer_filters": FigureSettings(),
    "history": FigureSettings(),
    "observables": ObservablesSettings(replicas=10),
    "pixel_correlation": PixelCorrelationSettings(),
    "roc": RocSettings(replicas=10),
    "roc_family": RocSettings(replicas=10),
    "selection": ScoreSettings(replicas=10),
    "source_comparison": ObservablesSettings(replicas=10),
}


def test_every_product_is_tried():
    assert set(ALL) == set(vars(products)) - EXPLAINED


@pytest.mark.parametrize("name", ALL)
def test_products_give_a_figure_a_table_and_a_caption(inputs, name, tmp_path):
    before = dict(mpl.rcParams)
    result = getattr(products, name)(inputs, ALL[name])
    assert dict(mpl.rcParams) == before
    style.save(result.figure, tmp_path / "figure.pdf")
    assert result.figure.get_figwidth() in (style.COLUMN, style.PAGE)
    lengths = {len(column) for column in result.table.values()}
    assert len(lengths) == 1
    assert lengths.pop() > 0
    assert result.caption.endswith(".")
    assert not any(path.name in result.caption for path in tmp_path.parent.iterdir())
    for number in result.metrics.values():
        assert number.low <= number.value <= number.high
        assert number.events == JETS


@pytest.mark.parametrize("name", ALL)
def test_nothing_in_a_figure_is_cut_off(inputs, name):
    figure = getattr(products, name)(inputs, ALL[name]).figure
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # lays out
    drawn = figure.get_tightbbox(canvas.get_renderer())
    slack = 0.03  # in, a line's width
    assert min(drawn.x0, drawn.y0) > -slack
    assert drawn.x1 < figure.get_figwidth() + slack
    assert drawn.y1 < figure.get_figheight() + slack


def test_products_depend_on_their_seed_alone(inputs):
    first, second = (products.roc(inputs, ALL["roc"]) for _ in range(2))
    assert first.table == second.table
    assert first.metrics == second.metrics


def test_roc_agrees_with_the_metrics(inputs):
    result = products.roc(inputs, ALL["roc"])
    for (method, _), path in inputs.predictions.items():
        predictions = hdf5.read(path)
        for name in ("auc", "background_rejection_50", "background_rejection_30"):
            expected = getattr(metrics, name)(predictions)
            assert result.metrics[f"{method}/{name}"].value == pytest.approx(expected)
    table = {key: np.array(column) for key, column in result.table.items()}
    row = (table["method"] == "tau21") & np.isclose(table["signal_efficiency"], 0.5)
    assert table["background_rejection"][row] == pytest.approx(
        result.metrics["tau21/background_rejection_50"].value
    )


def test_methods_are_named_with_their_sample_if_there_are_several(inputs, folder):
    path = folder / "predictions_mass.h5"
    both = Inputs(predictions={("mass", "pythia"): path, ("mass", "toy"): path})
    assert {key.rsplit("/", 1)[0] for key in products.roc(both, ALL["roc"]).metrics} == {
        "mass/pythia",
        "mass/toy",
    }


def test_correlation_is_that_of_repeated_events(tmp_path):
    rng = np.random.default_rng(1)
    jets, weight = 300, rng.integers(0, 4, 300)
    image = rng.gamma(1, 1, (jets, 3, 3))
    image[:, 0, 0], image[:, 2, 1] = 0, 1.5
    score = image[:, 1, 1] + rng.normal(size=jets)
    label = np.arange(jets) % 2
    write(tmp_path / "jets.h5", image=image, label=label, weight=weight.astype(float))
    applied = Applied(
        "m", "s", "m", "m", tmp_path, {"score": score, "label": label, "weight": weight}
    )
    found = correlations(tmp_path / "jets.h5", [applied], jets)[0]
    repeated = np.repeat(np.arange(jets), weight)
    for x in range(3):
        for y in range(3):
            if (x, y) in ((0, 0), (2, 1)):
                assert np.isnan(found[x, y])
            else:
                expected = np.corrcoef(image[repeated, x, y], score[repeated])[0, 1]
                assert found[x, y] == pytest.approx(expected, abs=1e-10)


def test_correlation_refuses_other_jets(inputs, folder):
    mixed = Inputs(
        predictions={("mass", "toy"): folder / "predictions_mass.h5"}, samples=inputs.samples
    )
    with pytest.raises(CascadeError, match="labels are not those"):
        products.pixel_correlation(mixed, PixelCorrelationSettings())


def test_average_is_the_mean_with_its_error():
    rng = np.random.default_rng(2)
    pixels, weight = rng.gamma(1, 1, (50, 2, 2)), rng.gamma(2, 1, 50)
    average = Average(2)
    average.add(pixels[:20], weight[:20])
    average.add(pixels[20:], weight[20:])
    mean, error = average.mean_and_error()
    np.testing.assert_allclose(mean, np.average(pixels, axis=0, weights=weight))
    deviations = weight[:, None, None] * (pixels - mean)
    np.testing.assert_allclose(error, np.sqrt((deviations**2).sum(axis=0)) / weight.sum())


def test_average_images_end_at_the_stored_images(inputs):
    table = products.average_images(inputs, AverageImagesSettings()).table
    jets = hdf5.read(inputs.samples["pythia"], ("image", "image_raw", "label", "weight"))
    for step, field in (("raw", "image_raw"), ("flipped", "image")):
        for label in (0, 1):
            chosen = jets["label"] == label
            expected = np.average(jets[field][chosen], axis=0, weights=jets["weight"][chosen])
            row = (np.array(table["step"]) == step) & (np.array(table["label"]) == label)
            found = np.array(table["mean"])[row]
            np.testing.assert_allclose(found, expected.ravel(), rtol=1e-4, atol=1e-5)


def test_a_normalised_sample_shows_its_last_step(folder, inputs):
    samples = {"normalised": folder / "normalised.h5"}
    result = products.average_images(Inputs(samples=samples), AverageImagesSettings())
    assert "normalised" in result.table["step"]
    products.event_display(Inputs(samples=samples), EventDisplaySettings())
    jet, plain = read_jet(samples["normalised"], 1, 0), read_jet(inputs.samples["toy"], 1, 0)
    assert jet["image"].sum() == pytest.approx(jet["image_raw"].sum())
    assert plain["image"].max() > 1


def test_windows_without_jets_are_a_clear_mistake(inputs):
    with pytest.raises(CascadeError, match="no jet lies in the windows"):
        products.average_images(inputs, AverageImagesSettings(mass=(1000.0, 2000.0)))


def test_subjets_are_those_of_delta_r(inputs):
    for label in (0, 1):
        jet = read_jet(inputs.samples["pythia"], label, 3)
        separation = np.hypot(*(jet["subjets"][1] - jet["subjets"][0]))
        assert np.nan_to_num(separation) == pytest.approx(jet["delta_r"], abs=1e-5)
        assert np.abs(jet["towers"][:, 1:]).max() < 2  # φ wraps about the axis


def test_a_display_beyond_the_last_jet_is_a_clear_mistake(inputs):
    with pytest.raises(CascadeError, match=r"event_display: w: 5000 is too large.*120 W jets"):
        products.event_display(inputs, EventDisplaySettings(w=5000))


def test_distributions_have_unit_area(inputs):
    result = products.source_comparison(inputs, ALL["source_comparison"])
    table = {key: np.array(column) for key, column in result.table.items()}
    for observable in ("mass", "tau21", "constituents"):
        for sample in ("pythia", "toy"):
            row = (table["observable"] == observable) & (table["sample"] == sample)
            row &= table["label"] == 1
            area = table["density"][row] @ (table["high"] - table["low"])[row]
            assert area == pytest.approx(1, abs=0.02)
    own = table["sample"] == "pythia"
    assert set(table["ratio"][own][np.isfinite(table["ratio"][own])]) == {1.0}


def test_validation_chooses_and_test_reports(inputs):
    result = products.selection(inputs, ALL["selection"])
    chosen = dict(zip(result.table["method"], result.table["chosen"], strict=True))
    assert chosen == {"tau21": 1, "mass": 0, "pt": 0}
    assert result.metrics["best_network/auc"] == result.metrics["tau21/auc"]
    assert "'tau21' with a loss of 0.25" in result.caption
    # a method without a history is shown and never chosen
    fewer = Inputs(inputs.predictions, histories={"mass": inputs.histories["mass"]})
    result = products.selection(fewer, ALL["selection"])
    assert dict(zip(result.table["method"], result.table["chosen"], strict=True))["mass"] == 1


def test_depth_asks_for_what_it_lacks(inputs):
    with pytest.raises(CascadeError, match="points: has no 'tau21'"):
        products.depth(inputs, DepthSettings())
    result = products.depth(inputs, ALL["depth"])
    assert result.table["gradient_first"] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds no rows"),
        ("epoch,train_loss\n1,2\n", "no column 'validation_loss'"),
        ("epoch,validation_loss\n1,much\n", "not a table of numbers"),
    ],
)
def test_a_bad_history_is_one_clear_line(tmp_path, text, complaint):
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(CascadeError, match=complaint) as caught:
        read_history(path)
    assert str(path) in str(caught.value)


def test_a_history_may_have_gaps_and_steps(tmp_path, inputs):
    path = tmp_path / "history.csv"
    path.write_text("step,train_loss,validation_loss\n1,,0.5\n2,,0.4\n")
    result = products.history(Inputs(histories={"trees": path}), FigureSettings())
    assert result.table["validation_loss"] == [0.5, 0.4]
    assert np.isnan(result.table["train_loss"]).all()


def test_products_say_which_input_is_missing(tmp_path):
    for name in ("roc", "pixel_correlation"):
        with pytest.raises(CascadeError, match="name at least one method"):
            getattr(products, name)(Inputs(), ALL[name])
    for name in ("average_images", "observables", "event_display", "source_comparison"):
        with pytest.raises(CascadeError, match="sample"):
            getattr(products, name)(Inputs(), ALL[name])
    for name in ("history", "selection", "depth"):
        with pytest.raises(CascadeError, match="histories"):
            getattr(products, name)(Inputs(), ALL[name])
    with pytest.raises(CascadeError, match="exactly one, not 0"):
        products.first_layer_filters(Inputs(), FigureSettings())


def test_one_class_alone_is_a_clear_mistake(tmp_path):
    write(tmp_path / "one.h5", score=np.ones(3), label=np.ones(3), weight=np.ones(3))
    with pytest.raises(CascadeError, match="holds no QCD jet"):
        products.roc(Inputs(predictions={("a", "b"): tmp_path / "one.h5"}), ALL["roc"])
