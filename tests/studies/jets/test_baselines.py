import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from cascade.errors import CascadeError
from cascade.studies.jets import baselines
from cascade.studies.jets.settings import BoostedTreesSettings
from cascade.training.estimators import load_estimator, save_estimator

SETTINGS = BoostedTreesSettings(iterations=80)


def gaussians(seed, jets=3000):
    """Mass and τ21 as independent Gaussians, one standard deviation apart in each."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, jets).astype(np.int8)
    return {
        "mass": (80 + 10 * (label + rng.normal(size=jets))).astype(np.float32),
        "tau21": (0.5 - 0.1 * (label + rng.normal(size=jets))).astype(np.float32),
        "label": label,
        "weight": np.ones(jets, np.float32),
    }


def auc(score, events):
    return roc_auc_score(events["label"], score, sample_weight=events["weight"])


def fitted(train, validation, settings=SETTINGS, seed=1):
    return baselines.fit_mass_tau21({"train": train}, {"train": validation}, settings, seed)


@pytest.fixture(scope="module")
def fit():
    return fitted(gaussians(1), gaussians(2))


def test_single_observables_score_as_they_stand():
    events = gaussians(3, 20000)
    for formula in (baselines.mass, baselines.tau21):
        (score,) = formula(events, None).values()
        assert score.dtype == np.float32
        assert auc(score, events) == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.01)


def test_delta_r_prefers_the_opening_of_an_even_w_decay():
    pt = np.full(4, 268.0, np.float32)
    events = {"pt": pt, "delta_r": np.array([0.0, 0.6, 0.7, 0.95], np.float32)}
    score = baselines.delta_r(events, None)["score"]
    assert np.argmax(score) == 1
    np.testing.assert_allclose(score, [-0.6, 0, -0.1, -0.35], atol=1e-6)


def test_trees_come_near_the_best_possible_separation(fit):
    events = gaussians(4, 20000)
    score = baselines.predict_trees(fit[0], events, SETTINGS)["score"]
    assert auc(score, events) == pytest.approx(norm.cdf(1), abs=0.01)
    # a probability of W: as many are W as it says
    for low, high in ((0.2, 0.4), (0.4, 0.6), (0.6, 0.8)):
        near = (score > low) & (score < high)
        assert np.mean(events["label"][near]) == pytest.approx(np.mean(score[near]), abs=0.05)


def test_trees_find_a_peak_that_no_one_sided_cut_finds():
    def peak(seed):
        events = gaussians(seed)
        rng = np.random.default_rng(seed)
        flat = rng.uniform(50, 110, len(events["label"]))
        narrow = rng.normal(80, 5, len(flat))
        return events | {"mass": np.where(events["label"], narrow, flat).astype(np.float32)}

    events = peak(7)
    model, _ = fitted(peak(5), peak(6))
    assert auc(baselines.mass(events, None)["score"], events) == pytest.approx(0.5, abs=0.04)
    assert auc(baselines.predict_trees(model, events, SETTINGS)["score"], events) > 0.85


def test_as_many_trees_are_kept_as_are_best_on_validation(fit):
    model, history = fit
    assert [row["step"] for row in history] == list(range(1, 81))
    losses = [row["validation_loss"] for row in history]
    assert model["classifier"].n_iter_ == 1 + np.argmin(losses) < 80
    assert history[-1]["train_loss"] < history[0]["train_loss"]
    validation = gaussians(2)
    score = baselines.predict_trees(model, validation, SETTINGS)["score"]
    loss = baselines.cross_entropy(score, validation["label"], validation["weight"])
    assert loss == pytest.approx(min(losses), rel=1e-5)


def test_jets_without_weight_teach_nothing():
    train, validation = gaussians(1), gaussians(2)
    wrong = gaussians(8) | {"weight": np.zeros(3000, np.float32)}
    wrong["label"] = 1 - wrong["label"]
    both = {name: np.concatenate([train[name], wrong[name]]) for name in train}
    events = gaussians(4, 20000)
    model, history = fitted(both, validation)
    assert auc(baselines.predict_trees(model, events, SETTINGS)["score"], events) > 0.83
    # nor do they count in the loss
    assert history[-1]["train_loss"] < 0.5


def test_neither_threads_nor_a_second_run_nor_the_file_change_a_score(tmp_path):
    events, few = gaussians(4), BoostedTreesSettings(iterations=4)
    model, history = fitted(gaussians(1), gaussians(2), few)
    expected = baselines.predict_trees(model, events, few)["score"]
    two = few.model_copy(update={"threads": 2})
    again, same = fitted(gaussians(1), gaussians(2), two)
    assert same == history
    np.testing.assert_array_equal(baselines.predict_trees(again, events, two)["score"], expected)
    save_estimator(tmp_path / "model.ckpt", {}, model)
    _, loaded = load_estimator(tmp_path / "model.ckpt")
    found = baselines.predict_trees(loaded, events, few)["score"]
    np.testing.assert_array_equal(found, expected)


def test_all_observables_are_read_by_name():
    def events(seed):
        rng = np.random.default_rng(seed)
        others = {name: rng.normal(size=3000) for name in baselines.OBSERVABLES}
        return others | gaussians(seed)

    one = BoostedTreesSettings(iterations=20)
    model, _ = baselines.fit_observables({"train": events(1)}, {"train": events(2)}, one, 1)
    assert model["columns"] == list(baselines.OBSERVABLES)
    reordered = dict(reversed(events(3).items()))
    expected = baselines.predict_trees(model, events(3), one)["score"]
    found = baselines.predict_trees(model, reordered, one)["score"]
    np.testing.assert_array_equal(found, expected)


def test_a_split_of_one_class_is_refused():
    events = gaussians(1, 100)
    ones = events | {"label": np.ones(100, np.int8)}
    with pytest.raises(CascadeError, match="validation split holds only jets of label 1"):
        fitted(events, ones)
    empty = {name: values[:0] for name, values in events.items()}
    with pytest.raises(CascadeError, match="train split holds no jets"):
        fitted(empty, events)
