"""What the README and the pages of docs say is there: links, configs, figures, overlays, verbs."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from types import ModuleType

import click
import pytest
import yaml
from PIL import Image

from cascade import cli
from cascade.config import overlay, read_yaml
from cascade.graph import build
from programs import ROOT

PAGES = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
DEFAULT = ROOT / "config" / "config.yaml"


def blocks(language):
    """Return (page, text) of the code blocks in one language."""
    found = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [(name, text) for name, page in PAGES.items() for text in found.findall(page)]


def anchors(page):
    """Return the names that a page's headings have as targets of links."""
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[name]):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text()), link


def test_every_page_is_one_click_from_the_readme():
    for name in PAGES.keys() - {"README.md"}:
        assert f"({name})" in PAGES["README.md"], name


OWN = [block for block in blocks("yaml") if "studies:" in block[1] and "standalone" not in block[1]]


@pytest.mark.parametrize(("page", "text"), OWN)
def test_configs_lie_over_the_default(page, text):
    base = read_yaml(DEFAULT)
    if "auger:" in text:  # the page lays it over this overlay
        base = overlay(base, read_yaml(DEFAULT.with_name("auger.yaml")))
    assert build(overlay(base, yaml.safe_load(text))).products


def test_a_network_in_a_module_of_ones_own(monkeypatch):
    import torch

    from cascade.declarations import resolve

    (code,) = (text for _, text in blocks("python") if "OWN = replace" in text)
    (config,) = (text for _, text in blocks("yaml") if "standalone" in text)
    mine = ModuleType("mine")
    monkeypatch.setitem(sys.modules, "mine", mine)
    exec(code, mine.__dict__)
    node = build(yaml.safe_load(config)).methods["mine/perceptron"]
    settings = resolve(node.declared.settings).model_validate_json(node.settings)
    assert settings.width == 32
    assert resolve(node.declared.network)(settings)(torch.zeros(3, 25, 25)).shape == (3,)


def test_every_figure_is_explained():
    graph = build(read_yaml(DEFAULT))
    explained = PAGES["docs/figures.md"]
    for name in {node.name for node in graph.products.values()}:
        assert f"`{name}`" in explained, name


def test_every_overlay_is_listed():
    for path in (ROOT / "config").glob("*.yaml"):
        assert path == DEFAULT or f"| `{path.name}`" in PAGES["docs/runs.md"], path.name


def test_command_lines_are_of_verbs_and_options_that_exist():
    lines = [
        line
        for _, text in blocks("sh")
        for line in text.replace("\\\n", " ").splitlines()
        if line.startswith("cascade ")
    ]
    assert len(lines) > 8
    for line in lines:
        _, verb, *words = shlex.split(line, comments=True)
        command = cli.cascade.get_command(click.Context(cli.cascade), verb)
        known = {name for option in command.params for name in option.opts}
        assert {word for word in words if word.startswith("-")} <= known, line


def test_targets_of_make_exist():
    known = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for page in PAGES.values():
        for target in re.findall(r"`make (\w+)|^make (\w+)", page, re.MULTILINE):
            assert set(target) - {""} <= set(known), target


def test_pictures_are_made_from_results_and_small(tmp_path):
    results, docs = tmp_path / "results", tmp_path / "docs"
    docs.mkdir()
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "docs" / "gallery.py")
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    for number, product in enumerate(gallery.PICTURES.values()):
        (results / product).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2100, 300 + 10 * number), "white").save(results / product)
    gallery.main([str(results)], docs)
    assert {path.stem for path in docs.iterdir()} == {*gallery.PICTURES, "gallery"}
    with Image.open(docs / "gallery.png") as sheet:
        assert sheet.width == gallery.WIDTHS[0]
    for path in (ROOT / "docs").glob("*.png"):
        assert path.stat().st_size < 300_000, path.name
        assert any(f"{path.name})" in page for page in PAGES.values()), path.name
