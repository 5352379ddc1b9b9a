import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.studies.jets.weights import BINS, LARGEST, pt_weights


def sample(qcd, signal):
    return {
        "pt": np.concatenate([qcd, signal]).astype(np.float32),
        "label": np.repeat([0, 1], [len(qcd), len(signal)]).astype(np.int8),
    }


def weights(events, size=None):
    """Return the weights of events that come in chunks of a size."""
    size = size or max(1, len(events["pt"]))
    starts = range(0, max(1, len(events["pt"])), size)
    chunks = [{name: array[n : n + size] for name, array in events.items()} for n in starts]
    return np.concatenate([columns["weight"] for columns in pt_weights(chunks)])


def test_weighted_spectra_agree_bin_by_bin():
    rng = np.random.default_rng(1)
    events = sample(250 + 50 * rng.beta(1, 1.5, 200_000), 250 + 50 * rng.beta(1.5, 1, 100_000))
    weight = weights(events)
    signal = events["label"] == 1
    edges = np.linspace(events["pt"].min(), events["pt"].max(), BINS + 1)[10:-10]
    qcd, _ = np.histogram(events["pt"][~signal], edges)
    ours, _ = np.histogram(events["pt"][signal], edges, weights=weight[signal])
    np.testing.assert_allclose(ours / ours.sum(), qcd / qcd.sum(), rtol=1e-2)


def test_weights_do_not_depend_on_the_chunks_in_which_the_jets_come():
    rng = np.random.default_rng(3)
    events = sample(250 + 50 * rng.beta(1, 1.2, 1000), 250 + 50 * rng.beta(1.2, 1, 1000))
    np.testing.assert_array_equal(weights(events, 300), weights(events))


def test_small_samples_approach_the_spectrum_without_wild_weights():
    rng = np.random.default_rng(2)
    events = sample(250 + 50 * rng.beta(1, 1.2, 1000), 250 + 50 * rng.beta(1.2, 1, 1000))
    weight, signal = weights(events), events["label"] == 1
    before = abs(events["pt"][signal].mean() - events["pt"][~signal].mean())
    after = np.average(events["pt"][signal], weights=weight[signal]) - events["pt"][~signal].mean()
    assert abs(after) < 0.3 * before
    assert weight.max() < 4


@given(
    st.lists(st.floats(200, 300, width=32), max_size=60),
    st.lists(st.floats(250, 350, width=32), max_size=60),
)
def test_weights_are_always_sane(qcd, signal):
    events = sample(np.array(qcd), np.array(signal))
    weight = weights(events)
    assert weight.shape == events["pt"].shape
    assert np.isfinite(weight).all()
    assert (weight > 0).all()
    assert (weight <= LARGEST**2).all()
    np.testing.assert_array_equal(weight[events["label"] == 0], 1)
    if signal:
        assert weight[events["label"] == 1].mean() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize(("qcd", "signal"), [(0, 50), (50, 0), (0, 0), (1, 1)])
def test_a_missing_class_leaves_weights_of_one(qcd, signal):
    weight = weights(sample(np.full(qcd, 260.0), np.full(signal, 270.0)))
    np.testing.assert_array_equal(weight, 1)


def test_a_jet_in_a_spectrum_that_hardly_overlaps_stays_bounded():
    qcd = np.concatenate([np.full(100_000, 255.0), np.full(30, 295.0)])
    signal = np.concatenate([np.full(30, 255.0), np.full(100_000, 295.0)])
    weight = weights(sample(qcd, signal))
    assert weight.max() <= LARGEST**2
