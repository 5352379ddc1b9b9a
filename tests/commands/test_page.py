"""The page of everything: whole in one file, and mistakes are named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from cascade.errors import CascadeError
from cascade.plotting.page import run_times
from cascade.plotting.product import Result
from cascade.plotting.written import write_product

METRICS = {
    "study": "blobs", "method": "component", "sample": "default", "events": 1200,
    "metrics": {"auc": {"value": 0.9, "low": 0.88, "high": 0.93, "unit": "1", "events": 1200}},
}  # fmt: skip
TIMES = "s\th:m:s\tmax_rss\n{}\t0:00:00\t{}\n"


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Make a product, metrics and benchmarks in the current folder."""
    monkeypatch.chdir(tmp_path)
    caption = "Curves <of> 1 200 blobs, ε_S over $\\tau_{21}$. Stands beside arXiv:1511.05190."
    result = Result(Figure(figsize=(3.4, 2)), {"x": [1]}, caption)
    write_product(Path("roc"), "blobs", "roc", result, {"seed": 7})
    Path("metrics.json").write_text(json.dumps(METRICS))
    for name, seconds, memory in (
        ("blobs/perceptron/train", 90, 500.0), ("blobs/default/simulate-train-0-of-2", 30, "NA"),
        ("blobs/default/simulate-train-1-of-2", 60, 80.0), ("blobs/products/roc", 6, 100.0),
    ):  # fmt: skip
        path = Path(f"times/{name}.tsv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TIMES.format(seconds, memory))


def test_a_page_holds_figures_captions_numbers_and_times(made, call):
    Path("mine.yaml").write_text("seed: 7  # <mine>\n")
    call("page", "roc.json", "--metrics", "blobs/component=metrics.json", "--times", "times",
         "--config", "mine.yaml", "-o", "page.html")  # fmt: skip
    text = Path("page.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:|#|https://arxiv.org/abs/)', text)
    assert '<img src="data:image/webp;base64,' in text
    assert "Curves &lt;of&gt; 1 200 blobs, ε<sub>S</sub> over τ<sub>21</sub>" in text
    assert 'href="https://arxiv.org/abs/1511.05190"' in text
    assert "0.900" in text
    assert "+0.030" in text
    assert "seed: 7  # &lt;mine&gt;" in text
    assert "commit of the figures" in text
    assert "Two Gaussian blobs" in text


def test_times_are_those_of_rules(made):
    rows, studies = run_times(Path("times"))
    assert studies == ["blobs"]
    assert list(rows) == ["simulate", "train", "plot"]  # the longest first
    assert rows["simulate"]["jobs"] == 2
    assert rows["simulate"]["minutes"]["blobs"] == 1.5
    assert rows["simulate"]["longest"] == 60
    assert rows["simulate"]["memory"] == 80


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["metrics.json"], "metrics.json: holds no product"),
        (["missing.json"], "missing.json: cannot be read"),
        (["roc.json", "--metrics", "blobs/component=roc.json"], "roc.json: holds no metrics"),
    ],
)
def test_mistakes_are_named(made, call, arguments, message):
    with pytest.raises(CascadeError, match=message):
        call("page", *arguments, "-o", "page.html")
    assert not Path("page.html").exists()
