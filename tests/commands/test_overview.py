"""A product across studies is made whole, and mistakes are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascade.errors import CascadeError
from plotting.explained import write


def test_all_files_of_an_overview_are_made(call):
    write("blobs.h5")
    call("overview", "explanations", "--explanation", "blobs/why=blobs.h5", "-o", "all")
    assert all(
        Path(f"all.{suffix}").stat().st_size for suffix in ("pdf", "png", "csv", "rst", "json")
    )


def test_metrics_of_all_methods_become_a_table(call):
    number = {"value": 0.9, "low": 0.8, "high": None, "unit": "1", "events": 5}
    content = {"study": "blobs", "method": "component", "sample": "default", "events": 5}
    Path("metrics.json").write_text(json.dumps({**content, "metrics": {"auc": number}}))
    call("overview", "metrics", "--metrics", "blobs/component=metrics.json", "-o", "all")
    assert Path("all.csv").read_text().splitlines()[1].startswith("blobs,component,auc,0.9,0.8,inf")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explanation", "--explanation", "blobs/why=blobs.h5"], "mean 'explanations'"),
        (["explanations"], "name at least one STUDY/NAME=PATH"),
        (["metrics"], "name at least one STUDY/METHOD=PATH"),
        (["explanations", "--explanation", "blobs=blobs.h5"], "'blobs' must read STUDY/NAME"),
        (["explanations", "--explanation", "jets/why=blobs.h5"], "of study 'blobs', not of 'jets'"),
    ],
)
def test_mistakes_are_named(call, arguments, message):
    write("blobs.h5")
    with pytest.raises(CascadeError, match=message):
        call("overview", *arguments, "-o", "all")
    assert not list(Path().glob("all.*"))
