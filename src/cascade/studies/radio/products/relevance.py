"""Which part of a trace decides: relevance along single traces, and in the mean about the pulse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from cascade.errors import CascadeError
from cascade.plotting import style
from cascade.plotting.product import Inputs, Result
from cascade.plotting.relevance import UNSIGNED, Attributions, attributions, draw_shares
from cascade.studies.radio.evidence import FRACTION, envelope
from cascade.studies.radio.products.traces import MEASURED, RATE, TRUE, rate_of
from cascade.studies.radio.settings.products import TraceRelevanceSettings

COLUMNS = ("trace", "signal", "label", "snr", "peak_time")
FOR, AGAINST = style.VERMILLION, style.BLUE
WINDOW = {"color": "0.9", "linewidth": 0, "zorder": 0}


@style.styled
def trace_relevance(inputs: Inputs, settings: TraceRelevanceSettings) -> Result:
    """Draw the relevance of each sample of a few traces, and where it lies in the mean."""
    found = attributions(inputs, settings.ways, settings.labels, COLUMNS)
    rate = rate_of(next(iter(inputs.samples.values()))) if inputs.samples else RATE
    shown = choose(found.columns, settings.snr)
    rows = 1 + len(found.ways)
    figure = style.empty(style.PAGE, 0.7 * rows + 2.8)
    grid = figure.add_gridspec(rows + 1, 6, height_ratios=(1.2, *[1] * (rows - 1), 2.6))
    panels = np.empty((rows, len(shown)), object)
    for row, column in np.ndindex(panels.shape):
        width = 6 // len(shown)
        panels[row, column] = figure.add_subplot(grid[row, width * column : width * (column + 1)])
    for column, number in zip(panels.T, shown, strict=True):
        draw_measured(column[0], found.columns, number, rate)
        for panel, way in zip(column[1:], found.ways, strict=True):
            draw_relevance(panel, found, way, number, rate)
        for panel in column[:-1]:
            panel.tick_params(labelbottom=False)
        column[-1].set_xlabel("time [µs]")
    for panel, name in zip(panels[:, 0], ("field [µV/m]", *found.ways.values()), strict=True):
        panel.set_ylabel(name.replace(" ", "\n", 1), fontsize=7.5)
    left, right = figure.add_subplot(grid[-1, :3]), figure.add_subplot(grid[-1, 3:])
    profiles = draw_profiles(left, found, settings, rate)
    snr = np.where(found.columns["label"] != 0, found.columns["snr"], -1.0)
    shares = draw_shares(right, found, snr, settings.edges)
    right.set(xlabel="signal-to-noise ratio", ylabel="share on the pulse")
    style.legend_below(figure, right, columns=4)
    return Result(
        figure, _table(found, shown, profiles, shares, rate),
        _caption(found, shown, settings),
    )  # fmt: skip


def choose(columns: Mapping[str, np.ndarray], wanted: Sequence[float]) -> list[int]:
    """Return the traces next to the wanted SNRs, and the first one without a pulse.

    Raises
    ------
    CascadeError
        There are too few pulses.
    """
    pulses, noise = (np.flatnonzero((columns["label"] != 0) == kind) for kind in (True, False))
    if len(pulses) < max(len(wanted), 1):
        raise CascadeError(
            f"trace_relevance: {style.plural(len(pulses), 'pulse')} explained; explain more events"
        )
    chosen: list[int] = []
    for snr in wanted:
        distance = np.abs(np.log(columns["snr"][pulses] / snr))
        distance[np.isin(pulses, chosen)] = np.inf
        chosen.append(int(pulses[np.argmin(distance)]))
    return chosen + noise[:1].tolist()


def draw_measured(panel: Axes, columns: Mapping[str, np.ndarray], number: int, rate: float) -> None:
    """Draw a trace and its true pulse."""
    trace = columns["trace"][number]
    time = np.arange(len(trace)) / rate
    panel.plot(time, trace, **MEASURED)
    if columns["label"][number]:
        panel.plot(time, columns["signal"][number], **TRUE)
    top = 1.8 * float(np.abs(trace).max())
    panel.set(xlim=(0, time[-1]), ylim=(-top, top))
    kind = f"SNR {columns['snr'][number]:.1f}" if columns["label"][number] else "no pulse"
    style.note(panel, f"{kind}, logit {columns['explained'][number]:.1f}".replace("-", "−"), x=0.97)


def draw_relevance(panel: Axes, found: Attributions, way: str, number: int, rate: float) -> None:
    """Draw relevance over its largest size, the true pulse's envelope on top, its window shaded."""
    relevance = found.scaled(way, number)
    time = np.arange(len(relevance)) / rate
    inside = found.columns["evidence"][number] > 0
    panel.fill_between(time, -2, 2, where=inside, **WINDOW)
    for sign, colour in ((1, FOR), (-1, AGAINST)):
        panel.fill_between(time, 0, sign * np.maximum(sign * relevance, 0), step="mid",
                           color=colour, linewidth=0.3)  # fmt: skip
    height = envelope(found.columns["signal"][number])
    if found.columns["label"][number]:
        panel.plot(time, height / height.max(), color="black", linewidth=0.6)
        share = found.columns[f"{way}_share"][number]
        if np.isfinite(share):
            style.note(panel, f"{100 * share:.0f} %", x=0.97)
    panel.set(xlim=(0, time[-1]), ylim=(-1.1, 1.45), yticks=[])
    panel.minorticks_off()


def draw_profiles(
    panel: Axes, found: Attributions, settings: TraceRelevanceSettings, rate: float
) -> dict[str, np.ndarray]:
    """Draw the mean share of a sample in the size of the relevance about the pulse's maximum."""
    columns = found.columns
    strong = np.flatnonzero((columns["label"] != 0) & (columns["snr"] >= settings.least))
    reach = round(settings.around * rate)
    place = np.round(columns["peak_time"] / 1e3 * rate).astype(int)
    samples = columns["trace"].shape[1]
    inner = [n for n in strong if reach <= place[n] < samples - reach]
    if not inner:
        raise CascadeError(
            "trace_relevance: least, around: no pulse that is as strong, and as far from both ends"
        )
    offset = np.arange(-reach, reach + 1)
    profiles = {"time": offset / rate, "events": np.full(len(offset), len(inner))}
    for index, way in enumerate(found.ways):
        size = np.abs(columns[way][inner].astype(np.float64))
        total = size.sum(axis=1, keepdims=True)
        near = np.stack([row[place[n] + offset] for row, n in zip(size, inner, strict=True)])
        profiles[way] = (near / np.where(total > 0, total, 1)).mean(axis=0)
        look = {key: style.symbol(index)[key] for key in ("color", "linestyle")}
        panel.plot(profiles["time"], 100 * profiles[way], linewidth=0.8, **look)
    panel.axhline(100 / samples, color=style.GREY, linestyle=":", linewidth=0.9)
    panel.set(xlabel="time from the pulse's maximum [µs]", ylabel="share of a sample [%]",
              xlim=(-settings.around, settings.around), ylim=(0, None))  # fmt: skip
    return profiles


def _table(
    found: Attributions, shown: Sequence[int], profiles: Mapping[str, np.ndarray],
    shares: Mapping[str, list], rate: float,
) -> dict[str, list]:  # fmt: skip
    table: dict[str, list] = {
        name: [] for name in ("shown", "way", "trace", "x", "value", "error", "evidence", "events")
    }

    def add(**columns: object) -> None:
        for name, values in columns.items():
            table[name].append(values)

    for way in found.ways:
        for number in shown:
            evidence = found.columns["evidence"][number]
            for x, value in enumerate(found.scaled(way, number)):
                add(shown="relevance", way=way, trace=number, x=x / rate, value=float(value),
                    error="", evidence=int(evidence[x]), events=1)  # fmt: skip
        rows = zip(profiles["time"], profiles[way], profiles["events"], strict=True)
        for x, value, events in rows:
            add(shown="profile", way=way, trace="", x=float(x), value=float(value), error="",
                evidence="", events=int(events))  # fmt: skip
    for row in zip(*shares.values(), strict=True):
        way, low, high, share, error, _, events = row
        add(shown="share_over_snr", way=way, trace="", x=(low + high) / 2, value=share,
            error=error, evidence="", events=events)  # fmt: skip
    return table


def _caption(found: Attributions, shown: Sequence[int], settings: TraceRelevanceSettings) -> str:
    columns = found.columns
    traces = ", ".join(
        f"SNR {columns['snr'][n]:.1f}" if columns["label"][n] else "no pulse" for n in shown
    )
    unsigned = [label for way, label in found.ways.items() if way in UNSIGNED]
    sides = f" ({', '.join(unsigned)}: no negative side)" if unsigned else ""
    pulses = int(np.count_nonzero(columns["label"]))
    return (
        f"Which samples of a trace decide about the answer of '{found.network}'. Top: "
        f"{style.plural(len(shown), 'trace')} ({traces}) as measured (grey) with the true pulse "
        f"(black), and below the relevance of each sample by {', '.join(found.ways.values())}, "
        "over its largest size in the trace: orange speaks for a pulse, blue against one"
        f"{sides}; black line: the envelope of the true pulse, not to scale; shaded: where it is "
        f"above {100 * FRACTION:g} % of its maximum; numbers: share of the relevance, without its "
        "sign, that lies there. Bottom, of "
        f"{style.plural(found.events, 'explained trace')}, {pulses} of them with a pulse: left, "
        "the mean share of a sample over the time from the pulse's maximum, of pulses of SNR "
        f"{settings.least:g} or more; right, the share on the pulse over the signal-to-noise "
        "ratio, means with standard errors. Dotted: random order. Stands beside the example "
        "traces of arXiv:1901.04079."
    )
