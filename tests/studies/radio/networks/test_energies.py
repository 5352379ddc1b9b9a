"""Energies of pulses against sums in double precision, and of pulses that are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cascade.settings import validate
from cascade.studies.radio.networks.energies import AMPLITUDES, MEASURED, NUMBERS, WINDOW, energies
from cascade.studies.radio.networks.views import Views
from cascade.studies.radio.settings import ClassifierSettings
from studies.radio.networks.untrained import traces

SAMPLES, RATE, BAND = 400, 200.0, (40.0, 90.0)
SAMPLING = {"samples": SAMPLES, "rate": RATE, "band": list(BAND)}


@pytest.fixture(scope="module")
def views():
    torch.manual_seed(1)
    asked = {"sampling": SAMPLING, "taper": 0.15}
    return Views(validate(ClassifierSettings, asked)).eval()


@pytest.fixture(scope="module")
def pulses():
    """Return traces with pulses in the middle, and these pulses."""
    number = 20
    events = traces(number, 3, sampling=SAMPLING, pulses=1.0)
    peak = (events["peak_time"] * RATE / 1e3).round().long()
    turned = {}
    for name in ("trace", "signal"):
        rows = [events[name][row].roll(200 - int(peak[row])) for row in range(number)]
        turned[name] = torch.stack(rows)
    return turned["trace"], turned["signal"]


@torch.no_grad()
def measured(views, trace, denoised, place=200):
    places = torch.as_tensor(place).expand(len(trace))
    view = views(trace)
    return energies(views, view, trace, denoised, places), view


def by_sums(taper, weight, unit, trace, denoised, place):
    """Return the energies of one trace, from sums over samples and frequencies."""
    trace, denoised = trace / unit, denoised / unit
    time = np.arange(SAMPLES)
    product = square = 0.0
    bins = [b for b in range(SAMPLES // 2 + 1) if BAND[0] <= b * RATE / SAMPLES <= BAND[1]]
    for b, w in zip(bins, weight, strict=True):
        wave = np.exp(-2j * np.pi * b * time / SAMPLES) * taper
        x, t = (trace * wave).sum(), (denoised * wave).sum()
        product += w**2 * (x * t.conjugate()).real
        square += w**2 * abs(t) ** 2
    amplitude = np.clip(product / square, *AMPLITUDES)
    energy = (denoised**2).sum()
    inside = outside = number = 0
    for sample in range(SAMPLES):
        if abs(sample - place) <= round(WINDOW * RATE):
            inside, number = inside + trace[sample] ** 2, number + 1
        else:
            outside += trace[sample] ** 2
    window = inside - number * outside / (SAMPLES - number)
    return (
        np.log(energy),
        np.log(energy * amplitude),
        np.log(energy * amplitude**2),
        np.log(max(window, 1e-6)),
        product / np.sqrt(square),
    )


@pytest.mark.parametrize("place", [200, 3, 399])
def test_energies_are_those_of_the_sums(views, pulses, place):
    trace, signal = pulses
    torch.manual_seed(2)
    denoised = 0.7 * signal + torch.randn_like(signal)
    found, view = measured(views, trace, denoised, place)
    assert len(found) == NUMBERS == MEASURED + 1
    for row in range(len(trace)):
        expected = by_sums(
            *(one.double().numpy() for one in (views.taper, view.weight[row], view.unit[row])),
            *(one[row].double().numpy() for one in (trace, denoised)),
            place,
        )
        values = [one[row].item() for one in found]
        # where window and noise all but cancel, the logarithm is that of a rounding
        values[3], expected = np.exp(values[3]), [*expected[:3], np.exp(expected[3]), expected[4]]
        assert values == pytest.approx(expected, rel=1e-3, abs=2e-3)


def test_all_energies_of_a_pulse_without_noise_are_its_own(views, pulses):
    _, signal = pulses
    found, view = measured(views, signal, signal)
    energy = torch.log((signal / view.unit).square().sum(dim=1))
    for name in ("denoised", "common", "matched"):
        torch.testing.assert_close(getattr(found, name), energy, rtol=0, atol=1e-3)
    # tails lie beyond the window
    assert (found.window < energy + 1e-3).all()
    assert (found.window > energy - 0.1).all()


@pytest.mark.parametrize("factor", [0.2, 0.7, 1.3, 6.0])
def test_a_pulse_made_too_faint_or_strong_is_matched_to_its_trace(views, pulses, factor):
    _, signal = pulses
    found, view = measured(views, signal, factor * signal)
    energy = torch.log((signal / view.unit).square().sum(dim=1))
    for power, name in ((2, "denoised"), (1, "common"), (0, "matched")):
        expected = energy + power * np.log(factor)
        torch.testing.assert_close(getattr(found, name), expected, rtol=0, atol=1e-2)
    exact, _ = measured(views, signal, signal)
    for name in ("window", "strength"):
        torch.testing.assert_close(getattr(found, name), getattr(exact, name), rtol=1e-3, atol=0)


def test_a_pulse_of_the_wrong_sign_or_none_is_limited(views, pulses):
    trace, signal = pulses
    found, _ = measured(views, signal, -signal)
    low = np.log(AMPLITUDES[0])
    torch.testing.assert_close(found.common, found.denoised + low)
    assert (found.strength < 0).all()
    for nothing in (measured(views, trace, 0 * signal), measured(views, 0 * trace, signal)):
        assert all(one.isfinite().all() for one in nothing[0])


def test_noise_in_the_window_is_taken_off_on_average(views):
    """The window's energy is that of the pulse, whatever the noise: on average over many traces."""
    events = traces(2000, 5, sampling=SAMPLING, pulses=0.0)
    base = traces(1, 6, sampling=SAMPLING, pulses=1.0, pulse={"snr": [9, 9], "margin": 0.05})
    peak = int((base["peak_time"] * RATE / 1e3).round())
    signal = base["signal"].roll(200 - peak, dims=1)
    found, view = measured(views, events["trace"] + signal, signal.expand(2000, -1))
    energy = found.window.exp() * view.unit.square()[:, 0]
    assert energy.mean().item() == pytest.approx(signal.square().sum().item(), rel=0.05)
