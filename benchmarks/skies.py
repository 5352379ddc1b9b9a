"""Whether simulated skies follow their formulas, and how fast they are drawn on one core.

First, 100,000 rays of each kind are compared with integrals of the formulas; the program fails if
one of them is off by more than four standard errors. Then skies of 500 rays are drawn at the
reference settings and as the Pierre Auger Observatory would see them (exposure up to 80° from the
zenith, uncertainties of 14 % and 1°), in memory and into HDF5 by ``cascade simulate``. CPU seconds
of one process are counted, the median of the repeats is given. The limit is what the random numbers
alone cost.

    OMP_NUM_THREADS=1 python benchmarks/skies.py --events 4000 --repeats 5
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import integrate, special

from cascade.cli import cascade
from cascade.events.seeding import Block, sequence
from cascade.studies.skies.settings import ExposureSettings, SkySettings, SpectrumSettings
from cascade.studies.skies.simulation.deflection import draw_fields, drift
from cascade.studies.skies.simulation.simulate import simulate
from cascade.studies.skies.simulation.spectrum import HIGHEST, draw_charges, draw_energies, flux
from cascade.studies.skies.simulation.sphere import isotropic, smear

FAR = 4.0
"""Standard errors that no quantity may be off."""
AUGER = {
    "exposure": {"latitude": -35.25, "zenith": 80.0},
    "spectrum": {"resolution": 0.14},
    "angular_resolution": 1.0,
}
VARIANTS = {"reference settings": {}, "as seen by Auger": AUGER}


class Row(NamedTuple):
    """A quantity: what the formula says, what was drawn, and its standard error."""

    name: str
    expected: float
    measured: float
    error: float


def mean(name: str, expected: float, values: np.ndarray) -> Row:
    return Row(name, expected, values.mean(), values.std() / np.sqrt(len(values)))


def harmonics(rng: np.random.Generator, rays: int) -> Iterator[Row]:
    """Average the spherical harmonics, which vanish for isotropic directions."""
    x, y, z = isotropic(rng, (rays,)).T
    for degree in (1, 2, 3):
        for order in range(degree + 1):
            values = special.sph_harm_y(degree, order, np.arccos(z), np.arctan2(y, x))
            yield mean(f"isotropy, Re Y{degree}{order}", 0.0, values.real)
            if order:
                yield mean(f"isotropy, Im Y{degree}{order}", 0.0, values.imag)


def opening_angles(rng: np.random.Generator, rays: int) -> Iterator[Row]:
    """Average cos θ under Fisher's distribution: coth κ − 1 / κ."""
    centres = isotropic(rng, (rays,))
    for degrees in (1.0, 6.0, 20.0, 60.0):
        kappa = 1 / np.radians(degrees) ** 2
        fall = np.sum((smear(rng, centres, np.radians(degrees)) - centres) ** 2, axis=1) / 2
        expected = 1 - (1 / np.tanh(kappa) - 1 / kappa)
        yield mean(f"Fisher, σ = {degrees:g}°, <1 − cos θ>", expected, fall)


def energies(rng: np.random.Generator, rays: int) -> Iterator[Row]:
    """Compare means of ln E and shares above 80 EeV with integrals over true and measured E."""
    for shape in ("power_law", "auger"):
        for width in (0.0, 0.14):
            settings = SpectrumSettings(shape=shape, resolution=width)
            _, energy = draw_energies(rng, (rays,), settings)
            grid = np.linspace(np.log(settings.minimum), np.log(3 * HIGHEST), 6001)
            density = measured_density(np.exp(grid), settings) * np.exp(grid)
            total = integrate.simpson(density, x=grid)
            name = f"{shape}, resolution {width:g}"
            log_mean = integrate.simpson(density * grid, x=grid) / total
            above = grid >= np.log(80)
            share = integrate.trapezoid(density[above], grid[above]) / total
            yield mean(f"{name}, <ln E>", log_mean, np.log(energy))
            yield mean(f"{name}, share > 80 EeV", share, (energy > np.exp(grid[above][0])) * 1.0)


def measured_density(energy: np.ndarray, settings: SpectrumSettings) -> np.ndarray:
    """Return the density of measured energies: the flux, folded with the resolution."""
    if not settings.resolution:
        return np.where(energy <= HIGHEST, flux(energy, settings), 0.0)
    true = np.geomspace(settings.minimum / 4, HIGHEST, 4001)
    width = settings.resolution * true
    folded = [
        integrate.simpson(
            flux(true, settings) * np.exp(-0.5 * ((one - true) / width) ** 2) / width, x=true
        )
        for one in energy
    ]
    return np.array(folded)


def slope(rng: np.random.Generator, rays: int) -> Iterator[Row]:
    """Fit the index of a power law by its maximum likelihood."""
    for index in (2.5, 3.0, 4.0):
        settings = SpectrumSettings(shape="power_law", index=index)
        _, energy = draw_energies(rng, (rays,), settings)
        found = 1 + 1 / np.mean(np.log(energy / settings.minimum))
        # the spectrum ends at the highest energy: what the formula then gives in the mean
        last = np.log(HIGHEST / settings.minimum)
        lost = last / np.expm1((index - 1) * last)
        expected = 1 + 1 / (1 / (index - 1) - lost)
        yield Row(f"power law, index {index:g}", expected, found, (index - 1) / np.sqrt(rays))


def exposures(rng: np.random.Generator, rays: int) -> Iterator[Row]:
    """Compare bands of declination with an average over the Earth's turn."""
    hour = (np.arange(4000) + 0.5) / 4000 * np.pi
    sine = np.linspace(-1, 1, 4001)[:, None]
    for zenith in (60.0, 80.0):
        settings = ExposureSettings(zenith=zenith)
        latitude = np.radians(settings.latitude)
        cosine = np.sin(latitude) * sine + np.cos(latitude) * np.sqrt(1 - sine**2) * np.cos(hour)
        density = np.where(cosine > np.cos(np.radians(zenith)), cosine, 0.0).mean(axis=1)
        cumulated = integrate.cumulative_trapezoid(density, sine[:, 0], initial=0)
        drawn = isotropic(rng, (rays,), settings)[:, 2]
        edges = np.linspace(-1, 0.5, 7)
        for low, high in pairwise(edges):
            share = np.diff(np.interp([low, high], sine[:, 0], cumulated / cumulated[-1]))[0]
            if share:
                inside = ((drawn >= low) & (drawn < high)) * 1.0
                yield mean(f"exposure to {zenith:g}°, sin δ {low:.2f} … {high:.2f}", share, inside)


def charges(rng: np.random.Generator, rays: int) -> Iterator[Row]:
    """Compare the shares of the charges."""
    composition = SkySettings().composition
    drawn = draw_charges(rng, (rays,), composition)
    for charge, share in composition.items():
        yield mean(f"share of Z = {charge}", share, (drawn == charge) * 1.0)


def deflections(rng: np.random.Generator, rays: int) -> Iterator[Row]:
    """Compare the field's mean square, and the length of a small drift with the field."""
    field, start = draw_fields(rng, rays), isotropic(rng, (rays,))
    vector = field[:, :, 0] + np.einsum("nij,nj->ni", field[:, :, 1:], start)
    square = np.sum(vector**2, axis=1) - np.sum(vector * start, axis=1) ** 2
    yield mean("field, mean square", 1.0, square)
    length = np.radians(0.1)
    moved = np.linalg.norm(drift(start, field, np.full(rays, length)) - start, axis=1)
    expected = np.sqrt(square / (square + 0.1**2))
    yield mean("drift of 0.1° over its field", 0.0, moved / length - expected)


def compare(rays: int, seed: int) -> bool:
    """Print the table and return whether all of it is as it should be."""
    rng = np.random.default_rng(seed)
    kinds = (harmonics, opening_angles, energies, slope, exposures, charges, deflections)
    rows = [row for kind in kinds for row in kind(rng, rays)]
    print(f"{'quantity':42} {'expected':>11} {'measured':>11} {'error':>9} {'pull':>6}")
    pulls = []
    for row in rows:
        pulls.append((row.measured - row.expected) / row.error)
        numbers = f"{row.expected:11.6f} {row.measured:11.6f} {row.error:9.1e}"
        print(f"{row.name:42} {numbers} {pulls[-1]:6.2f}")
    worst, spread = max(map(abs, pulls)), np.sqrt(np.mean(np.square(pulls)))
    print(f"{len(pulls)} quantities, {rays} rays each: rms pull {spread:.2f}, largest {worst:.2f}")
    return worst < FAR


def seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def in_memory(seed: int, skies: int, settings: SkySettings) -> None:
    for block in range(0, skies, 1000):
        simulate(Block(block, min(1000, skies - block), sequence(seed, block)), settings)


def into_file(seed: int, skies: int, settings: dict) -> None:
    """Run ``cascade simulate``, within this process."""
    with tempfile.TemporaryDirectory() as folder:
        line = ["simulate", "skies", "toy", "--events", str(skies), "--seed", str(seed)]
        line += ["--settings", json.dumps(settings), "-o", str(Path(folder) / "skies.h5")]
        cascade(line, standalone_mode=False)


def random_numbers(seed: int, skies: int, settings: SkySettings) -> None:
    """Draw what no simulation of these skies can do without: energy, charge and direction."""
    rng = np.random.default_rng(seed)
    uncertain = bool(settings.spectrum.resolution) + 2 * bool(settings.angular_resolution)
    for start in range(0, skies, 1000):
        for _ in range(4 + uncertain):
            rng.random((min(1000, skies - start), settings.rays))


def speed(skies: int, repeats: int) -> None:
    print(f"\nskies of {SkySettings().rays} rays, a CPU second of one core")
    for name, given in VARIANTS.items():
        settings = SkySettings.model_validate(given)
        in_memory(0, 100, settings)  # modules are imported and tables made once
        taken: dict[str, list[float]] = {"in memory": [], "into HDF5": [], "random numbers": []}
        for repeat in range(1, repeats + 1):
            taken["in memory"].append(seconds(lambda: in_memory(repeat, skies, settings)))  # noqa: B023
            taken["into HDF5"].append(seconds(lambda: into_file(repeat, skies, given)))  # noqa: B023
            taken["random numbers"].append(
                seconds(lambda: random_numbers(repeat, skies, settings))  # noqa: B023
            )
        for what, times in taken.items():
            print(f"{name:20} {what:16} {skies / statistics.median(times):8.0f} skies/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rays", type=int, default=100_000, help="of each kind for the formulas")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=4000, help="skies in a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    good = compare(options.rays, options.seed)
    speed(options.events, options.repeats)
    sys.exit(0 if good else f"a quantity is off by more than {FAR:g} standard errors")


if __name__ == "__main__":
    main()
