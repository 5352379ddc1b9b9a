"""What saliency misses: it explains change, not presence (Simonyan et al., arXiv:1312.6034).

A network that was fooled by a mark depends on it the more, the stronger the mark is; but once it is
sure, a little more or less of the mark changes little, and the gradient hardly sees it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import logit

from cascade.errors import CascadeError
from cascade.evaluation.attribution import standard_error
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import called, explanation
from cascade.studies.jets.products import reading
from cascade.studies.jets.products.relevance_maps import read_maps
from cascade.studies.jets.settings import BlindSpotSettings

WORTH = "gain"
"""What the mark adds to the logit, among the columns beside the ways."""


@style.styled
def saliency_blind_spot(inputs: Inputs, settings: BlindSpotSettings) -> Result:
    """Draw what a mark adds to the logit, and its share of the relevance, over its energy."""
    method, path = explanation(inputs)
    maps = read_maps(path)
    if "evidence" not in maps.columns:
        raise CascadeError(f"{path}: must look at jets with a mark, and know where it is")
    marked = (maps.columns["evidence"] > 0).any(axis=(1, 2))
    if not marked.any():
        raise CascadeError(f"{path}: none of its jets has a mark")
    mark = maps.columns["evidence"][marked] > 0
    energy = np.where(mark, maps.columns["image"][marked], 0).sum(axis=(1, 2), dtype=np.float64)
    without = _without(inputs, maps.columns["label"], method)[marked]
    logits = hdf5.read(path, ["explained"])["explained"][marked].astype(np.float64)
    values = {WORTH: logits - without}
    values |= {way: (maps.shares[way][marked] * mark).sum(axis=(1, 2)) for way in maps.shares}
    edges = np.geomspace(energy.min(), energy.max(), settings.bins + 1)
    place = np.clip(np.searchsorted(edges, energy, side="right") - 1, 0, settings.bins - 1)
    table = _table(values, energy, place, settings.bins)
    figure, axes = style.subplots(2, 1, height=4.0, sharex=True)
    for index, name in enumerate(values):
        panel = axes[0 if name == WORTH else 1, 0]
        here = np.array(table["quantity"]) == name
        x, y, error = (np.array(table[key])[here] for key in ("energy", "mean", "error"))
        look = {"color": style.BLACK, "marker": "o"} if name == WORTH else style.symbol(index - 1)
        label = None if name == WORTH else called(name, {})
        panel.errorbar(x, y, error, markersize=3.2, elinewidth=0.7, label=label, **look)
    axes[0, 0].set(ylabel="logit with mark\n− without it", xscale="log")
    axes[0, 0].set_ylim(bottom=min(0, axes[0, 0].get_ylim()[0]))
    axes[1, 0].set(xlabel="transverse energy of the mark [GeV]",
                   ylabel="share of the relevance\non the mark", yscale="log")  # fmt: skip
    chance = float(mark.mean())
    axes[1, 0].axhline(chance, color="0.5", lw=0.7, linestyle=(0, (1.2, 1.2)))
    label = maps.columns["label"][marked]
    jets = " and ".join(
        style.plural(number, f"{cls} jet")
        for value, cls in reading.CLASSES.items()
        if (number := int(np.count_nonzero(label == value)))
    )
    style.note(axes[0, 0], jets, y=0.05)
    style.legend_below(figure, axes[1, 0])
    metrics = _metrics(values, energy, settings.bins, place)
    facts = {
        "network": called(method, settings.labels),
        "jets": jets,
        "kept": float((without > 0).mean()),
        "now": float((logits > 0).mean()),
        "chance": chance,
    }
    return Result(figure, table, _caption(facts, metrics, list(maps.shares)), metrics)


def _without(inputs: Inputs, label: np.ndarray, method: str) -> np.ndarray:
    """Return the logits of the same jets without a mark.

    Raises
    ------
    CascadeError
        The predictions are not those of this network on the sample that was marked.
    """
    found = [path for (name, _), path in inputs.predictions.items() if name == method]
    if len(found) != 1:
        raise CascadeError(
            f"saliency_blind_spot: name '{method}' among its methods, on the sample without marks"
        )
    columns = hdf5.read(found[0], ["score", "label"], 0, len(label))
    if not np.array_equal(columns["label"], label):
        raise CascadeError(f"{found[0]}: its jets are not those that were marked")
    return logit(columns["score"])


def _table(
    values: Mapping[str, np.ndarray], energy: np.ndarray, place: np.ndarray, bins: int
) -> dict[str, list]:
    """Return mean and standard error of each quantity in bins of the energy with several jets."""
    table: dict[str, list] = {key: [] for key in ("quantity", "energy", "mean", "error", "events")}
    for name, each in values.items():
        for number in range(bins):
            here = place == number
            if here.sum() < 2:
                continue
            row = (
                name, float(np.exp(np.log(energy[here]).mean())), float(each[here].mean()),
                float(standard_error(each[here])), int(here.sum()),
            )  # fmt: skip
            for column, value in zip(table.values(), row, strict=True):
                column.append(value)
    return table


def _metrics(
    values: Mapping[str, np.ndarray], energy: np.ndarray, bins: int, place: np.ndarray
) -> dict[str, Number]:
    """Return each quantity for the weakest and the strongest marks: the outer quarters of bins."""
    outer = max(1, bins // 4)
    ends = {"weak": place < outer, "strong": place >= bins - outer}
    metrics = {}
    for name, each in values.items():
        for end, here in ends.items():
            if here.sum() > 1:
                mean, error = float(each[here].mean()), float(standard_error(each[here]))
                metrics[f"{name}/{end}"] = Number(mean, mean - error, mean + error, "1",
                                                  int(here.sum()))  # fmt: skip
    return metrics


def _caption(facts: Mapping[str, object], metrics: Mapping[str, Number], ways: list[str]) -> str:
    def ends(name: str) -> tuple[float, float]:
        return tuple(
            metrics[key].value if (key := f"{name}/{end}") in metrics else float("nan")
            for end in ("weak", "strong")
        )

    listed = ", ".join(
        f"{called(way, {})} from {100 * weak:.2g} % to {100 * strong:.2g} %"
        for way in ways
        for weak, strong in [ends(way)]
    )
    blind = [called(way, {}) for way in ways if ends(way)[1] < ends(way)[0] / 2]
    weak, strong = ends(WORTH)
    return (
        f"What saliency misses: it explains change, not presence. {facts['jets']} with a mark, "
        f"looked at by '{facts['network']}', which calls {100 * facts['now']:.0f} % of them W with "
        f"their mark and {100 * facts['kept']:.0f} % without it. Top: what the mark adds to the "
        f"logit, compared with the same jets without it: {weak:.1f} in the lowest quarter of the "
        f"bins, {strong:.1f} in the highest. Bottom: share of the absolute relevance on the mark's "
        f"pixels, between the same bins: {listed}. By less than half of what the weak marks have, "
        f"the strong ones are seen by: {', '.join(blind) or 'no way'}. Dotted: the mark's share "
        f"of the pixels ({100 * facts['chance']:.2g} %). Points stand at the mean logarithm of a "
        "bin's energies, with the standard error. A gradient tells what a little more of the mark "
        "would change, which is little once the network is sure, or where it reads the logarithm "
        "of an energy; not what the mark has decided. Stands beside the saliency maps of "
        "arXiv:1312.6034 and the saturation of arXiv:1703.01365."
    )
