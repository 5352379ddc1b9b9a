"""Traces paired anew hold the pulses and the noise of the batch, and say so correctly."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import settings as rounds
from hypothesis import strategies as st
from scipy.stats import kstest

from cascade.settings import validate
from cascade.studies.radio import PAIRED
from cascade.studies.radio.networks.pairing import augment
from cascade.studies.radio.settings import ClassifierSettings
from studies.radio.networks.untrained import traces

EVENTS = 60
PAIRING = {"snr": [2.0, 9.0]}


@pytest.fixture(scope="module")
def batch():
    events = traces(EVENTS, 1)
    return {name: events[name] for name in PAIRED}


def paired(batch, seed=1, pairing=PAIRING):
    torch.manual_seed(seed)
    return augment(batch, validate(ClassifierSettings, {"pairing": pairing}))


def matches(found, expected):
    """Return which row of ``expected`` each row of ``found`` is, and by which factor."""
    cosine = torch.nn.functional.normalize(found) @ torch.nn.functional.normalize(expected).T
    which = cosine.abs().argmax(dim=1)
    assert (cosine.abs().amax(dim=1) > 0.9999).all()
    sign = cosine.gather(1, which[:, None])[:, 0].sign()
    return which, sign * found.norm(dim=1) / expected[which].norm(dim=1)


def test_the_noise_is_that_of_the_batch_in_another_order_and_sign(batch):
    found = paired(batch)
    which, factor = matches(found["trace"] - found["signal"], batch["trace"] - batch["signal"])
    assert sorted(which.tolist()) == list(range(EVENTS))
    assert (which != torch.arange(EVENTS)).sum() > EVENTS / 2
    torch.testing.assert_close(factor.abs(), torch.ones(EVENTS), rtol=1e-3, atol=0)
    assert 10 < (factor > 0).sum() < 50
    torch.testing.assert_close(found["noise_rms"], batch["noise_rms"][which])
    rms = (found["trace"] - found["signal"]).square().mean(dim=1).sqrt()
    torch.testing.assert_close(found["noise_rms"], rms, rtol=1e-3, atol=0)


def test_pulses_stay_where_they_are_with_another_height_and_sign(batch):
    found, lit = paired(batch), batch["label"] == 1
    torch.testing.assert_close(found["label"], batch["label"])
    assert not found["signal"][~lit].any()
    assert not found["snr"][~lit].any()
    assert not found["fluence"][~lit].any()
    which, factor = matches(found["signal"][lit], batch["signal"][lit])
    assert which.tolist() == list(range(int(lit.sum())))
    assert 3 < (factor > 0).sum() < lit.sum() - 3
    torch.testing.assert_close(found["snr"][lit], factor.abs() * batch["snr"][lit])
    torch.testing.assert_close(found["fluence"][lit], factor**2 * batch["fluence"][lit])


def test_the_ratio_to_the_noise_is_uniform_in_its_logarithm(batch):
    lit = batch["label"] == 1
    drawn = torch.cat([paired(batch, seed)["snr"][lit] for seed in range(60)])
    low, high = PAIRING["snr"]
    assert drawn.min() >= low * (1 - 1e-6)
    assert drawn.max() <= high * (1 + 1e-6)
    share = torch.log(drawn / low) / torch.log(torch.tensor(high / low))
    assert kstest(share.numpy(), "uniform").pvalue > 1e-3


@given(st.integers(0, 2**31), st.sampled_from(["snr", "fluence", None]))
@rounds(deadline=None, max_examples=20)
def test_a_batch_may_lack_what_only_some_networks_learn(batch, seed, left):
    """What is not asked for is not made up; the rest is the same."""
    some = {name: values for name, values in batch.items() if name != left}
    found = paired(some, seed)
    assert found.keys() == some.keys()
    if left == "snr":  # nothing to scale by: the heights stay
        torch.testing.assert_close(found["signal"].abs(), batch["signal"].abs())
        torch.testing.assert_close(found["fluence"], batch["fluence"])
    else:
        whole = paired(batch, seed)
        assert all(torch.equal(found[name], whole[name]) for name in found)


def test_pulses_of_unknown_ratio_keep_their_height(batch):
    unknown = batch | {"snr": torch.zeros(EVENTS)}
    found = paired(unknown)
    torch.testing.assert_close(found["signal"].abs(), batch["signal"].abs())
    assert not found["snr"].any()


def test_null_takes_the_traces_as_they_are(batch):
    assert paired(batch, pairing=None) is batch


def test_the_same_seed_makes_the_same_traces_and_harms_no_batch(batch):
    before = {name: values.clone() for name, values in batch.items()}
    first, again, other = paired(batch, 3), paired(batch, 3), paired(batch, 4)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["trace"], other["trace"])
    assert all(torch.equal(batch[name], before[name]) for name in batch)


def test_a_batch_of_one_trace_keeps_its_noise(batch):
    one = {name: values[:1] for name, values in batch.items()}
    found = paired(one)
    torch.testing.assert_close(found["noise_rms"], one["noise_rms"])
    assert found["trace"].shape == (1, 500)
