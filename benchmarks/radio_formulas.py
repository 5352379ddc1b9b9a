"""Whether simulated radio traces follow their formulas.

Quantities of 100,000 traces, pulses and disturbances are compared with the formulas; none may be
off by more than four standard errors, and a trace's truth must be what its definition makes of the
trace.

    python benchmarks/radio_formulas.py --traces 100000
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from cascade.events.seeding import Block, sequence
from cascade.studies.radio.fluence import fluence
from cascade.studies.radio.settings import TraceSettings
from cascade.studies.radio.settings.sources import InterferenceSettings, NoiseSettings
from cascade.studies.radio.simulation.band import Band
from cascade.studies.radio.simulation.noise import draw_interference, draw_noise, power
from cascade.studies.radio.simulation.pulses import draw_spectra
from cascade.studies.radio.simulation.simulate import simulate
from comparison import Row, main
from formulas import Quantity, held_against, mean

BLOCK = 2000
SETTINGS = TraceSettings()
BAND = Band.of(SETTINGS.sampling)
LENGTH = BAND.samples / BAND.rate
TRUTH = ("signal-to-noise ratio", "noise", "fluence")
ROUNDING = 1e-5
"""Truth may be off its definition by so much of itself."""


def gathered(draw: Callable[[int], dict], number: int) -> dict[str, np.ndarray]:
    """Draw in blocks and join the numbers that are kept of each trace."""
    blocks = [draw(min(BLOCK, number - start)) for start in range(0, number, BLOCK)]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def noises(rng: np.random.Generator, number: int) -> Iterator[Quantity]:
    """Compare powers, moments of amplitudes, and the root mean square of traces."""
    level = power(BAND, SETTINGS.noise)
    groups = np.array_split(np.arange(len(level)), 10)
    # makes of powers their slope against that of the formula, to first order
    offset = np.log(BAND.frequency) - np.log(BAND.frequency).mean()
    lever = offset / np.sum(offset**2) / BAND.frequency**-SETTINGS.noise.index
    lever /= np.mean(power(BAND, NoiseSettings(floor=0.0)) * BAND.frequency**SETTINGS.noise.index)

    def draw(size: int) -> dict:
        spectra = draw_noise(rng, size, BAND, SETTINGS.noise)
        relative = np.abs(spectra) ** 2 / level
        galaxy = draw_noise(rng, size, BAND, NoiseSettings(floor=0.0))
        return {
            "power": np.stack([relative[:, group].mean(axis=1) for group in groups], axis=1),
            "amplitude": np.sqrt(relative).mean(axis=1),
            "fourth": np.square(relative).mean(axis=1),
            "cosine": np.cos(np.angle(spectra)).mean(axis=1),
            "square": np.mean(BAND.traces(spectra) ** 2, axis=1) / SETTINGS.noise.rms**2,
            "galaxy": np.abs(galaxy) ** 2 @ lever,
        }

    found = gathered(draw, number)
    for column, group in enumerate(groups):
        ends = BAND.frequency[group[[0, -1]]]
        name = f"noise, power at {ends[0]:.0f} … {ends[1]:.0f} MHz over formula"
        yield mean(name, 1.0, found["power"][:, column])
    yield mean("noise, Rayleigh: <|a|> / √<|a|²>", np.sqrt(np.pi) / 2, found["amplitude"])
    yield mean("noise, Rayleigh: <|a|⁴> / <|a|²>²", 2.0, found["fourth"])
    yield mean("noise, <cos phase>", 0.0, found["cosine"])
    yield mean("noise, mean square over rms²", 1.0, found["square"])
    yield mean("Galaxy, index", SETTINGS.noise.index, SETTINGS.noise.index - found["galaxy"])


def pulses(rng: np.random.Generator, number: int) -> Iterator[Quantity]:
    """Fit the spectra's logarithms and phases, and compare means of what was drawn."""
    settings = SETTINGS.pulse
    middle, width = (BAND.low + BAND.high) / 2, BAND.high - BAND.low

    def draw(size: int) -> dict:
        spectra = draw_spectra(rng, size, BAND, settings)
        fit = np.polynomial.polynomial.polyfit
        _, slope, curvature = fit(BAND.frequency - middle, np.log(np.abs(spectra)).T, 2)
        # phases in a trace that starts at its middle turn by less than half from bin to bin
        turns = np.angle(spectra) / (2 * np.pi) + BAND.frequency * LENGTH / 2
        turns = np.unwrap(turns, axis=1, period=1) - BAND.frequency * LENGTH / 2
        phase, arrival, bend = fit(BAND.high - BAND.frequency, turns.T, 2)
        delay = 2 * width * bend
        free = LENGTH - 2 * settings.margin - delay
        return {
            "distance": (slope - settings.slope) / settings.slope_per_distance,
            "curvature": curvature / settings.curvature,
            "delay": delay,
            "place": (arrival - settings.margin) / free,
            "phase": (phase + BAND.high * arrival) % 1,
        }

    found = gathered(draw, number)
    yield from uniform("pulse, distance from the slope [m]", settings.distance, found["distance"])
    yield mean("pulse, curvature", 0.0, found["curvature"])
    yield mean("pulse, curvature squared", 1.0, found["curvature"] ** 2)
    yield from uniform("pulse, group delay [µs]", settings.delay, found["delay"])
    yield from uniform("pulse, place between margins", (0, 1), found["place"])
    yield mean("pulse, share of positive ones", 0.5, found["phase"] < 0.5)
    quarter = np.abs(np.abs(found["phase"] - 0.5) - 0.25).max()
    print(f"pulse phases are a quarter of a turn up to {quarter:.1e}")


def uniform(name: str, ends: tuple[float, float], values: np.ndarray) -> Iterator[Quantity]:
    """Compare mean and mean square deviation from the middle with those of a uniform number."""
    middle, width = sum(ends) / 2, ends[1] - ends[0]
    yield mean(f"{name}, mean", middle, values)
    yield mean(f"{name}, variance", width**2 / 12, (values - middle) ** 2)


def carriers(rng: np.random.Generator, number: int) -> Iterator[Quantity]:
    """Compare number, power and frequency of carriers; shares and energy of bursts."""
    settings, rms = SETTINGS.interference, SETTINGS.noise.rms

    def draw(size: int) -> dict:
        def some(**changes) -> np.ndarray:
            changed = InterferenceSettings.model_validate({**settings.model_dump(), **changes})
            return draw_interference(rng, size, BAND, rms, changed) / rms

        lines, one = some(bursts=0.0), some(bursts=0.0, lines=1)
        burst = some(lines=0, bursts=1.0)
        spectrum = np.abs(np.fft.rfft(one * np.hanning(BAND.samples), 4096))
        return {
            "dark": ~lines.any(axis=1),
            "square": np.mean(lines**2, axis=1),
            "frequency": np.argmax(spectrum, axis=1) * BAND.rate / 4096,
            "hit": some(lines=0).any(axis=1),
            "energy": np.sum(burst**2, axis=1) / BAND.rate,
        }

    found = gathered(draw, number)
    yield mean("carriers, share of traces without", 1 / (settings.lines + 1), found["dark"])
    strong = moment(settings.line_amplitude, 2)
    yield mean("carriers, mean square over noise", settings.lines / 4 * strong, found["square"])
    lit = found["frequency"][found["frequency"] > 0]
    yield from uniform("carriers, frequency [MHz]", (BAND.low, BAND.high), lit)
    yield mean("bursts, share of traces", settings.bursts, found["hit"])
    # ∫ A² exp(−t² / w²) cos² dt = A² w √π / 2, of which the ends of the trace cut off w / (√π L)
    widths = settings.burst_width
    whole = moment(widths, 1) - moment(widths, 2) / np.sqrt(np.pi) / LENGTH
    energy = moment(settings.burst_amplitude, 2) * whole * np.sqrt(np.pi) / 2
    yield mean("bursts, energy over noise [µs]", energy, found["energy"])


def moment(ends: list[float], power: int) -> float:
    """Return the mean of a power of a number that is uniform in its logarithm."""
    low, high = ends
    return (high**power - low**power) / power / np.log(high / low)


def whole_traces(rng: np.random.Generator, number: int) -> Iterator[Quantity]:
    """Compare shares of pulses and of signal-to-noise ratios, and truth with its definition."""

    def draw(size: int) -> dict:
        events = simulate(Block(0, size, sequence(int(rng.integers(2**31)))), SETTINGS)
        return {name: events[name] for name in ("label", "snr")} | deviations(events)

    found = gathered(draw, number)
    yield mean("share of pulses", SETTINGS.pulses, found["label"])
    edges = np.geomspace(*SETTINGS.pulse.snr, 9)
    for low, high in pairwise(edges):
        inside = (found["snr"] >= low) & (found["snr"] < high)
        share = SETTINGS.pulses / (len(edges) - 1)
        yield mean(f"share of SNR {low:.2f} … {high:.2f}", share, inside)
    off = max(found[name].max() for name in TRUTH)
    print(f"{', '.join(TRUTH)} are as defined up to {off:.1e} of their value")
    if off > ROUNDING:
        raise AssertionError(f"truth is off its definition by more than {ROUNDING:g}")


def deviations(events: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return by how much of itself truth is off what its definition makes of a trace's parts."""
    signal = events["signal"].astype(np.float64)
    rest = events["trace"] - signal
    broad = np.sqrt(np.mean((rest - events["interference"]) ** 2, axis=1))
    defined = {
        "signal-to-noise ratio": (events["snr"], np.abs(signal).max(axis=1) / broad),
        "noise": (events["noise_rms"], np.sqrt(np.mean(rest**2, axis=1))),
        "fluence": (events["fluence"], fluence(signal, BAND.rate)),
    }
    return {
        name: np.abs(found - value) / np.where(value, value, 1)
        for name, (found, value) in defined.items()
    }


def rows(options: argparse.Namespace) -> list[Row]:
    rng = np.random.default_rng(options.seed)
    kinds = (noises, pulses, carriers, whole_traces)
    found = [quantity for kind in kinds for quantity in kind(rng, options.traces)]
    return [held_against(found, "radio traces")]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traces", type=int, default=100_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
