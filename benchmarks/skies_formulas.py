"""Whether simulated skies follow their formulas.

100,000 rays of each kind are compared with integrals of the formulas; no quantity may be off by
more than four standard errors.

    python benchmarks/skies_formulas.py --rays 100000
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy import integrate, special

from cascade.studies.skies.settings import ExposureSettings, SkySettings, SpectrumSettings
from cascade.studies.skies.simulation.deflection import draw_fields, drift
from cascade.studies.skies.simulation.spectrum import HIGHEST, draw_charges, draw_energies, flux
from cascade.studies.skies.simulation.sphere import isotropic, smear
from comparison import Row, main
from formulas import Quantity, held_against, mean


def harmonics(rng: np.random.Generator, rays: int) -> Iterator[Quantity]:
    """Average the spherical harmonics, which vanish for isotropic directions."""
    x, y, z = isotropic(rng, (rays,)).T
    for degree in (1, 2, 3):
        for order in range(degree + 1):
            values = special.sph_harm_y(degree, order, np.arccos(z), np.arctan2(y, x))
            yield mean(f"isotropy, Re Y{degree}{order}", 0.0, values.real)
            if order:
                yield mean(f"isotropy, Im Y{degree}{order}", 0.0, values.imag)


def opening_angles(rng: np.random.Generator, rays: int) -> Iterator[Quantity]:
    """Average cos θ under Fisher's distribution: coth κ − 1 / κ."""
    centres = isotropic(rng, (rays,))
    for degrees in (1.0, 6.0, 20.0, 60.0):
        kappa = 1 / np.radians(degrees) ** 2
        fall = np.sum((smear(rng, centres, np.radians(degrees)) - centres) ** 2, axis=1) / 2
        expected = 1 - (1 / np.tanh(kappa) - 1 / kappa)
        yield mean(f"Fisher, σ = {degrees:g}°, <1 − cos θ>", expected, fall)


def energies(rng: np.random.Generator, rays: int) -> Iterator[Quantity]:
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


def slope(rng: np.random.Generator, rays: int) -> Iterator[Quantity]:
    """Fit the index of a power law by its maximum likelihood."""
    for index in (2.5, 3.0, 4.0):
        settings = SpectrumSettings(shape="power_law", index=index)
        _, energy = draw_energies(rng, (rays,), settings)
        found = 1 + 1 / np.mean(np.log(energy / settings.minimum))
        # the spectrum ends at the highest energy: what the formula then gives in the mean
        last = np.log(HIGHEST / settings.minimum)
        lost = last / np.expm1((index - 1) * last)
        expected = 1 + 1 / (1 / (index - 1) - lost)
        yield Quantity(f"power law, index {index:g}", expected, found, (index - 1) / np.sqrt(rays))


def exposures(rng: np.random.Generator, rays: int) -> Iterator[Quantity]:
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


def charges(rng: np.random.Generator, rays: int) -> Iterator[Quantity]:
    """Compare the shares of the charges."""
    composition = SkySettings().composition
    drawn = draw_charges(rng, (rays,), composition)
    for charge, share in composition.items():
        yield mean(f"share of Z = {charge}", share, (drawn == charge) * 1.0)


def deflections(rng: np.random.Generator, rays: int) -> Iterator[Quantity]:
    """Compare the field's mean square, and the length of a small drift with the field."""
    field, start = draw_fields(rng, rays), isotropic(rng, (rays,))
    vector = field[:, :, 0] + np.einsum("nij,nj->ni", field[:, :, 1:], start)
    square = np.sum(vector**2, axis=1) - np.sum(vector * start, axis=1) ** 2
    yield mean("field, mean square", 1.0, square)
    length = np.radians(0.1)
    moved = np.linalg.norm(drift(start, field, np.full(rays, length)) - start, axis=1)
    expected = np.sqrt(square / (square + 0.1**2))
    yield mean("drift of 0.1° over its field", 0.0, moved / length - expected)


def rows(options: argparse.Namespace) -> list[Row]:
    rng = np.random.default_rng(options.seed)
    kinds = (harmonics, opening_angles, energies, slope, exposures, charges, deflections)
    found = [quantity for kind in kinds for quantity in kind(rng, options.rays)]
    return [held_against(found, "skies")]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rays", type=int, default=100_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
