"""Numbers of the products about whole skies and rays against slow computations."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from cascade.errors import CascadeError
from cascade.evaluation import roc as evaluation
from cascade.plotting.product import Inputs
from cascade.studies.skies.products import differences, sensitivity
from cascade.studies.skies.products.reading import grouped, has_fraction, predictions
from cascade.studies.skies.settings import (
    DetectionSettings,
    DifferencesSettings,
    RayScoresSettings,
    RocSettings,
)
from products import products_of
from studies.skies.products.predicted import make_skies, predict, write

products = products_of("skies")

FRACTIONS = (0.02, 0.05, 0.1)
METHODS = ("net_seed1", "net_seed2", "net_seed3", "trees", "scan")


@pytest.fixture(scope="module")
def columns():
    skies = make_skies(900, fractions=list(FRACTIONS))
    found = {f"net_seed{seed}": predict(skies, 0.5, seed) for seed in (1, 2, 3)}
    found["trees"] = predict(skies, 0.4, 9, rays=False)
    found["scan"] = predict(skies, 0.2, 10, rays=False, probability=False)
    found["scan"]["score"] = np.round(2 * found["scan"]["score"])  # many ties
    return found | {"skies": skies}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, columns):
    folder = tmp_path_factory.mktemp("skies")
    for name, values in columns.items():
        write(folder / f"{name}.h5", values)
    return folder


@pytest.fixture
def inputs(folder):
    files = {(name, "default"): folder / f"{name}.h5" for name in METHODS}
    return Inputs(predictions=files, samples={"default": folder / "skies.h5"})


def slow_tpr(columns, fraction):
    """Return the rate at 1 % by trying every cut, and half-way between the two next ones."""
    isotropic = columns["score"][columns["label"] == 0]
    signal = columns["score"][has_fraction(columns["signal_fraction"], fraction)]
    cuts = np.append(np.inf, np.unique(isotropic)[::-1])
    passed = np.array([(isotropic >= cut).mean() for cut in cuts])
    found = np.array([(signal >= cut).mean() for cut in cuts])
    above = np.flatnonzero(passed <= 0.01)[-1]
    # every signal sky above the next cut passes before any isotropic one at that cut does
    lower = (signal > cuts[above + 1]).mean()
    share = (0.01 - passed[above]) / (passed[above + 1] - passed[above])
    return lower + share * (found[above + 1] - lower)


@pytest.mark.parametrize("name", METHODS)
def test_rates_are_those_of_the_cut(inputs, columns, name):
    one = next(one for one in predictions(inputs, DetectionSettings()) if one.method == name)
    for fraction in FRACTIONS:
        isotropic, signal = sensitivity.separated(one, fraction)
        rate = sensitivity.rate(isotropic, signal)
        assert rate.value == pytest.approx(slow_tpr(columns[name], fraction))
        assert 0 <= rate.low < rate.value < rate.high <= 1 or rate.value in (0, 1)
        assert differences.rates(isotropic, signal) == pytest.approx(rate.value)


def test_intervals_cover_the_true_rate():
    rng = np.random.default_rng(1)
    true = norm.sf(norm.isf(0.01) - 2)
    inside = 0
    for _ in range(300):
        rate = sensitivity.rate(rng.normal(size=400), rng.normal(2, size=100))
        inside += rate.low <= true <= rate.high
    assert 0.66 < inside / 300 < 0.88  # of Clopper and Pearson: at least 68 %


def test_half_is_found_from_the_last_crossing_on():
    fraction = np.array([0.02, 0.05, 0.1])
    assert np.isnan(sensitivity.half_found(fraction, np.array([0.6, 0.1, 0.2])))
    assert sensitivity.half_found(fraction, np.array([0.6, 0.7, 0.9])) == 0.02
    assert sensitivity.half_found(fraction, np.array([0.6, 0.4, 0.6])) == pytest.approx(0.075)


def test_rates_of_seeds_are_averaged(inputs, columns):
    settings = DetectionSettings(replicas=10, labels={"net": "Network"})
    result = products.tpr_over_fraction(inputs, settings)
    assert {name.split("/")[0] for name in result.metrics} == {"net", "trees", "scan"}
    rates = [slow_tpr(columns[f"net_seed{seed}"], 0.05) for seed in (1, 2, 3)]
    assert result.metrics["net/tpr_fpr_1e-2_f5"].value == pytest.approx(np.mean(rates))
    label = columns["skies"]["label"]
    chosen = (label == 0) | has_fraction(columns["skies"]["signal_fraction"], 0.1)
    areas = [
        evaluation.auc(columns[f"net_seed{seed}"]["score"][chosen], label[chosen])
        for seed in (1, 2, 3)
    ]
    assert result.metrics["net/auc_f10"].value == pytest.approx(np.mean(areas))
    rows = np.array(result.table["method"]) == "net"
    assert np.array(result.table["spread"])[rows][1] == pytest.approx(np.std(rates, ddof=1))
    # each seed in a row, and their mean
    assert len(result.table["method"]) == 3 * (3 + 1 + 1 + 1)
    assert "Network (3 seeds)" in {text.get_text() for text in result.figure.findobj(is_text)}
    assert "skies without sources" in result.caption


def is_text(artist):
    return hasattr(artist, "get_text")


def test_differences_are_of_means_over_seeds(inputs, columns):
    settings = DifferencesSettings(pairs=[("net", "trees"), ("net", "net")], replicas=100)
    result = products.tpr_differences(inputs, settings)
    net = np.array([slow_tpr(columns[f"net_seed{seed}"], 0.05) for seed in (1, 2, 3)])
    trees = slow_tpr(columns["trees"], 0.05)
    row = result.table["signal_fraction"].index(0.05)
    assert result.table["difference"][row] == pytest.approx(net.mean() - trees)
    assert result.table["error_seeds"][row] == pytest.approx(net.std(ddof=1) / np.sqrt(3))
    error = np.hypot(result.table["error_skies"][row], result.table["error_seeds"][row])
    assert result.table["error"][row] == pytest.approx(error)
    number = result.metrics["net_minus_trees/tpr_fpr_1e-2_f5_significance"]
    assert number.value == pytest.approx((net.mean() - trees) / error)
    itself = result.metrics["net_minus_net/tpr_fpr_1e-2_f5"]
    assert itself.value == 0


def test_what_the_skies_share_cancels(inputs, columns):
    applied = predictions(inputs, DifferencesSettings())
    net, trees = grouped(applied, DifferencesSettings())[:2]
    # the same scores on other skies of the same class: equal rates, but nothing in common
    fraction = columns["trees"]["signal_fraction"]
    order = np.arange(len(fraction))
    for value in np.unique(fraction):
        order[fraction == value] = np.roll(order[fraction == value], 1)
    [member] = trees.members
    rolled = member.columns | {"score": member.columns["score"][order]}
    others = replace(trees, members=(replace(member, columns=rolled),))
    paired, alone = (differences.difference(net, group, 0.05, 200, 1) for group in (trees, others))
    assert paired.value == pytest.approx(alone.value)
    assert paired.skies_error < 0.85 * alone.skies_error


def test_differences_need_pairs_of_known_methods_on_the_same_skies(inputs, folder, columns):
    with pytest.raises(CascadeError, match=r"pairs: is empty; .*\[\[net, scan\]\]"):
        products.tpr_differences(inputs, DifferencesSettings())
    with pytest.raises(CascadeError, match=r"pairs.0: no predictions of 'tres'.*'trees'"):
        products.tpr_differences(inputs, DifferencesSettings(pairs=[("net", "tres")]))
    turned = {name: values[::-1] for name, values in columns["trees"].items()}
    write(folder / "turned.h5", turned)
    inputs.predictions[("trees", "default")] = folder / "turned.h5"
    with pytest.raises(CascadeError, match=r"turned.h5: is of other skies than .*net_seed1.h5"):
        products.tpr_differences(inputs, DifferencesSettings(pairs=[("net", "trees")]))


def test_the_curve_of_one_seed_is_its_roc(inputs, columns):
    result = products.roc(inputs, RocSettings(replicas=10, points=20, fraction=0.05))
    score, label = columns["trees"]["score"], columns["trees"]["label"]
    chosen = (label == 0) | has_fraction(columns["trees"]["signal_fraction"], 0.05)
    grid = np.linspace(0.05, 1, 20)
    expected = evaluation.background_rejection(score[chosen], label[chosen], None, grid)
    rows = np.array(result.table["method"]) == "trees"
    found = np.array(result.table["inverse_false_positive_rate"])[rows]
    np.testing.assert_allclose(found, expected)
    area = result.metrics["trees/auc_f5"]
    assert area.value == pytest.approx(evaluation.auc(score[chosen], label[chosen]))
    assert area.low < area.value < area.high
    assert set(result.table["seeds"]) == {1, 3}


def test_a_fraction_that_is_not_there_is_named(inputs):
    with pytest.raises(CascadeError, match=r"roc: fraction: .*0.07; it has 0.02, 0.05, 0.1"):
        products.roc(inputs, RocSettings(fraction=0.07))
    with pytest.raises(CascadeError, match="ray_scores: fraction: "):
        products.ray_scores(inputs, RayScoresSettings(fraction=0.3))


def test_skies_without_isotropic_ones_are_refused(tmp_path):
    write(tmp_path / "signal.h5", predict(make_skies(20, isotropic=0.0), 0.5))
    inputs = Inputs(predictions={("net", "signal"): tmp_path / "signal.h5"})
    with pytest.raises(CascadeError, match=r"signal.h5: holds no isotropic skies"):
        products.tpr_over_fraction(inputs, DetectionSettings(replicas=10))


def test_skies_without_any_sources_are_refused(tmp_path):
    write(tmp_path / "dark.h5", predict(make_skies(20, isotropic=1.0), 0.5))
    inputs = Inputs(predictions={("net", "dark"): tmp_path / "dark.h5"})
    for product, settings in (
        (products.tpr_over_fraction, DetectionSettings(replicas=10)),
        (products.tpr_differences, DifferencesSettings(pairs=[("net", "net")])),
    ):
        with pytest.raises(CascadeError, match=r"dark.h5: holds no skies with sources"):
            product(inputs, settings)


def test_ray_areas_are_pooled_over_skies_and_averaged_over_seeds(inputs, columns):
    result = products.ray_scores(inputs, RayScoresSettings(replicas=10, points=20))
    chosen = has_fraction(columns["skies"]["signal_fraction"], 0.05)
    label = columns["skies"]["ray_label"][chosen].ravel()
    areas = [
        evaluation.auc(columns[f"net_seed{seed}"]["ray_score"][chosen].ravel(), label)
        for seed in (1, 2, 3)
    ]
    number = result.metrics["net/ray_auc_f5"]
    assert number.value == pytest.approx(np.mean(areas))
    assert number.events == chosen.sum()
    # trees and scan score no rays
    assert {name.split("/")[0] for name in result.metrics} == {"net"}


def test_ray_scores_need_a_method_that_scores_rays_and_its_own_skies(inputs, folder):
    inputs.predictions.pop(("net_seed1", "default"))
    with pytest.raises(CascadeError, match="method: no predictions of 'trees'"):
        products.ray_scores(inputs, RayScoresSettings(method="trees"))
    write(folder / "others.h5", make_skies(900, seed=5, fractions=list(FRACTIONS)))
    inputs.samples["default"] = folder / "others.h5"
    with pytest.raises(CascadeError, match=r"net_seed2.h5: is of other skies than .*others.h5"):
        products.ray_scores(inputs, RayScoresSettings())
    for name in METHODS[1:3]:
        inputs.predictions.pop((name, "default"))
    with pytest.raises(CascadeError, match="none of the methods scores rays of sample 'default'"):
        products.ray_scores(inputs, RayScoresSettings())


def test_seeds_make_a_group_each_sample(folder):
    files = {
        (name, sample): folder / f"{name}.h5"
        for sample in ("a", "b")
        for name in ("net_seed1", "net_seed2", "trees")
    }
    applied = predictions(Inputs(predictions=files), DetectionSettings(labels={"a": "A"}))
    groups = grouped(applied, DetectionSettings(labels={"a": "A"}))
    assert [group.key for group in groups] == ["net/a", "trees/a", "net/b", "trees/b"]
    assert [group.label_with_seeds for group in groups[:2]] == ["net, A (2 seeds)", "trees, A"]
