"""What the study declares, and what holds for each of its methods."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cascade.declarations import resolve
from cascade.errors import CascadeError
from cascade.studies.radio import PREDICTIONS, SCHEMA, STUDY, TRUTH, metrics
from cascade.study import Network
from cascade.training.network import Scaled, check_shapes
from cascade.training.predict import predict

NETWORKS = [name for name, method in STUDY.methods.items() if isinstance(method, Network)]
BASELINES = [name for name in STUDY.methods if name not in NETWORKS]
BLIND = [name for name in STUDY.methods if name != "limit"]
"""Methods that know nothing but the trace."""
EVENTS = 40
every_method = pytest.mark.parametrize("name", STUDY.methods)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Several threads do nothing for a few traces but wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def test(drawn):
    return drawn(EVENTS, 3)


@pytest.fixture(scope="module")
def apply(drawn):
    """Return a function that applies a method, fitted if that takes no training, to some traces."""
    known, splits = {}, (drawn(2000, 1), drawn(1000, 2))

    def fit(name):
        method = STUDY.methods[name]
        settings = resolve(method.settings)()
        if isinstance(method, Network):
            torch.manual_seed(1)
            network = resolve(method.network)(settings)
            with torch.no_grad():  # let normalisations know what traces look like
                for _ in range(20):
                    network(torch.from_numpy(splits[0]["trace"][:32]))
            network.eval()
            return lambda events: predict(method, network, events)
        given = [
            {role: {field: split[field] for field in fields}
             for role, fields in method.fields.items()}
            for split in splits
        ]  # fmt: skip
        model, _ = resolve(method.fit)(*given, settings, 1)
        return lambda events: resolve(method.predict)(model, events, settings)

    def apply(name, events):
        if name not in known:
            known[name] = fit(name)
        return known[name]({field: events[field] for field in STUDY.methods[name].inputs})

    return apply


@pytest.mark.parametrize("name", BLIND)
def test_a_method_predicts_from_the_trace_alone(name):
    assert STUDY.methods[name].inputs == ("trace",)


@every_method
def test_the_fields_of_a_method_are_in_the_schema(name):
    method, fields = STUDY.methods[name], {field.name for field in SCHEMA}
    assert set(method.inputs) <= fields
    for asked in method.fields.values():
        assert set(method.inputs) <= set(asked) <= fields


def test_truth_is_declared_and_no_prediction_has_its_name():
    fields, columns = ({field.name for field in group} for group in (SCHEMA, PREDICTIONS))
    assert set(TRUTH) <= fields
    assert not fields & columns


def test_simulated_traces_are_as_the_schema_says(test):
    assert set(test) == {field.name for field in SCHEMA}
    for field in SCHEMA:
        assert test[field.name].dtype == field.dtype, field.name
        assert test[field.name].shape == (EVENTS, *[500] * len(field.dims)), field.name


@every_method
def test_predictions_have_the_declared_columns(name, apply, test):
    found = apply(name, test)
    declared = {field.name: field for field in PREDICTIONS}
    assert "score" in found
    assert found.keys() <= declared.keys()
    for column, values in found.items():
        assert values.dtype == declared[column].dtype, column
        inner = {"sample": (500,), "feature": values.shape[1:]}
        dims = [inner[dim] for dim in declared[column].dims]
        assert values.shape == (EVENTS, *sum(dims, ())), column
        assert np.isfinite(values).all()
        # not one answer for all, which any test of symmetry would pass
        assert np.unique(values.astype("f4").reshape(EVENTS, -1), axis=0).shape[0] > EVENTS / 2
    if "predicted_fluence" in found:
        assert {"predicted_time", "score"} <= found.keys()
    if "predicted_time" in found:
        assert (found["predicted_time"] >= 0).all()
        assert (found["predicted_time"] <= 500 / 0.18).all()


@pytest.mark.parametrize("name", BLIND)
def test_a_trace_is_judged_by_itself(name, apply, test):
    """Wherever it stands in the file, and whatever stands beside it."""
    order = np.random.default_rng(5).permutation(EVENTS)[:7]
    found = apply(name, {field: values[order] for field, values in test.items()})
    for column, values in apply(name, test).items():
        np.testing.assert_allclose(found[column], values[order], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in BLIND if name != "matched_filter"])
@pytest.mark.parametrize("factor", [0.02, 50.0])
def test_scores_have_no_unit(name, apply, test, factor):
    """But for those that know how strong noise was in the fit, such as the matched filter's."""
    louder = test | {"trace": np.float32(factor) * test["trace"]}
    found, expected = apply(name, louder), apply(name, test)
    if name not in ("classifier", "joint"):
        np.testing.assert_allclose(found["score"], expected["score"], rtol=1e-3, atol=1e-5)
    if "denoised" in found:
        np.testing.assert_allclose(found["denoised"], factor * expected["denoised"], rtol=0,
                                   atol=1e-3 * np.abs(found["denoised"]).max())  # fmt: skip


@pytest.mark.parametrize("name", [name for name in BASELINES if name in BLIND])
def test_polarity_means_nothing_to_filters(name, apply, test):
    """Networks learn it from pulses of random sign."""
    found, expected = apply(name, test | {"trace": -test["trace"]}), apply(name, test)
    np.testing.assert_allclose(found["score"], expected["score"], rtol=1e-3)


@pytest.mark.parametrize("name", BASELINES)
def test_no_method_is_above_the_limit(name, apply, drawn):
    events = drawn(3000, 4)
    found = {key: metrics.auc(events | apply(key, events)) for key in {name, "limit"}}
    assert 0.65 < found[name] <= found["limit"]


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_say_in_a_line_that_they_want_other_traces(name, test):
    method = STUDY.methods[name]
    network = resolve(method.network)(resolve(method.settings)())
    scaled = Scaled(network, method.inputs, {}, {"trace": (500,)})
    check_shapes(scaled, test, "some.h5")
    with pytest.raises(CascadeError, match=r"^some.h5: field 'trace' has the shape \(400,\)"):
        check_shapes(scaled, {"trace": test["trace"][:, :400]}, "some.h5")


@pytest.mark.parametrize("kind", ["sources", "products", "metrics"])
def test_every_part_that_is_declared_is_there(kind):
    for part in getattr(STUDY, kind).values():
        assert callable(resolve(part.function))
        if hasattr(part, "settings"):
            resolve(part.settings)


@every_method
def test_every_part_of_a_method_is_there(name):
    method = STUDY.methods[name]
    resolve(method.settings)()
    parts = ("network", "objective", "task", "augment") if name in NETWORKS else ("fit", "predict")
    assert all(callable(resolve(getattr(method, part))) for part in parts)


@pytest.mark.parametrize("name", NETWORKS)
def test_new_pairs_need_what_networks_may_read(name, drawn):
    """The symmetry of the training changes the loss's truth with the traces, and no more."""
    method, events = STUDY.methods[name], drawn(30, 6)
    batch = {field: torch.from_numpy(events[field]) for field in method.fields["train"]}
    torch.manual_seed(1)
    settings = resolve(method.settings)()
    found = resolve(method.augment)(batch, settings)
    assert found.keys() == batch.keys()
    assert torch.equal(found["label"], batch["label"])
    assert not torch.equal(found["trace"], batch["trace"])
    objective = resolve(method.objective)()
    losses, number = objective.loss(resolve(method.network)(settings)(found["trace"]), found)
    assert losses.isfinite()
    assert number == 30


def test_metrics_are_those_of_the_contract():
    assert set(STUDY.metrics) == {
        "auc", "tpr_fpr_2e-3_snr_3", "fluence_bias", "fluence_resolution", "snr_gain",
    }  # fmt: skip
    for name, metric in STUDY.metrics.items():
        assert metric.unit == "1", name
