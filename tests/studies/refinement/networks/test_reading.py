"""Networks that read a trace, and the views of it that all networks share."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cascade.settings import validate
from cascade.studies.refinement.networks import discriminator, energy
from cascade.studies.refinement.networks.views import views
from cascade.studies.refinement.settings import DiscriminatorSettings, EnergySettings
from cascade.studies.refinement.settings.networks import TraceNetworkSettings

NETWORKS = {"energy": (energy, EnergySettings), "discriminator": (discriminator,
            DiscriminatorSettings)}  # fmt: skip
both = pytest.mark.parametrize("name", NETWORKS)


def made(name, **changes):
    torch.manual_seed(1)
    make, settings = NETWORKS[name]
    return make(validate(settings, {"channels": 4, "hidden": 8, **changes}))


def hits(number=5, bins=80):
    torch.manual_seed(2)
    sizes = torch.logspace(0, 3, number)[:, None]
    return sizes * torch.rand(number, bins), torch.randn(number), torch.randn(number)


def test_views_are_the_logarithms_that_they_say():
    trace = np.random.default_rng(1).exponential(20, (7, 30))
    settings = TraceNetworkSettings(pedestal=1.5, typical_signal=100.0, faint_signal=0.01)
    now, come, whole = (x.numpy() for x in views(torch.from_numpy(trace), settings))
    for event in range(7):
        # far above what is faint it is a logarithm
        assert whole[event, 0] == pytest.approx(np.log10(trace[event].sum() - 45) - 2, abs=1e-6)
        for bin_ in range(30):
            assert now[event, bin_] == pytest.approx(np.log10(1 + trace[event, bin_]))
            shares = np.log10((1 + trace[event, : bin_ + 1].sum()) / (1 + trace[event].sum()))
            assert come[event, bin_] == pytest.approx(shares, abs=1e-12)


def test_faint_signals_are_seen_on_a_linear_scale():
    settings = TraceNetworkSettings(bins=10, pedestal=1.0, faint_signal=20.0, typical_signal=400.0)
    trace = torch.tensor([0.8, 1.0, 1.2, 41.0], dtype=torch.float64)[:, None].expand(4, 10)
    whole = views(trace, settings)[2][:, 0]
    slope = 2.0 / (2 * 20.0 * np.log(10))
    assert (whole.diff()[:2] / slope).tolist() == pytest.approx([1, 1], rel=1e-3)
    assert whole[3].item() == pytest.approx(0)


@pytest.mark.parametrize("value", [0.0, 1e5])
def test_views_of_nothing_and_of_very_much_are_finite(value):
    trace = torch.full((2, 80), value, requires_grad=True)
    seen = torch.cat(views(trace, TraceNetworkSettings()), dim=1)
    seen.sum().backward()
    assert seen.isfinite().all()
    assert trace.grad.isfinite().all()
    assert seen.abs().max() < 6


@both
@pytest.mark.parametrize("bins", [8, 40, 80, 83])
def test_traces_of_any_length_give_one_number(name, bins):
    with torch.no_grad():
        answers = made(name, bins=bins)(*hits(bins=bins))
    assert answers.shape == (5,)
    assert answers.isfinite().all()
    assert answers.std() > 1e-4


@both
def test_traces_of_another_length_are_refused(name):
    with pytest.raises(ValueError, match=r"a trace has 79 bins, settings\.bins is 80"):
        made(name)(*hits(bins=79))  # as many numbers as those of 80 bins after three strides


@both
def test_traces_do_not_see_each_other(name):
    network, inputs = made(name), hits()
    with torch.no_grad():
        together = network(*inputs)
        for row in range(5):
            alone = network(*(x[row : row + 1] for x in inputs))
            torch.testing.assert_close(alone[0], together[row], rtol=1e-4, atol=1e-5)


@both
def test_gradients_reach_every_weight_and_silence_does_no_harm(name):
    network, (trace, *known) = made(name), hits()
    trace[0] = 0
    network(trace, *known).square().sum().backward()
    for part, weight in network.named_parameters():
        assert weight.grad.isfinite().all(), part
        assert weight.grad.any(), part


def test_the_energy_starts_from_the_signal():
    """What the network adds starts small; ten times the signal is about ten times the energy."""
    network = made("energy", typical_lg_energy=19.0, typical_signal=1000.0)
    trace = torch.full((3, 80), 1.0) * torch.tensor([[12.5], [125.0], [1250.0]])
    with torch.no_grad():
        answers = network(trace, torch.zeros(3), torch.zeros(3))
    torch.testing.assert_close(answers, torch.tensor([19.0, 20.0, 21.0]), rtol=0, atol=0.7)
