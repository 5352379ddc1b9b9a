"""Figures of explanations, drawn from small files of the kind that ``cascade explain`` writes."""

from __future__ import annotations

import json

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.plotting import style
from cascade.plotting.product import Inputs
from cascade.plotting.settings import FigureSettings
from cascade.studies.jets.products.excitation import deconvnet_patches, maximised
from cascade.studies.jets.products.feature_maps import feature_maps
from cascade.studies.jets.products.heatmaps import average_relevance, heatmaps
from cascade.studies.jets.settings import (
    AverageRelevanceSettings,
    FeatureMapsSettings,
    HeatmapsSettings,
    MaximisedSettings,
    PatchesSettings,
)

JETS, SIZE = 20, 25
SIGNED, UNSIGNED = "lrp", "grad_cam"


def write(path, ways, settings, **columns):
    schema = tuple(
        Field(name, "1", name, tuple(f"axis_{axis}" for axis in range(values.ndim - 1)),
              values.dtype.name)
        for name, values in columns.items()
    )  # fmt: skip
    facts = {"study": "jets", "method": "cnn", "ways": ways, "settings": json.dumps(settings)}
    with writing(path, schema, facts) as writer:
        writer.append(columns)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explanations")
    rng = np.random.default_rng(1)
    label = (np.arange(JETS) % 2).astype(np.int8)
    image = (rng.gamma(1, 5, (JETS, SIZE, SIZE)) * (rng.random((JETS, SIZE, SIZE)) < 0.1)).astype(
        np.float32
    )
    image[:, 12, 12] = 50
    relevance = (image * rng.normal(size=image.shape)).astype(np.float32)
    maps = rng.random((JETS, SIZE, SIZE), np.float32)
    maps[3] = 0  # nothing is relevant
    delta_r = np.where(np.arange(JETS) == 0, 0, 0.6).astype(np.float32)
    write(
        folder / "deciding.h5",
        f"{SIGNED} {UNSIGNED} embedding",
        {},
        image=image,
        label=label,
        delta_r=delta_r,
        weight=rng.random(JETS, np.float32),
        explained=rng.normal(size=JETS).astype(np.float32),
        embedding=rng.random((JETS, 2), np.float32),
        **{SIGNED: relevance, UNSIGNED: maps},
    )
    features = [{"layer": "first"}, {"layer": "second"}]
    _write_rows(folder, rng, image, features)
    for layer, side in (("first", 12), ("second", 3)):
        found = rng.normal(size=(JETS, 5, side, side)).astype(np.float32)
        write(folder / f"{layer}.h5", "feature_maps", {"ways": {"feature_maps": {"layer": layer}}},
              image=image, label=label, feature_maps=found)  # fmt: skip
    return folder


def _write_rows(folder, rng, image, features):
    """Write what excites two channels of one layer and one of another."""
    place, channel = np.array([0, 0, 1]), np.array([4, 2, 7])
    reach = np.zeros((9, SIZE, SIZE), np.int8)
    reach[:6, :7, 3:14] = 1
    reach[0, :7, 3:14], reach[0, 8:19, 3:14] = 0, 1  # of the others the edge cuts off a part
    reach[6:] = 1
    write(
        folder / "patches.h5",
        "deconvnet",
        {"events": JETS, "ways": {"deconvnet": {"features": features}}},
        feature=np.repeat(place, 3).astype(np.int16),
        channel=np.repeat(channel, 3).astype(np.int16),
        event=np.arange(9, dtype=np.int32),
        activation=rng.random(9, np.float32),
        image=image[:9],
        image_reach=reach,
        image_pattern=(reach * rng.normal(size=reach.shape)).astype(np.float32),
    )
    aims = [(-1, -1, 1), (-1, -1, -1), *((p, c, 1) for p, c in zip(place, channel, strict=True))]
    feature, channel, sign = (np.repeat(x, 3) for x in np.array(aims, np.int16).T)
    found = rng.gamma(1, 5, (15, SIZE, SIZE)).astype(np.float32)
    write(
        folder / "maximised.h5",
        "maximisation",
        {"ways": {"maximisation": {"features": features}}},
        feature=feature,
        channel=channel,
        sign=sign.astype(np.int8),
        start=np.tile(np.arange(3), 5).astype(np.int16),
        climb=rng.normal(size=(15, 4)).astype(np.float32),
        image=found,
    )


ALL = {
    "heatmaps": (heatmaps, HeatmapsSettings(w=(0, 1), qcd=(0,)), ["deciding"]),
    "average_relevance": (average_relevance, AverageRelevanceSettings(), ["deciding"]),
    "maximised": (maximised, MaximisedSettings(), ["maximised"]),
    "deconvnet_patches": (deconvnet_patches, PatchesSettings(), ["patches"]),
    "feature_maps": (feature_maps, FeatureMapsSettings(jet=1), ["first", "second"]),
}


def draw(folder, name, settings=None):
    function, usual, files = ALL[name]
    inputs = Inputs(explanations={file: folder / f"{file}.h5" for file in files})
    return function(inputs, settings or usual)


@pytest.mark.parametrize("name", ALL)
def test_products_give_a_figure_a_table_and_a_caption(folder, name):
    before = dict(mpl.rcParams)
    result = draw(folder, name)
    assert dict(mpl.rcParams) == before
    figure = result.figure
    assert figure.get_figwidth() == style.PAGE
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # lays out
    drawn = figure.get_tightbbox(canvas.get_renderer())
    assert min(drawn.x0, drawn.y0) > -0.03
    assert drawn.x1 < figure.get_figwidth() + 0.03
    assert drawn.y1 < figure.get_figheight() + 0.03
    lengths = {len(column) for column in result.table.values()}
    assert len(lengths) == 1
    assert lengths.pop() > 0
    assert result.caption.endswith(".")
    assert "'cnn'" in result.caption


def columns(result):
    return {name: np.array(values) for name, values in result.table.items()}


def test_jets_are_counted_within_their_class(folder):
    table = columns(draw(folder, "heatmaps", HeatmapsSettings(w=(2,), qcd=(1, 0))))
    assert list(dict.fromkeys(table["jet"].tolist())) == [5, 2, 0]
    jet = hdf5.read(folder / "deciding.h5")
    for name in ("image", SIGNED, UNSIGNED):
        found = table[name][table["jet"] == 5].reshape(SIZE, SIZE)
        np.testing.assert_allclose(found, jet[name][5], rtol=1e-6)
    hottest = table["image"].argmax()
    assert (table["eta"][hottest], table["phi"][hottest]) == pytest.approx((0, 0), abs=1e-9)


def test_ways_may_be_chosen(folder):
    chosen = HeatmapsSettings(w=(0,), qcd=(), ways=(UNSIGNED,))
    result = draw(folder, "heatmaps", chosen)
    assert SIGNED not in result.table
    assert result.caption.startswith("1 W jet and 0 QCD jets, ")
    for wrong in ("lrpp", "embedding"):
        with pytest.raises(CascadeError, match=r"ways.*'" + wrong):
            draw(folder, "heatmaps", HeatmapsSettings(ways=(wrong,)))


def test_the_mean_relevance_is_that_of_a_class(folder):
    table, jets = columns(draw(folder, "average_relevance")), hdf5.read(folder / "deciding.h5")
    for label in (0, 1):
        for name in ("image", SIGNED, UNSIGNED):
            of_class = jets["label"] == label
            wanted = np.average(jets[name][of_class], axis=0, weights=jets["weight"][of_class])
            found = table["mean"][(table["label"] == label) & (table["shown"] == name)]
            np.testing.assert_allclose(found.reshape(SIZE, SIZE), wanted, rtol=1e-5, atol=1e-6)


def test_starts_may_be_fewer_than_there_are(folder):
    table = columns(draw(folder, "maximised", MaximisedSettings(starts=1)))
    assert set(table["start"]) == {0}
    assert len(table["pt"]) == 5 * SIZE**2


def test_patches_are_what_lies_in_the_fields(folder):
    table, rows = columns(draw(folder, "deconvnet_patches")), hdf5.read(folder / "patches.h5")
    assert len(table["pt"]) == rows["image_reach"].sum()
    assert table["pt"].sum() == pytest.approx((rows["image"] * rows["image_reach"]).sum(), rel=1e-5)
    assert table["channel"][0] == 4


def test_the_liveliest_channels_are_shown(folder):
    table = columns(draw(folder, "feature_maps", FeatureMapsSettings(jet=2, channels=2)))
    maps = hdf5.read(folder / "second.h5")["feature_maps"][2]
    shown = list(dict.fromkeys(table["channel"][table["layer"] == "second"].tolist()))
    assert shown == maps.sum((1, 2)).argsort()[::-1][:2].tolist()


@pytest.mark.parametrize(
    ("name", "settings", "complaint"),
    [
        ("heatmaps", HeatmapsSettings(w=(10,)), r"heatmaps: w: 10 is too large.*10 W jets"),
        ("heatmaps", HeatmapsSettings(w=(), qcd=()), "name at least one jet"),
        ("feature_maps", FeatureMapsSettings(jet=20), r"jet: 20 is too large.*20 jets"),
    ],
)
def test_jets_that_are_not_there_are_named(folder, name, settings, complaint):
    with pytest.raises(CascadeError, match=complaint):
        draw(folder, name, settings)


def test_files_of_another_kind_are_refused(folder):
    maps = Inputs(explanations={"maps": folder / "first.h5"})
    with pytest.raises(CascadeError, match="holds no relevance of single elements"):
        heatmaps(maps, HeatmapsSettings())
    with pytest.raises(CascadeError, match="name at least one"):
        feature_maps(Inputs(), FeatureMapsSettings())
    with pytest.raises(CascadeError, match="exactly one, not 0"):
        maximised(Inputs(), FigureSettings())
