"""``cascade config`` lists what a config stands for."""

from __future__ import annotations

import pytest
import yaml

from cascade.errors import CascadeError
from programs import STUDIES


def test_nodes_are_listed_by_kind(call, capsys):
    call("config", STUDIES / "blobs.yaml")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["sample", "blobs/simulation"],
        ["sample", "blobs/data"],
        ["sample", "blobs/shifted"],
        ["method", "blobs/component"],
        ["method", "blobs/shift"],
        ["method", "blobs/perceptron_seed1"],
        ["method", "blobs/perceptron_seed2"],
        ["method", "blobs/on_shifted"],
        ["product", "blobs/comparison"],
    ]


def test_an_overlay_is_laid_over_the_file_before(call, capsys, tmp_path):
    above = tmp_path / "above.yaml"
    above.write_text("studies: {blobs: {methods: {perceptron: {seeds: [9]}}}}")
    call("config", STUDIES / "blobs.yaml", above)
    found = capsys.readouterr().out
    assert "perceptron_seed9" in found
    assert "perceptron_seed1" not in found
    above.write_text("studies: {blobs: {methods: {perceptron: {sets: [9]}}}}")
    with pytest.raises(CascadeError, match=r"^studies\.blobs\.methods\.perceptron\.sets: unknown"):
        call("config", STUDIES / "blobs.yaml", above)


def test_what_is_left_out_is_said(call, capsys, tmp_path):
    (tmp_path / "above.yaml").write_text(
        "studies: {blobs: {samples: {mine: {ingest: list, files: []}},"
        " products: {mine: {product: comparison, samples: [mine]}}}}"
    )
    call("config", STUDIES / "blobs.yaml", tmp_path / "above.yaml")
    found = capsys.readouterr()
    assert "product  blobs/comparison" in found.out
    assert "blobs/mine" not in found.out.partition("product ")[2]
    assert found.err.startswith("studies.blobs.products.mine is left out: studies.blobs.samples.")


def test_the_schema_follows_the_studies_of_the_config(call, capsys):
    call("config", STUDIES / "blobs.yaml", "--schema")
    schema = yaml.safe_load(capsys.readouterr().out)
    assert list(schema["properties"]["studies"]["properties"]) == ["blobs"]
    assert set(schema["$defs"]["BlobSettings"]["properties"]) == {"distance", "shift"}
