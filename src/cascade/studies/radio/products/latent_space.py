"""What a network keeps of traces: its latent space as a map by t-SNE.

t-SNE (van der Maaten and Hinton, JMLR 9 (2008) 2579) keeps neighbours together and bends distances;
so the numbers are of the latent space itself, scaled to unit variance in each direction, not of the
map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from scipy.spatial import KDTree
from scipy.stats import rankdata

from cascade.errors import CascadeError
from cascade.evaluation.bootstrap import bootstrap
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.images import colour_bar
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.studies.radio.products.binning import SNR, TICKS
from cascade.studies.radio.products.reading import predictions, pulses_of
from cascade.studies.radio.settings.products import LatentSettings

REPLICAS = 200
MEASURED = ("neighbours_alike", "neighbours_snr")


@style.styled
def latent(inputs: Inputs, settings: LatentSettings) -> Result:
    """Draw the latent space of networks as maps, coloured by the SNR."""
    applied = predictions(inputs, settings, "latent", ("label", "snr"), arrays=("latent",))
    norm = LogNorm(*span([one.columns for one in applied]))
    rows, columns = style.grid(len(applied), 3)
    width = style.COLUMN if columns == 1 else style.PAGE
    side = (width - 0.7) / columns
    figure, axes = style.subplots(
        rows, columns, width=width, height=rows * side + 0.25, layout="compressed"
    )
    table: dict[str, list] = {name: [] for name in ("method", "trace", "label", "snr", "x", "y")}
    numbers, traces = {}, 0
    for spare in axes.flat[len(applied) :]:
        spare.set_axis_off()
    for panel, one in zip(axes.flat, applied, strict=False):
        kept, label, snr = read_latent(one, settings)
        place = embed(kept, settings.perplexity, inputs.seed)
        draw_map(panel, place, label, snr, norm)
        style.note(panel, f"{one.label}, {kept.shape[1]} latent numbers", x=0.03, y=0.97)
        numbers |= measure(one, kept, label, snr, settings, inputs.seed)
        traces = max(traces, len(label))
        columns_ = (np.arange(len(label)), label, snr, *place.T)
        table["method"] += [one.method] * len(label)
        for name, column in zip(list(table)[1:], columns_, strict=True):
            table[name] += column.tolist()
    colour_bar(figure, axes, norm, SNR, colours=style.FILLED)
    name_bar(figure.axes[-1], norm)
    axes.flat[0].legend(loc="upper right", handletextpad=0.0, borderaxespad=0.2)
    return Result(figure, table, _caption(applied, traces, numbers, settings), numbers)


def name_bar(bar: Axes, norm: LogNorm) -> None:
    """Write SNRs at the ticks of the colour bar."""
    ticks = [tick for tick in TICKS if norm.vmin <= tick <= norm.vmax]
    bar.set_yticks(ticks, [f"{tick:g}" for tick in ticks])


def span(columns: Sequence[Mapping[str, np.ndarray]]) -> tuple[float, float]:
    """Return the lowest and highest SNR of the pulses, some factor apart."""
    snr = np.concatenate([some["snr"][some["label"] != 0] for some in columns])
    low, high = (float(snr.min()), float(snr.max())) if len(snr) else (1.0, 10.0)
    return low, max(high, 1.1 * low)


def read_latent(
    one: Applied, settings: LatentSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the latent numbers of the first traces, scaled, with their labels and SNRs.

    Raises
    ------
    CascadeError
        There are too few traces for t-SNE.
    """
    kept = hdf5.read(one.path, ("latent",), 0, settings.traces)["latent"].astype(np.float64)
    least = int(np.ceil(3 * max(settings.perplexity, settings.neighbours)))
    if len(kept) <= least:
        raise CascadeError(
            f"latent: {one.path} holds {style.plural(len(kept), 'trace')}; a map with perplexity "
            f"{settings.perplexity:g} and {settings.neighbours} neighbours needs more than {least}"
        )
    spread = kept.std(axis=0)
    kept = (kept - kept.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return kept, one.columns["label"][: len(kept)], one.columns["snr"][: len(kept)]


def embed(kept: np.ndarray, perplexity: float, seed: int) -> np.ndarray:
    """Return the place of each trace on a map, (traces, numbers) → (traces, 2)."""
    from sklearn.manifold import TSNE

    # equal on every machine only up to rounding: neighbours stay, the map may turn
    return TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(kept)


def draw_map(
    panel: Axes, place: np.ndarray, label: np.ndarray, snr: np.ndarray, norm: LogNorm
) -> None:
    """Draw traces as dots; the brightest pulses on top."""
    noise = label == 0
    panel.scatter(*place[noise].T, s=3, color="0.72", linewidths=0, label="no pulse")
    order = np.flatnonzero(~noise)[np.argsort(snr[~noise], kind="stable")]
    panel.scatter(*place[order].T, s=4, c=snr[order], cmap=style.FILLED, norm=norm, linewidths=0)
    panel.set(xticks=[], yticks=[], box_aspect=1)
    panel.minorticks_off()
    low, high = panel.get_ylim()
    panel.set_ylim(low, high + 0.08 * (high - low))


def measure(
    one: Applied,
    kept: np.ndarray,
    label: np.ndarray,
    snr: np.ndarray,
    settings: LatentSettings,
    seed: int,
) -> dict[str, Number]:
    """Return how far neighbours in the latent space are of one kind, and of one SNR.

    ``neighbours_alike``: mean over the two classes of the share of a trace's nearest others that
    have its label; one half if the space knows nothing. ``neighbours_snr``: Spearman's rank
    correlation of a pulse's SNR with the mean SNR of its nearest others, 0 for pure noise.
    """
    near = KDTree(kept).query(kept, settings.neighbours + 1)[1]
    # each trace is its own neighbour, but among equal ones not always the first
    others = near != np.arange(len(kept))[:, np.newaxis]
    others[others.all(axis=1), -1] = False
    near = near[others].reshape(len(kept), settings.neighbours)
    alike = (label[near] == label[:, np.newaxis]).mean(axis=1)
    columns = {"alike": alike, "label": label, "snr": snr, "near": snr[near].mean(axis=1)}
    found = {}
    for name, statistic in zip(MEASURED, (balanced, rank_correlation), strict=True):
        bounds = bootstrap(statistic, columns, np.random.default_rng(seed), REPLICAS)
        if np.isfinite(bounds[0]):
            found[f"{one.key}/{name}"] = Number(*bounds, "1", len(kept))
    return found


def balanced(columns: Mapping[str, np.ndarray]) -> float:
    """Return the mean over both classes of the share of neighbours of the same class."""
    alike, noise = columns["alike"], columns["label"] == 0
    if noise.all() or not noise.any():
        return np.nan
    return float((alike[noise].mean() + alike[~noise].mean()) / 2)


def rank_correlation(columns: Mapping[str, np.ndarray]) -> float:
    """Return Spearman's rank correlation of the pulses' SNR with that of their neighbours."""
    pulse = columns["label"] != 0
    ranks = np.stack([rankdata(columns[name][pulse]) for name in ("snr", "near")])
    if pulse.sum() < 2 or (np.ptp(ranks, axis=1) == 0).any():
        return np.nan
    return float(np.corrcoef(ranks)[0, 1])


def _caption(
    applied: Sequence[Applied],
    traces: int,
    numbers: Mapping[str, Number],
    settings: LatentSettings,
) -> str:
    pulses = int(np.count_nonzero(applied[0].columns["label"][:traces]))
    found = [[numbers.get(f"{one.key}/{name}") for name in MEASURED] for one in applied]
    listed = "; ".join(
        f"{one.label}: {100 * alike.value:.1f} % are of the same kind (50 % by chance), their mean "
        f"SNR has rank correlation {near.value:.2f} with a pulse's own"
        for one, (alike, near) in zip(applied, found, strict=True)
        if alike and near
    )
    return (
        "What networks keep of traces: the numbers at the narrowest place, mapped to two "
        f"dimensions by t-SNE (perplexity {settings.perplexity:g}); directions and distances on "
        f"the map have no meaning, neighbours do. The first {style.plural(traces, 'trace')} of "
        f"sample '{applied[0].sample}' ({pulses_of(pulses)}), coloured by their SNR; grey: "
        f"without a pulse. Of the {settings.neighbours} nearest neighbours in the full latent "
        f"space, not on the map: {listed or 'nothing to say'}. Stands beside the encoder of "
        "arXiv:1901.04079."
    )
