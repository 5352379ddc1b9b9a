import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from cascade.errors import CascadeError
from cascade.studies.jets import linear
from cascade.studies.jets.settings import FisherSettings, LogisticSettings

FIT = {"fisher": linear.fit_fisher, "logistic": linear.fit_logistic}
SETTINGS = {
    "fisher": FisherSettings(logarithm=False, shrinkages=[0.001]),
    "logistic": LogisticSettings(logarithm=False, inverse_penalties=[1.0]),
}
SIZE = 4
SHIFT = np.linspace(-0.4, 0.4, SIZE * SIZE)
MIXING = np.eye(SIZE * SIZE) + np.random.default_rng(0).normal(0, 0.1, (SIZE * SIZE, SIZE * SIZE))


def images(seed, jets=2000):
    """Correlated Gaussian pixels, the same covariance in both classes; one pixel is dead."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, jets).astype(np.int8)
    x = rng.normal(size=(jets, SIZE * SIZE)) @ MIXING.T + label[:, None] * SHIFT
    x[:, 3] = 0
    weight = rng.uniform(0.5, 1.5, jets).astype(np.float32)
    return {
        "image": x.reshape(jets, SIZE, SIZE).astype(np.float32),
        "label": label,
        "weight": weight,
    }


def fitted(name, train, settings=None):
    validation = images(2)
    return FIT[name]({"train": train}, {"train": validation}, settings or SETTINGS[name], 1)


@pytest.mark.parametrize("name", FIT)
def test_the_best_possible_separation_is_reached(name):
    events = images(3, 20000)
    model, _ = fitted(name, images(1, 10000))
    score = linear.predict_linear(model, events, SETTINGS[name])["score"]
    assert score.dtype == np.float32
    live = np.delete(np.arange(SIZE * SIZE), 3)
    covariance = (MIXING @ MIXING.T)[np.ix_(live, live)]
    best = norm.cdf(np.sqrt(SHIFT[live] @ np.linalg.solve(covariance, SHIFT[live]) / 2))
    found = roc_auc_score(events["label"], score, sample_weight=events["weight"])
    assert found == pytest.approx(best, abs=0.01)
    assert model["coefficients"].reshape(-1)[3] == 0
    assert np.mean(score) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("shrinkage", [0.01, 0.5])
def test_fisher_is_linear_discriminant_analysis_on_standardised_pixels(shrinkage):
    train = images(1) | {"weight": np.ones(2000, np.float32)}
    x = np.delete(train["image"].reshape(2000, -1), 3, axis=1).astype(np.float64)
    means = np.stack([x[train["label"] == label].mean(axis=0) for label in (0, 1)])
    spread = (x - means[train["label"]]).std(axis=0)
    reference = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)
    reference.fit(x / spread, train["label"])
    settings = FisherSettings(logarithm=False, shrinkages=[shrinkage])
    model, _ = fitted("fisher", train, settings)
    coefficients = np.delete(model["coefficients"], 3) * spread
    np.testing.assert_allclose(coefficients, reference.coef_[0], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(model["intercept"], reference.intercept_[0], rtol=1e-6)


def test_logistic_minimises_the_weighted_penalised_cross_entropy():
    train = images(1, 500)
    x = np.delete(train["image"].reshape(500, -1), 3, axis=1).astype(np.float64)
    weight, sign = train["weight"].astype(np.float64), 2.0 * train["label"] - 1
    centre = np.average(x, axis=0, weights=weight)
    spread = np.sqrt(np.average((x - centre) ** 2, axis=0, weights=weight))
    z = (x - centre) / spread

    def loss(parameters):
        margin = sign * (z @ parameters[1:] + parameters[0])
        gradient = -weight * sign * expit(-margin)
        value = weight @ np.logaddexp(0, -margin) + parameters[1:] @ parameters[1:] / (2 * 0.05)
        slope = np.append(gradient.sum(), gradient @ z + parameters[1:] / 0.05)
        return value, slope

    best = minimize(loss, np.zeros(z.shape[1] + 1), jac=True, tol=1e-10).x
    settings = LogisticSettings(logarithm=False, inverse_penalties=[0.05])
    model, _ = fitted("logistic", train, settings)
    np.testing.assert_allclose(np.delete(model["coefficients"], 3) * spread, best[1:], atol=1e-4)


@pytest.mark.parametrize("name", FIT)
def test_a_weight_of_two_is_a_jet_twice(name):
    train = images(1, 600)
    double = np.arange(600) % 3 == 0
    weighted = train | {"weight": np.where(double, 2, 1).astype(np.float32)}
    order = np.concatenate([np.arange(600), np.flatnonzero(double)])
    repeated = {key: values[order] for key, values in train.items()}
    repeated["weight"] = np.ones(len(order), np.float32)
    first, second = (fitted(name, events)[0] for events in (weighted, repeated))
    np.testing.assert_allclose(first["coefficients"], second["coefficients"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(first["intercept"], second["intercept"], rtol=1e-4, atol=1e-6)


def test_the_regularisation_that_is_best_on_validation_is_kept():
    train, validation = {"train": images(1, 60)}, {"train": images(2)}
    for name, settings, choice in (
        ("fisher", FisherSettings(logarithm=False, shrinkages=[1e-6, 0.3]), "shrinkage"),
        (
            "logistic",
            LogisticSettings(logarithm=False, inverse_penalties=[1e3, 0.1]),
            "inverse_penalty",
        ),
    ):
        model, history = FIT[name](train, validation, settings, 1)
        assert [row["step"] for row in history] == [1, 2]
        # with so few jets the loose fit knows them by heart and is worse on others
        assert history[0]["train_loss"] < history[1]["train_loss"]
        assert history[0]["validation_loss"] > history[1]["validation_loss"]
        assert model[choice] == history[1][choice]


def test_blocks_do_not_change_a_fit(monkeypatch):
    whole, _ = fitted("fisher", images(1))
    monkeypatch.setattr(linear, "BLOCK", 77)
    blocks, _ = fitted("fisher", images(1))
    np.testing.assert_allclose(blocks["coefficients"], whole["coefficients"], rtol=1e-9)
    scores = linear.predict_linear(whole, images(3), SETTINGS["fisher"])["score"]
    monkeypatch.undo()
    np.testing.assert_allclose(
        scores, linear.predict_linear(whole, images(3), SETTINGS["fisher"])["score"], rtol=1e-6
    )
    empty = {name: values[:0] for name, values in images(3).items()}
    assert linear.predict_linear(whole, empty, SETTINGS["fisher"])["score"].shape == (0,)


def test_logarithm_tames_bright_pixels():
    def bright(events):
        return events | {"image": np.expm1(events["image"] + 6)}

    for name, settings in (("fisher", FisherSettings()), ("logistic", LogisticSettings())):
        model, _ = FIT[name](
            {"train": bright(images(1))}, {"train": bright(images(2))}, settings, 1
        )
        events = bright(images(3))
        score = linear.predict_linear(model, events, settings)["score"]
        assert roc_auc_score(events["label"], score) > 0.75


@pytest.mark.parametrize("name", FIT)
def test_a_split_of_one_class_is_refused(name):
    train = images(1) | {"label": np.zeros(2000, np.int8)}
    with pytest.raises(CascadeError, match="train split holds only jets of label 0"):
        fitted(name, train)
