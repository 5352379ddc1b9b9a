"""What the study declares, and what holds for each of its methods: the order of rays is nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cascade.declarations import resolve
from cascade.studies.skies import FRACTIONS, LABELS, PREDICTIONS, RAYS, STUDY
from cascade.study import Estimator, Network
from cascade.training.predict import predict
from studies.skies.baselines.drawn import drawn, reordered

ROUNDING = 1e-6
every_method = pytest.mark.parametrize("name", STUDY.methods)


@pytest.fixture(scope="module")
def train():
    return drawn(200, 1)


@pytest.fixture(scope="module")
def test():
    return drawn(12, 3)


@pytest.fixture(scope="module")
def apply(train):
    """Return a function that applies a method, fitted if that takes no training, to some skies."""
    known = {}

    def fit(name, train):
        method = STUDY.methods[name]
        settings = resolve(method.settings)()
        if isinstance(method, Network):
            torch.manual_seed(1)
            network = resolve(method.network)(settings).eval()
            return lambda events: predict(method, network, events)
        if not isinstance(method, Estimator):
            return lambda events: resolve(method.predict)(events, settings)
        splits = [
            {
                role: {field: split[field] for field in fields}
                for role, fields in method.fields.items()
            }
            for split in (train, drawn(100, 2))
        ]
        model, _ = resolve(method.fit)(*splits, settings, 1)
        return lambda events: resolve(method.predict)(model, events, settings)

    def apply(name, events, train=train):
        if (name, id(train)) not in known:
            known[name, id(train)] = fit(name, train)
        inputs = {field: events[field] for field in STUDY.methods[name].inputs}
        return known[name, id(train)](inputs)

    return apply


@every_method
def test_a_method_reads_no_truth_to_predict_and_no_more_than_labels_to_learn(name):
    method = STUDY.methods[name]
    assert set(method.inputs) <= set(RAYS)
    for fields in getattr(method, "fields", {}).values():
        assert set(fields) <= {*RAYS, *LABELS}


@every_method
def test_predictions_have_the_declared_columns(name, apply, test):
    found = apply(name, test)
    declared = {field.name: field for field in PREDICTIONS}
    assert "score" in found
    assert found.keys() <= declared.keys()
    for column, values in found.items():
        assert values.dtype == declared[column].dtype
        assert values.shape == ((12, 60) if declared[column].dims else (12,))
        assert np.isfinite(values).all()
        # not one number for all, which any test of symmetry would pass
        assert np.unique(values.round(5)).size > 5


@every_method
def test_the_order_of_the_rays_means_nothing(name, apply, test):
    """A shuffled sky keeps its score, and its rays take theirs along."""
    shuffled, order = reordered(test, np.random.default_rng(4))
    found, expected = apply(name, shuffled), apply(name, test)
    np.testing.assert_allclose(found["score"], expected["score"], rtol=0, atol=ROUNDING)
    if "ray_score" in expected:
        moved = np.take_along_axis(expected["ray_score"], order, axis=1)
        np.testing.assert_allclose(found["ray_score"], moved, rtol=0, atol=ROUNDING)


@every_method
def test_the_order_of_the_skies_means_nothing(name, apply, test):
    """A sky is judged alike wherever it stands in the file, and whatever stands beside it."""
    order = np.random.default_rng(5).permutation(12)[:7]
    found = apply(name, {field: values[order] for field, values in test.items()})
    for column, values in apply(name, test).items():
        np.testing.assert_allclose(found[column], values[order], rtol=0, atol=ROUNDING)


@pytest.mark.parametrize(
    "name", [name for name, method in STUDY.methods.items() if isinstance(method, Estimator)]
)
def test_the_order_of_the_rays_teaches_nothing(name, apply, train, test):
    """Signal rays first in the training skies, or mixed: what is learnt is the same."""
    order = np.argsort(-train["ray_label"], axis=1, kind="stable")
    sorted_train = {
        field: np.take_along_axis(values, order.reshape(*order.shape, *[1] * (values.ndim - 2)), 1)
        if values.shape[1:2] == (60,)
        else values
        for field, values in train.items()
    }
    assert not np.array_equal(sorted_train["energy"], train["energy"])
    found, expected = apply(name, test, sorted_train), apply(name, test)
    for column, values in expected.items():
        np.testing.assert_array_equal(found[column], values)


def test_metrics_are_given_for_fractions_that_are_simulated():
    settings = resolve(STUDY.sources["toy"].settings)()
    assert {percent / 100 for percent in FRACTIONS} <= set(settings.fractions)
    for metric in STUDY.metrics.values():
        assert callable(resolve(metric.function))


@pytest.mark.parametrize("kind", ["sources", "products"])
def test_every_part_that_is_declared_is_there(kind):
    for part in getattr(STUDY, kind).values():
        assert callable(resolve(part.function))
        resolve(part.settings)
