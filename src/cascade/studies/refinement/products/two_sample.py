"""Can a classifier tell a sample from data? ROC curves and areas, 0.5 if it cannot.

The classifier two-sample test (Lopez-Paz, Oquab, arXiv:1610.06545), with the area under the ROC
curve in place of the accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from cascade.errors import CascadeError, known
from cascade.evaluation.bootstrap import bootstrap, bootstrap_samples
from cascade.evaluation.roc import auc, roc_curve, signal_efficiency
from cascade.plotting import style
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied, called
from cascade.studies.refinement.products.reading import PAPER, events_of, listed, predictions
from cascade.studies.refinement.settings.products import TwoSampleSettings


@dataclass(frozen=True)
class Test:
    """One classifier, on the sample that it tells from data.

    Attributes
    ----------
    score, data
        Scores of the sample's events, (events,), and of the data's.
    """

    __test__ = False  # pytest takes the name for a case of its own

    method: str
    sample: str
    label: str
    score: np.ndarray
    data: np.ndarray

    @property
    def events(self) -> int:
        """Of both."""
        return len(self.score) + len(self.data)


@dataclass(frozen=True)
class Measured:
    """Area and curve of one classifier.

    Attributes
    ----------
    curve
        Efficiencies for data and the bounds of their band, (3, points).
    """

    area: Number
    curve: np.ndarray


@style.styled
def two_sample(inputs: Inputs, settings: TwoSampleSettings) -> Result:
    """Draw the ROC curves of classifiers that tell samples from data."""
    tests = pair(predictions(inputs, settings, ("score",)), settings)
    grid = np.linspace(0, 1, settings.points)
    measured = {test.sample: measure(test, grid, settings, inputs.seed) for test in tests}
    figure, axes = style.subplots(width=style.COLUMN, height=3.5)
    draw(axes[0, 0], tests, grid, measured)
    style.legend_below(figure, axes, columns=1)
    numbers = {f"auc_{sample}": found.area for sample, found in measured.items()}
    originals = [test for test in tests if test.sample == settings.original]
    for test in tests:
        if originals and test is not originals[0]:
            number = closed(originals[0], test, settings, inputs.seed)
            if np.isfinite(number.value):
                numbers[f"auc_closed_{test.sample}"] = number
    return Result(
        figure, _table(tests, grid, measured), _caption(tests, numbers, settings), numbers
    )


def pair(applied: Sequence[Applied], settings: TwoSampleSettings) -> list[Test]:
    """Return each method with the sample that it tells from data, in the order of the config.

    Raises
    ------
    CascadeError
        A method is not applied to data or not to its sample, or it is not clear to which.
    """
    scores: dict[str, dict[str, np.ndarray]] = {}
    for one in applied:
        scores.setdefault(one.method, {})[one.sample] = one.columns["score"].astype(np.float64)
    tests: list[Test] = []
    for method, samples in scores.items():
        known(settings.data, samples, f"two_sample: data: on={method}", "sample")
        others = [sample for sample in samples if sample != settings.data]
        sample = settings.pairs.get(method, others[0] if len(others) == 1 else None)
        if sample is None:
            raise CascadeError(
                f"two_sample: pairs: say which sample '{method}' tells from '{settings.data}', "
                f"such as {{{method}: {others[0] if others else 'simulation'}}}"
            )
        known(sample, others, f"two_sample: pairs.{method}", "sample")
        if sample in [test.sample for test in tests]:
            raise CascadeError(
                f"two_sample: pairs.{method}: another method tells '{sample}' from "
                f"'{settings.data}' already"
            )
        label = called(sample, settings.labels)
        tests.append(Test(method, sample, label, samples[sample], samples[settings.data]))
    return tests


def measure(test: Test, grid: np.ndarray, settings: TwoSampleSettings, seed: int) -> Measured:
    """Return the area, and the efficiencies for data at a grid of those for the sample."""
    score = np.concatenate([test.score, test.data])
    label = np.repeat([0, 1], [len(test.score), len(test.data)])
    order = np.argsort(score, kind="stable")  # each replica then sorts quickly
    columns = {"score": score[order], "label": label[order]}

    def statistic(drawn: Mapping[str, np.ndarray]) -> np.ndarray:
        roc = roc_curve(drawn["score"], drawn["label"])
        area = np.trapezoid(roc.signal_efficiency, roc.background_efficiency)
        return np.append(area, signal_efficiency(roc, grid))

    rng = np.random.default_rng(seed)
    bounds = np.stack(bootstrap(statistic, columns, rng, settings.replicas))
    return Measured(Number(*map(float, bounds[:, 0]), "1", test.events), bounds[:, 1:])


def closed(original: Test, test: Test, settings: TwoSampleSettings, seed: int) -> Number:
    """Return the share by which the excess of the area over 0.5 shrank: 1 − |A′ − ½| / |A − ½|.

    Both classifiers see the same events of data, and those of a transformed sample are the events
    of the original: replicas draw them together.
    """
    together = len(original.score) == len(test.score)
    label = np.repeat([0, 1], [len(original.score), len(original.data)])
    other = np.repeat([0, 1], [len(test.score), len(test.data)])

    def single(rows: np.ndarray, data: np.ndarray) -> float:
        mine = rows if together else np.arange(len(test.score))
        before = auc(np.concatenate([original.score[rows], original.data[data]]), label)
        after = auc(np.concatenate([test.score[mine], test.data[data]]), other)
        return 1 - abs(after - 0.5) / abs(before - 0.5) if before != 0.5 else np.nan

    def statistic(rows: np.ndarray, data: np.ndarray) -> float | np.ndarray:
        if rows.ndim == 1:
            return single(rows, data)
        return np.array([single(*drawn) for drawn in zip(rows, data, strict=True)])

    numbers = [np.arange(len(original.score)), np.arange(len(original.data))]
    bounds = bootstrap_samples(statistic, numbers, np.random.default_rng(seed), settings.replicas)
    return Number(*bounds, "1", original.events)


def draw(
    panel: Axes, tests: Sequence[Test], grid: np.ndarray, measured: Mapping[str, Measured]
) -> None:
    """Draw the curves with their bands, and that of a guess."""
    for index, test in enumerate(tests):
        found = measured[test.sample]
        area = f"{found.area.value:.3f}"
        symbol = style.symbol(index)
        value, low, high = found.curve
        panel.plot(
            grid, value, label=f"{test.label} against data, area {area}", zorder=3,
            color=symbol["color"], linestyle=symbol["linestyle"],
        )  # fmt: skip
        panel.fill_between(grid, low, high, color=symbol["color"], alpha=0.2, linewidth=0)
    panel.plot([0, 1], [0, 1], color=style.GREY, linewidth=0.8, linestyle=":",
               label="cannot be told apart, area 0.5")  # fmt: skip
    panel.set(
        xlim=(0, 1),
        ylim=(0, 1),
        aspect="equal",
        xlabel="share of the sample taken for data",
        ylabel="share of data taken for data",
    )


def _table(
    tests: Sequence[Test], grid: np.ndarray, measured: Mapping[str, Measured]
) -> dict[str, list]:
    table: dict[str, list] = {
        name: [] for name in ("method", "sample", "sample_efficiency", "data_efficiency", "low",
                              "high")
    }  # fmt: skip
    for test in tests:
        table["method"] += [test.method] * len(grid)
        table["sample"] += [test.sample] * len(grid)
        table["sample_efficiency"] += grid.tolist()
        curve = measured[test.sample].curve
        for name, bound in zip(("data_efficiency", "low", "high"), curve, strict=True):
            table[name] += bound.tolist()
    return table


def _caption(
    tests: Sequence[Test], numbers: Mapping[str, Number], settings: TwoSampleSettings
) -> str:
    counts = {test.sample: len(test.score) for test in tests}
    counts |= {settings.data: len(tests[0].data)}
    areas = listed([printed(test.label, numbers[f"auc_{test.sample}"]) for test in tests])
    shrunk = [
        f"{test.label}: {100 * number.value:.0f} % "
        f"({100 * number.low:.0f} to {100 * number.high:.0f} %)"
        for test in tests
        if (number := numbers.get(f"auc_closed_{test.sample}"))
    ]
    share = (
        f" Share by which the excess over 0.5 shrank against "
        f"{called(settings.original, settings.labels)}: {listed(shrunk)}."
        if shrunk
        else ""
    )
    return (
        "Two-sample test: ROC curves of classifiers, each trained to tell one sample from data, on "
        f"test splits: {events_of(counts)}. Areas with 68 % intervals: {areas}; 0.5 means that the "
        f"classifier cannot tell them apart.{share} Bands: central 68 % of {settings.replicas} "
        f"bootstrap replicas, point by point. Stands beside the comparison of refined simulation "
        f"with data in {PAPER}."
    )


def printed(label: str, area: Number) -> str:
    """Write an area with its interval.

    Examples
    --------
    >>> printed("refined", Number(0.61, 0.6, 0.62, "1", 100))
    'refined 0.610 (0.600 to 0.620)'
    """
    return f"{label} {area.value:.3f} ({area.low:.3f} to {area.high:.3f})"
