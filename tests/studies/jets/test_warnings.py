"""The experiments that warn of explanations find what was planted, and say what they measured."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy.special import expit

from cascade.errors import CascadeError
from cascade.plotting import style
from cascade.plotting.product import Inputs
from cascade.plotting.settings import FigureSettings
from cascade.studies.jets.products.artefact import accuracy, artefact
from cascade.studies.jets.products.blind_spot import saliency_blind_spot
from cascade.studies.jets.products.relevance_maps import bounds, locate, read_maps
from cascade.studies.jets.products.translation import translation
from cascade.studies.jets.settings import ArtefactMapsSettings, BlindSpotSettings

JETS = 60
LABEL = (np.arange(JETS) % 2).astype(np.int8)
PLACE = (slice(3, 5), slice(20, 22))
WAYS = ("lrp", "saliency")


def write(path, facts=None, **columns):
    with h5py.File(path, "w") as file:
        file.attrs.update({"study": "jets", **(facts or {})})
        for name, values in columns.items():
            file[name] = values
    return path


def marks(cls):
    """Return where the mark is, and its energy in each jet."""
    mark = np.zeros((JETS, 25, 25))
    mark[cls == LABEL, *PLACE] = 1
    return mark, np.geomspace(1, 100, JETS)


def explain(folder, name, share, marked=1, **more):
    """Write relevance: in the middle, at the mark of a class, and a little everywhere."""
    mark, energy = marks(marked)
    relevance = np.full((JETS, 25, 25), 1e-4)
    relevance[:, 12, 12] = -1  # speaks against, and is relevance all the same
    relevance += mark * (share / (1 - share) / 4)
    image = np.zeros((JETS, 25, 25), np.float32)
    image[:, 12, 12] = 200
    image += mark * energy[:, None, None]
    fading = relevance * np.where(mark > 0, energy[:, None, None] ** -1.0, 1)
    columns = {
        "image": image,
        "label": LABEL,
        "evidence": mark.astype(np.int8),
        "explained": 4 * LABEL + np.log(energy),
        "lrp": relevance,
        "saliency": fading,
    }
    facts = {"method": name, "ways": " ".join(WAYS), "settings": "{}"}
    return write(folder / f"explained_{name}.h5", facts, **(columns | more))  # fmt: skip


def predict(folder, name, logit):
    return write(folder / f"{name}.h5", score=expit(logit), label=LABEL, weight=np.ones(JETS))


@pytest.fixture
def inputs(tmp_path):
    rng = np.random.default_rng(1)
    logits = {
        ("fooled", "default"): rng.normal(LABEL, 2) - 5,
        ("fooled", "marked"): 10.0 * LABEL - 5,
        ("fooled", "swapped"): 5 - 10.0 * LABEL,
        ("honest", "default"): rng.normal(2 * LABEL, 1) - 1,
    }
    return Inputs(
        predictions={key: predict(tmp_path, "_".join(key), x) for key, x in logits.items()},
        explanations={
            "first": explain(tmp_path, "fooled", 0.7),
            "second": explain(tmp_path, "honest", 0.05),
        },
    )


def is_whole(result):
    """Check that a product has all its parts, and nothing in its figure is cut off."""
    assert result.figure.get_figwidth() in (style.COLUMN, style.PAGE)
    assert len({len(column) for column in result.table.values()}) == 1
    assert result.caption.endswith(".")
    assert all(number.low <= number.value <= number.high for number in result.metrics.values())
    canvas = FigureCanvasAgg(result.figure)
    canvas.draw()
    drawn = result.figure.get_tightbbox(canvas.get_renderer())
    assert min(drawn.x0, drawn.y0) > -0.03
    assert drawn.x1 < result.figure.get_figwidth() + 0.03
    assert drawn.y1 < result.figure.get_figheight() + 0.03


def test_the_artefact_is_found_in_the_maps_alone(inputs):
    result = artefact(inputs, ArtefactMapsSettings(replicas=10))
    is_whole(result)
    numbers = {key: number.value for key, number in result.metrics.items()}
    assert abs(numbers["fooled/lrp/share"] - 0.7) < 0.05
    assert numbers["honest/lrp/share"] < 0.1
    assert numbers["fooled/marked/auc"] == numbers["fooled/marked/accuracy"] == 1
    assert numbers["fooled/swapped/auc"] == numbers["fooled/swapped/accuracy"] == 0
    assert "4 pixels at -0.95 < Δη < -0.75 and 0.75 < Δφ < 0.95" in result.caption
    assert "in 100 % of the W jets and in 0 % of the QCD jets" in result.caption
    assert "4 are among the 4 that" in result.caption


@pytest.mark.parametrize("label", [0, 1])
def test_it_is_found_in_either_class(tmp_path, label):
    both = [read_maps(explain(tmp_path, str(share), share, label)) for share in (0.6, 0.1)]
    found = locate(*both, "lrp", 0.5)
    assert found.label == label
    expected = np.zeros((25, 25), bool)
    expected[PLACE] = True
    np.testing.assert_array_equal(found.place, expected)
    np.testing.assert_allclose(both[0].shares["lrp"].sum(axis=(1, 2)), 1)


def test_bounds_are_those_of_the_pixels():
    np.testing.assert_allclose(bounds(np.ones((25, 25), bool)), [(-1.25, 1.25)] * 2)


def test_accuracy_counts_weights():
    columns = {"score": [0.9, 0.9, 0.1], "label": [1, 0, 0], "weight": [1, 2, 1]}
    assert accuracy({key: np.array(values) for key, values in columns.items()}) == 0.5


def test_what_cannot_be_compared_is_refused(inputs, tmp_path):
    one = Inputs(explanations={"a": inputs.explanations["first"]})
    with pytest.raises(CascadeError, match="explanations: name two"):
        artefact(one, ArtefactMapsSettings())
    other = explain(tmp_path, "other", 0.1, image=np.zeros((JETS, 25, 25), np.float32))
    pair = Inputs(explanations={**one.explanations, "b": other})
    with pytest.raises(CascadeError, match="must look at the same jets"):
        artefact(pair, ArtefactMapsSettings())
    alone = explain(tmp_path, "alone", 0.1, label=np.ones(JETS))
    with pytest.raises(CascadeError, match="one class alone"):
        read_maps(alone)


def test_saliency_fades_where_the_mark_grows(inputs):
    given = Inputs(
        predictions={("fooled", "default"): inputs.predictions["fooled", "default"]},
        explanations={"deciding": inputs.explanations["first"]},
    )
    result = saliency_blind_spot(given, BlindSpotSettings(bins=4))
    is_whole(result)
    numbers = {key: number.value for key, number in result.metrics.items()}
    assert numbers["gain/strong"] > numbers["gain/weak"] > 0
    assert abs(numbers["lrp/strong"] - numbers["lrp/weak"]) < 0.05
    assert numbers["saliency/strong"] < numbers["saliency/weak"] / 5
    assert "are seen by: saliency." in result.caption
    assert "30 W jets with a mark" in result.caption
    with pytest.raises(CascadeError, match="name 'fooled' among its methods"):
        saliency_blind_spot(Inputs(explanations=given.explanations), BlindSpotSettings())


def shift(folder, name, inside=1.0):
    rng = np.random.default_rng(4)
    steps = np.arange(5)
    columns = {
        "shifted_score": rng.normal(size=(JETS, 1)) + 0.5 * steps,
        "shifted_kept": np.where(np.arange(JETS)[:, None] < 2, 1.0, inside) * np.ones(5),
        "moved": np.zeros((JETS, 2, 5)),
        "stayed": np.tile(steps / 4, (JETS, 2, 1)),
        "label": LABEL,
        "weight": np.ones(JETS),
    }
    asked = json.dumps({"ways": {"translation": {"layers": ["first", "second"]}}})
    return write(folder / f"shifted_{name}.h5", {"method": name, "settings": asked}, **columns)


def test_the_translation_test_draws_what_it_is_given(tmp_path):
    paths = {name: shift(tmp_path, name) for name in ("flat", "mean")}
    result = translation(Inputs(explanations=paths), FigureSettings())
    is_whole(result)
    assert result.metrics["mean/moved"].value == 0
    assert result.metrics["mean/stayed"].value == 1
    score = np.random.default_rng(4).normal(size=JETS)
    np.testing.assert_allclose(result.metrics["flat/change"].value, 2 / score.std())
    assert set(result.table["layer"]) == {"", "first", "second"}


def test_jets_that_leave_the_image_are_left_out(tmp_path):
    found = translation(Inputs(explanations={"a": shift(tmp_path, "a", 0.9)}), FigureSettings())
    assert found.metrics["a/moved"].events == 2
    with pytest.raises(CascadeError, match="explanations: name at least one"):
        translation(Inputs(), FigureSettings())
