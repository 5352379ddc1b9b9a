"""Products that show single skies, the real sky, and graphs."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.writing import writing
from cascade.introspection.neighbours import SCHEMA
from cascade.plotting import style
from cascade.plotting.product import Inputs
from cascade.studies.skies.products import graphs, maps, significance
from cascade.studies.skies.products.reading import unbounded
from cascade.studies.skies.settings import (
    ExposureSettings,
    NeighbourGraphsSettings,
    RealSkySettings,
    SkyMapsSettings,
)
from products import products_of
from studies.skies.products.predicted import FIELDS, TRUTH, make_skies, predict, write

products = products_of("skies")

METHODS = ("net_seed1", "net_seed2", "scan")


def without_truth(skies):
    return {name: skies[name] for name in ("direction", "energy")}


def test_maps_show_the_first_skies_of_either_kind(tmp_path):
    skies = make_skies(60)
    write(tmp_path / "skies.h5", skies)
    inputs = Inputs(samples={"default": tmp_path / "skies.h5"})
    result = products.sky_maps(inputs, SkyMapsSettings(fraction=0.1))
    shown = sorted(set(result.table["sky"]))
    isotropic = int(np.flatnonzero(skies["label"] == 0)[0])
    signal = int(np.flatnonzero(np.isclose(skies["signal_fraction"], 0.1))[0])
    assert shown == sorted({isotropic, signal})
    rows = np.array(result.table["sky"]) == signal
    assert np.array(result.table["ray_label"])[rows].sum() == skies["ray_label"][signal].sum()
    sky = maps.read_sky(tmp_path / "skies.h5", signal)
    lit = np.unique(skies["source"][signal][skies["ray_label"][signal] == 1])
    np.testing.assert_array_equal(sky.sources, skies["source_direction"][signal][lit])
    assert f"{skies['ray_label'][signal].sum()} rays" in result.caption
    with pytest.raises(CascadeError, match=r"sky_maps: fraction: .*0.2; it has 0.02, 0.03"):
        products.sky_maps(inputs, SkyMapsSettings(fraction=0.2))


def test_a_sky_without_truth_is_shown_alone(tmp_path):
    write(tmp_path / "real.h5", without_truth(make_skies(1)))
    result = products.sky_maps(Inputs(samples={"r": tmp_path / "real.h5"}), SkyMapsSettings())
    assert set(result.table["sky"]) == {0}
    assert set(result.table["charge"]) == {""}
    assert "a sky without truth" in result.caption
    assert "simulated" not in result.caption
    style.save(result.figure, tmp_path / "map.pdf")


def test_a_sky_whose_sources_have_single_rays_has_no_rings(tmp_path):
    write(tmp_path / "faint.h5", make_skies(3, isotropic=0.0, fractions=[0.01]))
    inputs = Inputs(samples={"faint": tmp_path / "faint.h5"})
    result = products.sky_maps(inputs, SkyMapsSettings(fraction=0.01))
    assert not any(result.table["ray_label"])
    assert "none of its sources has two rays" in result.caption
    assert "rings" not in result.caption


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    exposure = ExposureSettings()
    isotropic = make_skies(199, 3, isotropic=1.0, exposure=exposure)
    real = without_truth(make_skies(1, 4, isotropic=1.0, exposure=exposure))
    for sample, skies in (("real", real), ("isotropic", isotropic)):
        write(folder / f"{sample}.h5", skies, sample)
        for seed, name in enumerate(METHODS, start=1):
            network = name != "scan"
            columns = predict(skies, 0, seed, rays=network, probability=network)
            write(folder / f"{name}_{sample}.h5", columns, sample)
    return folder


@pytest.fixture
def inputs(folder):
    samples = ("real", "isotropic")
    return Inputs(
        predictions={
            (name, sample): folder / f"{name}_{sample}.h5" for sample in samples for name in METHODS
        },
        samples={sample: folder / f"{sample}.h5" for sample in samples},
    )


def test_p_values_count_isotropic_skies(inputs, folder, tmp_path):
    result = products.real_sky(inputs, RealSkySettings(labels={"net": "Network"}))

    def scores(name, sample):
        return hdf5.read(folder / f"{name}_{sample}.h5", ("score",))["score"]

    def p(real, isotropic):
        return (1 + np.sum(isotropic >= real)) / 200

    for name in METHODS:
        expected = p(scores(name, "real"), scores(name, "isotropic"))
        assert result.metrics[f"{name}/p_value"].value == pytest.approx(expected)
    both = [
        np.mean([logit(scores(name, sample)) for name in METHODS[:2]], axis=0)
        for sample in ("real", "isotropic")
    ]
    combined = result.metrics["net/p_value"]
    assert combined.value == pytest.approx(p(*both))
    assert combined.low <= combined.value <= combined.high
    assert combined.events == 199
    assert result.table["method"] == ["net", "net_seed1", "net_seed2", "scan"]
    assert result.table["seeds"] == [2, 1, 1, 1]
    for words in ("Network (2 seeds)", "no probability", "not corrected", "199 skies", "25 rays"):
        assert words in result.caption
    style.save(result.figure, tmp_path / "real.pdf")


def ranked(higher, number=2000):
    isotropic = np.arange(number, dtype=float)
    return significance.Ranked("net", "Network", 1, number - higher - 0.5, isotropic)


def test_a_score_that_no_isotropic_sky_reaches_is_one_of_all():
    number = ranked(0).p
    assert number.value == 1 / 2001
    assert number.low == 0
    assert number.high > number.value
    assert ranked(2000).p.value == 1


@pytest.mark.parametrize(
    ("higher", "words"),
    [
        (300, "compatible with isotropy"),
        (40, "not significant"),
        (0, "before any correction for what else was tried"),
    ],
)
def test_the_caption_s_words_follow_from_the_p_value(higher, words):
    assert words in significance.verdict([ranked(900), ranked(higher)])
    assert words in significance.verdict([ranked(higher)])


def test_probabilities_enter_as_their_logit_and_others_as_they_are():
    probabilities = np.array([0.2, 0.9])
    np.testing.assert_allclose(unbounded(probabilities)[0], logit(probabilities))
    assert np.isfinite(unbounded(np.array([0.0, 1.0]))[0]).all()
    # one score beyond [0, 1] says that none is a probability
    for found in unbounded(probabilities, np.array([1.5])):
        assert found.max() in (0.9, 1.5)


def test_skies_of_another_size_or_exposure_are_refused(inputs, tmp_path):
    def compared_with(**settings):
        skies = make_skies(100, 5, isotropic=1.0, **settings)
        write(tmp_path / "other.h5", skies, "isotropic")
        samples = inputs.samples | {"isotropic": tmp_path / "other.h5"}
        return products.real_sky(replace(inputs, samples=samples), RealSkySettings())

    with pytest.raises(CascadeError, match="its skies have 70 rays, the real one has 60; simulate"):
        compared_with(rays=70)
    with pytest.raises(
        CascadeError, match="under another exposure: declinations 10° to 70°, those of the real"
    ):
        compared_with(exposure=ExposureSettings(latitude=40.0, zenith=30.0))
    # steeper spectra are no error, but are told
    result = compared_with(exposure=ExposureSettings(), spectrum=steep())
    assert "energies differ" in result.caption
    assert "declinations are compatible" in result.caption


def steep():
    from cascade.studies.skies.settings import SpectrumSettings

    return SpectrumSettings(shape="power_law", index=9.0)


def test_what_does_not_fit_together_is_refused(inputs, folder, tmp_path):
    settings = RealSkySettings()
    with pytest.raises(CascadeError, match="samples: needs two"):
        products.real_sky(replace(inputs, samples={}), settings)
    only = {key: path for key, path in inputs.predictions.items() if key[1] == "real"}
    with pytest.raises(CascadeError, match="no predictions on sample 'isotropic'"):
        products.real_sky(replace(inputs, predictions=only), settings)
    less = dict(list(inputs.predictions.items())[:-1])
    with pytest.raises(CascadeError, match="applied to both samples"):
        products.real_sky(replace(inputs, predictions=less), settings)
    swapped = dict(reversed(inputs.samples.items()))
    with pytest.raises(CascadeError, match="holds 199 skies, not the one real sky"):
        products.real_sky(replace(inputs, samples=swapped), settings)
    with pytest.raises(CascadeError, match="method: no predictions of 'scan'"):
        products.real_sky(inputs, RealSkySettings(method="scan"))
    write(tmp_path / "signal.h5", predict(make_skies(50), 0, rays=False), "isotropic")
    files = inputs.predictions | {("scan", "isotropic"): tmp_path / "signal.h5"}
    with pytest.raises(CascadeError, match=r"signal.h5: holds skies with sources"):
        products.real_sky(replace(inputs, predictions=files), settings)


def test_methods_without_ray_scores_need_no_map(inputs):
    scans = {key: path for key, path in inputs.predictions.items() if key[0] == "scan"}
    result = products.real_sky(replace(inputs, predictions=scans), RealSkySettings())
    assert "Map:" not in result.caption
    assert set(result.table["method"]) == {"scan"}


def write_graphs(path, skies, found, truth=True):
    names = ("direction", "energy", *(TRUTH if truth else ()))
    schema = (*SCHEMA, *(FIELDS[name] for name in names))
    with writing(path, schema, {"study": "skies", "method": "dgcnn"}) as writer:
        writer.append({"neighbours": found, **{name: skies[name] for name in names}})


def random_graphs(skies, graphs=3, number=4, seed=1):
    rng = np.random.default_rng(seed)
    events, rays = skies["energy"].shape
    found = np.argsort(rng.random((events, graphs, rays, rays - 1)))[..., :number]
    own = np.arange(rays)[:, np.newaxis]
    found = found + (found >= own)  # never itself
    found[:, -1] = found[:, 0]
    found[0, 1, 0, 1:] = 0  # a ray with one neighbour
    return found


def test_numbers_of_graphs_are_those_of_slow_loops(tmp_path):
    skies = make_skies(12, fractions=[0.1])
    found = random_graphs(skies)
    write_graphs(tmp_path / "graphs.h5", skies, found)
    inputs = Inputs(explanations={"graphs": tmp_path / "graphs.h5"})
    result = products.neighbour_graphs(inputs, NeighbourGraphsSettings())
    direction = skies["direction"].astype(float)
    for graph in range(3):
        distance, kept, signal = [], [], []
        for event in range(12):
            label = skies["ray_label"][event]
            pairs = [(i, j) for i, row in enumerate(found[event, graph]) for j in row if i != j]
            cosines = [np.clip(direction[event, i] @ direction[event, j], -1, 1) for i, j in pairs]
            distance.append(np.degrees(np.arccos(cosines)).mean())
            kept.append(np.mean([j in found[event, 0, i] for i, j in pairs]))
            if label.sum() > 1:
                signal.append(np.mean([label[j] for i, j in pairs if label[i]]))
        for name, values in (
            ("neighbour_distance", distance), ("neighbours_kept", kept),
            ("neighbours_signal", signal),
        ):  # fmt: skip
            number = result.metrics[f"dgcnn/{name}_{graph + 1}"]
            assert number.value == pytest.approx(np.mean(values), rel=1e-5)
            assert number.events == len(values)
            error = np.std(values, ddof=1) / np.sqrt(len(values))
            assert number.high - number.value == pytest.approx(error, rel=1e-4, abs=1e-9)
    assert result.metrics["dgcnn/neighbours_kept_3"].value == 1
    style.save(result.figure, tmp_path / "graphs.pdf")


def test_neighbours_by_lot_meet_the_expectation_of_chance(tmp_path):
    skies = make_skies(12, isotropic=0.0, fractions=[0.2])
    write_graphs(tmp_path / "graphs.h5", skies, random_graphs(skies, 2, 10))
    columns = graphs.read(tmp_path / "graphs.h5")
    trend = graphs.measure(columns)[-1]
    assert trend.value[0] == pytest.approx(trend.chance, abs=4 * trend.error[0])


def test_the_sky_and_rays_that_are_drawn_can_be_chosen(tmp_path):
    skies = make_skies(12, isotropic=0.0, fractions=[0.1, 0.3])
    write_graphs(tmp_path / "graphs.h5", skies, random_graphs(skies))
    inputs = Inputs(explanations={"graphs": tmp_path / "graphs.h5"})
    columns = graphs.read(tmp_path / "graphs.h5")
    assert skies["signal_fraction"][graphs.choose(columns, 0.15)] == np.float32(0.1)
    with pytest.raises(CascadeError, match="rays: 60 is too large, the sky has 60 rays"):
        products.neighbour_graphs(inputs, NeighbourGraphsSettings(rays=[1, 60]))
    signal, background = graphs.chosen_rays({name: values[3] for name, values in skies.items()})
    assert (skies["ray_label"][3][[signal, background]] == [1, 0]).all()


def test_graphs_of_skies_without_truth_have_no_signal(tmp_path):
    skies = make_skies(3)
    write_graphs(tmp_path / "graphs.h5", skies, random_graphs(skies), truth=False)
    inputs = Inputs(explanations={"graphs": tmp_path / "graphs.h5"})
    result = products.neighbour_graphs(inputs, NeighbourGraphsSettings())
    assert set(result.table["quantity"]) == {"neighbour_distance", "neighbours_kept"}
    assert "signal" not in result.caption


def test_one_network_with_few_graphs_is_explained(tmp_path):
    with pytest.raises(CascadeError, match="shows exactly one, not 0"):
        products.neighbour_graphs(Inputs(), NeighbourGraphsSettings())
    skies = make_skies(2)
    write_graphs(tmp_path / "graphs.h5", skies, random_graphs(skies, 6))
    inputs = Inputs(explanations={"graphs": tmp_path / "graphs.h5"})
    with pytest.raises(CascadeError, match="holds 6 graphs; at most 5"):
        products.neighbour_graphs(inputs, NeighbourGraphsSettings())
