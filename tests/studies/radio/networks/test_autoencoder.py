"""What passes the bottleneck, and what a network makes of the energies that it measures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cascade.settings import validate
from cascade.studies.radio.calibration import IDENTITY
from cascade.studies.radio.fluence import fluence
from cascade.studies.radio.networks.autoencoder import Autoencoder
from cascade.studies.radio.networks.energies import MEASURED, Energies
from cascade.studies.radio.networks.outputs import PulseSearch
from cascade.studies.radio.settings import DenoiserSettings
from studies.radio.networks.untrained import AUTOENCODERS, build, traces

SMALL = {"channels": 6, "filters": 3, "gate": 4}
every_autoencoder = pytest.mark.parametrize("name", AUTOENCODERS)


@pytest.fixture(scope="module")
def trace():
    return traces(5, 1)["trace"]


@every_autoencoder
@pytest.mark.parametrize(("widths", "latent"), [([5], 1), ([4, 9], 7), ([8, 2, 3, 5], 2)])
def test_the_bottleneck_is_as_wide_as_told(name, widths, latent, trace):
    network = build(name, widths=widths, latent=latent, **SMALL)
    times = network.views.times // 2 ** len(widths)
    with torch.no_grad():
        output = network(trace)
    assert output["latent"].shape == (5, latent * times)
    assert output["denoised"].shape == output["envelope"].shape == (5, 500)
    assert [layer[0].out_channels for layer in network.autoencoder.encoder] == widths


@pytest.mark.parametrize("shortcuts", [False, True])
@pytest.mark.parametrize("times", [16, 37, 45, 160])
@pytest.mark.parametrize("widths", [[5], [4, 7, 3, 2]])
def test_resolutions_need_not_be_even(shortcuts, times, widths):
    asked = {"widths": widths, "latent": 3, "channels": 6, "shortcuts": shortcuts}
    network = Autoencoder(validate(DenoiserSettings, asked))
    envelope, latent, last = network(torch.randn(2, 6, times))
    for _ in widths:
        times = (times + 1) // 2
    assert latent.shape == (2, 3, times)
    assert envelope.shape[:2] == (2, 2)
    assert last.shape == (2, 6, envelope.shape[2])


def through(network, trace, latent):
    """Return the denoised trace in its own unit, with these numbers put into the bottleneck."""
    hook = network.autoencoder.compress.register_forward_hook(lambda *_: latent)
    with torch.no_grad():
        denoised = network(trace)["denoised"] / network.views(trace).unit
    hook.remove()
    return denoised


@every_autoencoder
@pytest.mark.parametrize("shortcuts", [False, True])
def test_the_decoder_knows_what_went_through_the_bottleneck_alone(name, shortcuts, trace):
    network = build(name, widths=[5, 7], latent=3, shortcuts=shortcuts, **SMALL)
    torch.manual_seed(2)
    latent = torch.randn(1, 3, network.views.times // 4).expand(5, -1, -1)
    denoised = through(network, trace, latent)
    differs = (denoised - denoised[:1]).abs().amax() / denoised.abs().amax()
    assert differs > 0.01 if shortcuts else differs < 1e-5
    # numbers in the bottleneck matter, with shortcuts or without
    other = through(network, trace, -latent)
    assert (other - denoised).abs().amax() > 0.01 * denoised.abs().amax()


@pytest.mark.parametrize("shortcuts", [False, True])
def test_gradients_pass_by_the_bottleneck_only_with_shortcuts(shortcuts):
    asked = {"widths": [5, 7], "latent": 3, "channels": 6, "shortcuts": shortcuts}
    torch.manual_seed(1)
    network = Autoencoder(validate(DenoiserSettings, asked)).eval()
    network.compress.register_forward_hook(lambda _, inputs, output: output.detach())
    features = torch.randn(2, 6, 32, requires_grad=True)
    envelope, _, _ = network(features)
    envelope.square().sum().backward()
    assert (features.grad is not None and bool(features.grad.any())) == shortcuts


@every_autoencoder
def test_measuring_does_not_act_back_on_the_denoised_trace(name, trace):
    network = build(name, **SMALL)
    _, _, found = network.describe(trace)
    sum(one.sum() for one in found if one.requires_grad).backward()
    assert all(weight.grad is None for weight in network.autoencoder.parameters())
    network.zero_grad()
    # what the decoder's last layer says is shaped by the error of the denoised trace alone
    output = network(trace)
    rest = [output[key] for key in ("logit", "log_fluence", "log_deviation") if key in output]
    sum(one.sum() for one in rest).backward()
    assert network.autoencoder.answer.weight.grad is None
    network(trace)["denoised"].square().sum().backward()
    assert network.autoencoder.answer.weight.grad.any()


@every_autoencoder
def test_energies_are_in_the_unit_of_the_fluence(name, trace):
    network = build(name, **SMALL)
    with torch.no_grad():
        output = network(trace)
    own = torch.exp(output["score"] + output["log_unit"]).numpy()
    np.testing.assert_allclose(own, fluence(output["denoised"].numpy(), 180.0), rtol=1e-2)


def test_the_denoiser_measures_what_trace_and_denoised_trace_have_in_common(trace):
    network = build("denoiser", **SMALL)
    with torch.no_grad():
        output, _, found = network.describe(trace)
    torch.testing.assert_close(output["score"], found.denoised)
    torch.testing.assert_close(output["log_fluence"], output["log_unit"] + found.common)


@pytest.mark.parametrize("chosen", range(MEASURED), ids=Energies._fields[:MEASURED])
def test_the_joint_network_weighs_the_energies(chosen, trace):
    """Its fluence is a mean of them with weights, times a factor."""
    network = build("joint", **SMALL)
    last = network.measure[-1]
    torch.nn.init.zeros_(last.weight)
    with torch.no_grad():
        last.bias.zero_()
        last.bias[chosen] = 50.0
        last.bias[MEASURED:] = torch.tensor([0.3, -1.2])
        output, _, found = network.describe(trace)
        found = found[chosen]
        output = network(trace)
    torch.testing.assert_close(output["log_fluence"], output["log_unit"] + found + 0.3)
    torch.testing.assert_close(output["log_deviation"], torch.full((5,), -1.2))


@every_autoencoder
def test_a_calibration_is_kept_with_the_weights_and_undoes_a_bias(name, trace):
    network = build(name, **SMALL)
    assert network.calibration.tolist() == list(IDENTITY)
    with torch.no_grad():
        before = PulseSearch().predict(network(trace))["predicted_fluence"]
    rng = np.random.default_rng(1)
    true = np.exp(rng.normal(size=400)).astype("f4")
    truth = {"fluence": true, "snr": np.full(400, 5.0), "label": np.ones(400)}
    network.calibrate({"predicted_fluence": 0.8 * true, "score": np.ones(400)}, truth)
    other = build(name, seed=2, **SMALL)
    other.load_state_dict(network.state_dict())
    with torch.no_grad():
        after = PulseSearch().predict(other(trace))["predicted_fluence"]
    torch.testing.assert_close(after, before / 0.8, rtol=1e-4, atol=0)
