"""Jet images: towers about the jet, aligned by their substructure, as pixels.

The steps follow "Jet-Images: Deep Learning Edition" (arXiv:1511.05190): translate to the leading
subjet, rotate the subleading subjet (without one: the principal axis) to −π/2, flip the side with
more energy to the right, optionally divide by the L2 norm. The steps act on the towers'
coordinates and pixels are filled last: interpolating pixels and clipping the negative ones at 0
would change the image's sum, moving towers does not.

In an image the first axis is η and the second φ; "right" is positive η, −π/2 is negative φ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

MIDDLE = 1e-6
"""Hits nearer than this to the middle line of an aligned image lie on it."""


@dataclass(frozen=True)
class Hits:
    """Energies in the (η, φ) plane: those of all jets in a row.

    Attributes
    ----------
    eta, phi
        Coordinates, shape (hits,); φ in rad.
    energy
        Transverse energy [GeV], shape (hits,).
    jet
        Running number of the jet that a hit belongs to, shape (hits,).
    jets
        Number of jets (some may have no hit).
    """

    eta: np.ndarray
    phi: np.ndarray
    energy: np.ndarray
    jet: np.ndarray
    jets: int

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sum values, shape (hits,), in each jet; shape (jets,)."""
        return np.bincount(self.jet, values, self.jets)


def wrap(phi: np.ndarray) -> np.ndarray:
    """Bring angles [rad] to [−π, π)."""
    return (phi + np.pi) % (2 * np.pi) - np.pi


def translate(hits: Hits, eta: np.ndarray, phi: np.ndarray) -> Hits:
    """Move a point of each jet, coordinates of shape (jets,), to the origin."""
    return replace(hits, eta=hits.eta - eta[hits.jet], phi=wrap(hits.phi - phi[hits.jet]))


def rotate(hits: Hits, angle: np.ndarray) -> Hits:
    """Turn each jet about the origin, anticlockwise, by an angle [rad] of shape (jets,)."""
    cosine, sine = np.cos(angle)[hits.jet], np.sin(angle)[hits.jet]
    return replace(
        hits, eta=cosine * hits.eta - sine * hits.phi, phi=sine * hits.eta + cosine * hits.phi
    )


def flip(hits: Hits) -> Hits:
    """Mirror the jets that hold more energy on the left (η < 0) than on the right."""
    # a subjet of a single tower lies on the middle line but for rounding: it belongs to no side
    side = np.where(np.abs(hits.eta) < MIDDLE, 0.0, np.sign(hits.eta))
    mirror = np.where(hits.total(hits.energy * side) < 0, -1.0, 1.0)
    return replace(hits, eta=mirror[hits.jet] * hits.eta)


def principal_axis(hits: Hits) -> np.ndarray:
    """Return the direction [rad], shape (jets,), along which a jet's energy spreads most.

    It is the leading eigenvector of the second moments about the origin, pointing to the side that
    holds more energy times distance.
    """
    xx = hits.total(hits.energy * hits.eta**2)
    yy = hits.total(hits.energy * hits.phi**2)
    xy = hits.total(hits.energy * hits.eta * hits.phi)
    direction = 0.5 * np.arctan2(2 * xy, xx - yy)
    along = hits.eta * np.cos(direction)[hits.jet] + hits.phi * np.sin(direction)[hits.jet]
    return np.where(hits.total(hits.energy * along) < 0, direction + np.pi, direction)


def alignment(hits: Hits, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Return the angle [rad], shape (jets,), that turns the second prong to −π/2.

    Parameters
    ----------
    hits
        Translated to the leading subjet.
    eta, phi
        Subleading subjet relative to the leading one, shape (jets,); NaN where there is none and
        the principal axis takes its place.
    """
    direction = np.where(np.isnan(eta), principal_axis(hits), np.arctan2(phi, eta))
    return -np.pi / 2 - direction


def pixelate(hits: Hits, size: int, half_width: float) -> np.ndarray:
    """Fill images with transverse energy [GeV], shape (jets, size, size) as (jet, η, φ).

    Hits outside |η|, |φ| < ``half_width`` are lost; all others count in full.
    """
    width = 2 * half_width / size
    column = np.floor((hits.eta + half_width) / width).astype(np.int64)
    row = np.floor((hits.phi + half_width) / width).astype(np.int64)
    inside = (column >= 0) & (column < size) & (row >= 0) & (row < size)
    pixel = (hits.jet * size + column) * size + row
    filled = np.bincount(pixel[inside], hits.energy[inside], hits.jets * size * size)
    return filled.reshape(hits.jets, size, size)


def normalise(images: np.ndarray) -> np.ndarray:
    """Divide images by their L2 norm; empty images stay empty."""
    norm = np.sqrt(np.sum(images**2, axis=(1, 2), keepdims=True))
    return images / np.where(norm > 0, norm, 1.0)


def preprocess(hits: Hits, leading: np.ndarray, subleading: np.ndarray) -> dict[str, Hits]:
    """Return the hits after each step: ``translated``, ``rotated``, ``flipped``.

    Parameters
    ----------
    hits
        In the detector's coordinates.
    leading, subleading
        (η, φ) of the two leading subjets, shape (jets, 2); NaN where there is no second one.
    """
    translated = translate(hits, leading[:, 0], leading[:, 1])
    offset_eta = subleading[:, 0] - leading[:, 0]
    offset_phi = wrap(subleading[:, 1] - leading[:, 1])
    rotated = rotate(translated, alignment(translated, offset_eta, offset_phi))
    return {"translated": translated, "rotated": rotated, "flipped": flip(rotated)}
