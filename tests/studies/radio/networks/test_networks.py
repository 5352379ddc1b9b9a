"""What holds for every network of the study: no unit, no neighbours, any sampling, gradients."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import settings as rounds
from hypothesis import strategies as st

from cascade.studies.radio.networks.outputs import PulseSearch
from studies.radio.networks.untrained import AUTOENCODERS, NETWORKS, SAMPLINGS, build, traces

every_network = pytest.mark.parametrize("name", NETWORKS)
SMALL = {
    "classifier": {"channels": 6, "filters": 3, "gate": 4},
    "denoiser": {"channels": 6, "filters": 3, "gate": 4, "widths": [5, 7], "latent": 3},
    "joint": {"channels": 6, "filters": 3, "gate": 4, "widths": [5, 7], "latent": 3},
    "bilstm": {"widths": [5, 3]},
}
TENSORS = ("logit", "score", "denoised", "envelope", "latent", "log_fluence", "log_deviation")


@pytest.fixture(scope="module")
def networks():
    return {name: build(name, **SMALL[name]) for name in NETWORKS}


def learned(network):
    """Return names and weights of what is learned."""
    return [(name, one) for name, one in network.named_parameters() if one.requires_grad]


@torch.no_grad()
def apply(network, trace):
    return {name: values for name, values in network(trace).items() if name in TENSORS}


def close(found, expected, tolerance=1e-3):
    assert found.keys() == expected.keys()
    for name, values in found.items():
        scale = expected[name].abs().max().clamp(min=1e-3)
        message = lambda text, name=name: f"{name}: {text}"  # noqa: E731
        torch.testing.assert_close(
            values / scale, expected[name] / scale, rtol=0, atol=tolerance, msg=message
        )


@every_network
def test_traces_are_told_apart(networks, name):
    """Not one answer for all, with which any test of symmetry would pass."""
    output = apply(networks[name], traces(20, 1)["trace"])
    for values in output.values():
        assert values.dtype == torch.float32
        assert values.isfinite().all()
        assert (values.std(dim=0) > 1e-4 * values.abs().mean()).any()


@every_network
@given(power=st.floats(-4, 5))
@rounds(deadline=None, max_examples=10)
def test_the_unit_of_the_trace_is_that_of_the_answer(networks, name, power):
    """All but the verdict: that knows how strong noise was in training."""
    network, trace, factor = networks[name], traces(4, 2)["trace"], 10**power
    expected, found = apply(network, trace), apply(network, factor * trace)
    if name != "bilstm":
        for output in (expected, found):
            output.pop("logit", None)
    for column in ("denoised", "envelope"):
        if column in expected:
            expected[column] = expected[column] * factor
    if "log_fluence" in expected:
        expected["log_fluence"] = expected["log_fluence"] + 2 * math.log(factor)
    close(found, expected)


@every_network
def test_traces_do_not_see_each_other(networks, name):
    trace = traces(5, 3)["trace"]
    together = apply(networks[name], trace)
    for row in range(5):
        alone = apply(networks[name], trace[row : row + 1])
        close(alone, {key: values[row : row + 1] for key, values in together.items()}, 1e-4)


@every_network
@pytest.mark.parametrize("sampling", SAMPLINGS.values(), ids=SAMPLINGS)
def test_traces_may_be_sampled_otherwise(name, sampling):
    network = build(name, sampling=sampling, **SMALL[name])
    trace = traces(3, 1, sampling=sampling)["trace"]
    output = apply(network, trace)
    assert all(len(values) == 3 and values.isfinite().all() for values in output.values())
    if name in AUTOENCODERS:
        assert output["denoised"].shape == output["envelope"].shape == trace.shape
        assert (output["envelope"] >= output["denoised"].abs() * (1 - 1e-4) - 1e-5).all()
        assert network(trace)["rate"] == sampling.get("rate", 180.0)


@every_network
def test_gradients_of_the_loss_reach_every_parameter(name):
    network, batch = build(name, **SMALL[name]).train(), traces(16, 4)
    losses, number = PulseSearch().loss(network(batch["trace"]), batch)
    (losses / number).backward()
    assert losses.isfinite()
    for parameter, weight in learned(network):
        assert weight.grad is not None, parameter
        assert weight.grad.isfinite().all(), parameter
        assert weight.grad.any(), parameter


@pytest.mark.parametrize("value", [0.0, 3.0])
@pytest.mark.parametrize("name", NETWORKS)
def test_dead_channels_do_no_harm(name, value):
    network, batch = build(name, **SMALL[name]).train(), traces(8, 5)
    for field in ("trace", "signal", "fluence", "snr", "label", "noise_rms"):
        batch[field][:2] = value if field in ("trace", "noise_rms") else 0
    losses, _ = PulseSearch().loss(network(batch["trace"]), batch)
    losses.backward()
    assert losses.isfinite()
    for parameter, weight in learned(network):
        assert weight.grad.isfinite().all(), parameter
    with torch.no_grad():
        predicted = PulseSearch().predict(network.eval()(batch["trace"]))
    assert all(values.isfinite().all() for values in predicted.values())


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_can_be_trained_in_half_precision(name):
    network, batch = build(name, **SMALL[name]).train(), traces(8, 6)
    with torch.autocast("cpu", torch.bfloat16):
        losses, _ = PulseSearch().loss(network(batch["trace"]), batch)
    losses.backward()
    assert losses.isfinite()
    assert all(weight.grad.isfinite().all() for _, weight in learned(network))
