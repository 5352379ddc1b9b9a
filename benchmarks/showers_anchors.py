"""The shower simulation against the check values of the original toy, in standard errors.

Values of De Domenico et al. (arXiv:1305.2331), of the CORSIKA atmosphere and of runs of the
original simulation of arXiv:1708.00647. None may be off by more than three standard errors, beyond
the rounding of the value.

    python benchmarks/showers_anchors.py --events 100000
"""

from __future__ import annotations

import argparse
import sys

import awkward as ak
import numpy as np

from cascade.events.seeding import blocks
from cascade.studies.showers.settings import ShowerSettings, SignalSettings
from cascade.studies.showers.simulation import atmosphere, depth_of_maximum
from cascade.studies.showers.simulation.signals import mean_signals
from cascade.studies.showers.simulation.simulate import simulate
from comparison import OURS, Row, at_most, main

GUMBEL = {1: (808.1, 59.1), 4: (775.0, 38.2), 14: (748.2, 28.1), 56: (711.8, 16.6)}
"""Mean and standard deviation of X_max at lg E = 19 [g/cm²] by mass number."""
PROTONS = {18.5: 780.5, 20.0: 862.6}
"""Mean X_max of protons [g/cm²] by lg E."""
DEPTHS = {1400.0: 872.29, 1600.0: 851.09, 0.0: 1033.81}
"""Vertical depth [g/cm²] by height [m]."""
SIGNALS = {1: (229.9, 330.9), 56: (336.7, 265.0)}
"""Muonic and electromagnetic signal at 1000 m, ΔX = 500 g/cm², lg E = 19 by mass number."""
STATIONS = (5.60, 6.88, 8.52, 10.41, 13.03, 15.87)
"""Mean triggered stations of protons, in bins of lg E of 0.25 from 18.5."""
STATION_EVENTS = 1000
"""Events in each bin behind them: not stated, but the original makes only 5 to 6 a second."""
ZENITH = 36.7  # degrees
FAR = 3.0
"""Standard errors that no check value may be off."""


def anchors(events: int, seed: int) -> list[tuple[str, float, float, float]]:
    """Return name, found value, expected value and standard error of each check."""
    rng = np.random.default_rng(seed)
    rows = []
    for mass, (mean, width) in GUMBEL.items():
        drawn = depth_of_maximum.draw(rng, np.full(events, 19.0), np.full(events, mass))
        spread = drawn.std()
        fourth = np.mean((drawn - drawn.mean()) ** 4)
        width_error = np.sqrt((fourth - spread**4) / events) / (2 * spread)
        rows.append((f"X_max mean, A = {mass}", drawn.mean(), mean, spread / np.sqrt(events)))
        rows.append((f"X_max width, A = {mass}", spread, width, width_error))
    for lg_energy, mean in PROTONS.items():
        drawn = depth_of_maximum.draw(rng, np.full(events, lg_energy), np.ones(events))
        error = drawn.std() / np.sqrt(events)
        rows.append((f"X_max mean, protons, lg E = {lg_energy}", drawn.mean(), mean, error))
    for height, depth in DEPTHS.items():
        rows.append(
            (f"depth at {height:.0f} m", float(atmosphere.vertical_depth(height)), depth, 0)
        )
    for mass, expected in SIGNALS.items():
        found = mean_signals(1000.0, 500.0, 19.0, mass, SignalSettings())
        for name, value, wanted in zip(("muonic", "e.m."), found, expected, strict=True):
            rows.append((f"{name} signal, A = {mass}", float(value), wanted, 0))
    return rows + _simulated(events, seed)


def _simulated(events: int, seed: int) -> list[tuple[str, float, float, float]]:
    settings = ShowerSettings(primaries=(1,))
    parts = []
    for block in blocks(seed, "showers", "anchors", "all", events, 1000):
        drawn = simulate(block, settings)
        number = ak.to_numpy(ak.num(drawn["station"]))
        zenith = np.degrees(np.arccos(drawn["axis"][:, 2].astype(float)))
        parts.append(np.stack([drawn["lg_energy"], number, zenith]))
    lg_energy, number, zenith = np.concatenate(parts, axis=1)
    rows = [("zenith", zenith.mean(), ZENITH, zenith.std() / np.sqrt(events))]
    for index, expected in enumerate(STATIONS):
        low = 18.5 + 0.25 * index
        chosen = number[(lg_energy >= low) & (lg_energy < low + 0.25)]
        # the check value has a standard error of its own
        error = chosen.std() * np.sqrt(1 / len(chosen) + 1 / STATION_EVENTS)
        rows.append((f"stations, lg E from {low}", chosen.mean(), expected, error))
    return rows


def rows(options: argparse.Namespace) -> list[Row]:
    largest, wrong = 0.0, []
    found = anchors(options.events, options.seed)
    for name, value, expected, error in found:
        digits = len(f"{expected}".partition(".")[2])
        rounding = 0.5 * 10.0**-digits
        if error:
            deviation = max(abs(value - expected) - rounding, 0) / error
            largest = max(largest, deviation)
        else:  # a number without any chance in it
            deviation = 0.0
            wrong += [name] if abs(value - expected) > rounding * 1.001 else []
        print(f"{name:36} {value:9.3f} {expected:9.2f} ± {error:6.3f} {deviation:5.1f} σ")
    if wrong:
        raise AssertionError(f"off their check values: {', '.join(wrong)}")
    what = f"showers: largest deviation of {len(found)} check values"
    return [Row(what, largest, "σ", bar=at_most(FAR, OURS))]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
