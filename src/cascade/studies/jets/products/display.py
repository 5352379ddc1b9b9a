"""A single W jet and a single QCD jet: towers with subjets, raw and preprocessed image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.images import colour_bar, draw_image, intensity_norm, name_coordinates
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import samples
from cascade.studies.jets.images import wrap
from cascade.studies.jets.observables import four_momenta, leading_subjets
from cascade.studies.jets.products import reading
from cascade.studies.jets.settings import EventDisplaySettings

STEPS = {"image_raw": "image", "image": "preprocessed"}
OBSERVABLES = ("pt", "eta", "phi", "mass", "tau21", "delta_r")
AREA_PER_GEV = 1.6
"""Area of a tower's circle [pt²] per GeV."""


@style.styled
def event_display(inputs: Inputs, settings: EventDisplaySettings) -> Result:
    """Draw towers and images of one jet of each class."""
    sample, path = samples(inputs)[0]
    selection = reading.selection_of(path)
    chosen = {1: settings.w, 0: settings.qcd}
    jets = {label: read_jet(path, label, number) for label, number in chosen.items()}
    figure, axes = style.subplots(
        2, 3, width=style.PAGE, height=4.35, layout="compressed", sharex=True, sharey=True
    )
    norm = intensity_norm([jet[step] for jet in jets.values() for step in STEPS], settings.decades)
    for row, (label, jet) in zip(axes, jets.items(), strict=True):
        _draw_towers(row[0], jet["towers"], jet["subjets"], selection.trim_radius)
        style.note(row[0], f"{reading.CLASSES[label]}, towers", x=0.05)
        style.note(row[0], _numbers(jet), x=0.05, y=0.05, linespacing=1.3)
        for panel, (step, text) in zip(row[1:], STEPS.items(), strict=True):
            draw_image(panel, jet[step], selection.image_half_width, norm)
            style.note(panel, f"{reading.CLASSES[label]}, {text}", x=0.05)
    _size_legend(axes[0, 0])
    name_coordinates(axes, r"$\Delta\eta$", r"$\Delta\phi$ [rad]")
    colour_bar(figure, axes, norm, r"$p_\mathrm{T}$ per pixel [GeV]")
    return Result(figure, _table(jets), _caption(sample, chosen, selection.trim_radius))


def read_jet(path: Path, label: int, number: int) -> dict[str, Any]:
    """Read one jet, counted within its class.

    Returns
    -------
    dict
        Observables as floats; about the jet axis ``towers`` as pT [GeV], Δη, Δφ [rad], shape
        (towers, 3), and the two leading ``subjets`` as Δη, Δφ, NaN where there is none; the images
        [GeV], a normalised one scaled back to the raw one's sum.

    Raises
    ------
    CascadeError
        The class has no jet of this number.
    """
    of_class = np.flatnonzero(hdf5.read(path, ["label"])["label"] == label)
    if number >= len(of_class):
        cls = reading.CLASSES[label]
        raise CascadeError(
            f"event_display: {cls.lower()}: {number} is too large, {path} holds "
            f"{style.plural(len(of_class), f'{cls} jet')}"
        )
    index = int(of_class[number])
    selection = reading.selection_of(path)
    names = ("constituents", *STEPS, *OBSERVABLES)
    read = hdf5.read(path, names, index, index + 1)
    jet = {name: read[name][0] for name in names}
    subjets = leading_subjets(four_momenta(read["constituents"]), selection.trim_radius)[0]
    towers = ak.to_numpy(jet.pop("constituents")).astype(np.float64)
    jet["subjets"] = relative(subjets, jet)
    jet["towers"] = np.column_stack([towers[:, 0], relative(towers[:, 1:], jet)])
    if selection.normalise:
        jet["image"] = jet["image"] * (jet["image_raw"].sum() / jet["image"].sum())
    return jet


def relative(points: np.ndarray, jet: dict[str, Any]) -> np.ndarray:
    """Return (η, φ) [1, rad], shape (points, 2), relative to the jet axis."""
    offset = points - np.array([jet["eta"], jet["phi"]], np.float64)
    offset[:, 1] = wrap(offset[:, 1])
    return offset


def _draw_towers(axes: Axes, towers: np.ndarray, subjets: np.ndarray, radius: float) -> None:
    """Draw towers as circles of an area in proportion to pT, the leading subjets as rings."""
    axes.scatter(
        *towers[:, 1:].T,
        s=AREA_PER_GEV * towers[:, 0],
        facecolor=(style.ORANGE, 0.45),
        edgecolor="black",
        linewidth=0.4,
    )
    for (eta, phi), dashes in zip(subjets, ("-", (0, (3, 1.5))), strict=True):
        if not np.isnan(eta):
            axes.add_patch(
                Circle((eta, phi), radius, fill=False, color=style.BLUE, linestyle=dashes)
            )
    axes.set_aspect("equal")


def _size_legend(axes: Axes) -> None:
    """Say which area stands for which pT."""
    for pt in (1, 10, 50):
        axes.scatter(
            [],
            [],
            s=AREA_PER_GEV * pt,
            facecolor=(style.ORANGE, 0.45),
            edgecolor="black",
            linewidth=0.4,
            label=f"{pt} GeV",
        )
    axes.legend(loc="upper right", fontsize=6, handletextpad=0.3, borderaxespad=0.2)


def _numbers(jet: dict[str, Any]) -> str:
    return (
        rf"$p_\mathrm{{T}}$ = {jet['pt']:.0f} GeV, $m$ = {jet['mass']:.0f} GeV"
        "\n"
        rf"$\tau_{{21}}$ = {jet['tau21']:.2f}, $\Delta R$ = {jet['delta_r']:.2f}"
    )


def _table(jets: dict[int, dict[str, Any]]) -> dict[str, list]:
    towers = np.concatenate([jet["towers"] for jet in jets.values()])
    label = [label for label, jet in jets.items() for _ in jet["towers"]]
    columns = zip(("pt", "delta_eta", "delta_phi"), towers.T, strict=True)
    return {"label": label, **{name: values.tolist() for name, values in columns}}


def _caption(sample: str, chosen: dict[int, int], radius: float) -> str:
    return (
        f"Two jets of sample '{sample}': W jet number {chosen[1]} (top) and QCD jet number "
        f"{chosen[0]} (bottom). Left: the towers about the jet axis, the circles' areas in "
        "proportion to their transverse momentum; the rings stand at the leading (solid) and "
        f"subleading (dashed) kT subjet of R = {radius:g}. Middle: the image about the jet axis. "
        "Right: the image translated to the leading subjet, rotated and flipped as in "
        "arXiv:1511.05190. White pixels lie below the colour scale."
    )
