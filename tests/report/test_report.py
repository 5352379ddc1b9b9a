"""The report of a finished run, opened in a real browser that has no network.

``make smoke`` makes the run, ``make browser`` starts this. ``CASCADE_BROWSER=1`` says that there
has to be a browser.
"""

from __future__ import annotations

import json
import os
import shutil

import pytest

from cascade.config import read_overlaid
from cascade.graph import build
from programs import ROOT

pytestmark = pytest.mark.browser

RUN = ROOT / "runs" / "smoke"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHOWN = """address => [...document.images].some(
    image => image.src === address && image.complete && image.naturalWidth > 0)"""


@pytest.fixture(scope="module")
def graph():
    return build(read_overlaid([ROOT / "config/config.yaml", ROOT / "config/smoke.yaml"]))


@pytest.fixture(scope="module")
def browser():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed: pip install --editable '.[browser]'")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        missing("no Chromium: install your distribution's package chromium")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


def missing(why: str) -> None:
    if os.environ.get("CASCADE_BROWSER"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def opened(browser):
    """Return a function that opens a file; whatever the browser complains of fails the test."""
    faults = []
    context = browser.new_context(offline=True, viewport={"width": 1400, "height": 900})
    context.set_default_timeout(20_000)

    def open_file(path):
        page = context.new_page()
        page.on("console", lambda said: said.type == "error" and faults.append(said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("requestfailed", lambda request: faults.append(f"failed: {request.url[:200]}"))
        page.on(
            "request",
            lambda request: (
                request.url.startswith(("file:", "data:", "blob:"))
                or faults.append(f"asked for: {request.url[:200]}")
            ),
        )
        page.goto(path.as_uri())
        return page

    yield open_file
    context.close()
    assert faults == []


def plain(text: str) -> str:
    return " ".join(text.split())


def products(graph) -> set[str]:
    return {f"runs/smoke/results/{each.study}/products/{each.name}.png"
            for each in graph.products.values()}  # fmt: skip


def test_every_figure_of_the_report_is_shown_with_its_caption(opened, graph):
    page = opened(RUN / "report.html")
    results = page.evaluate("Object.keys(results)")
    across = {f"runs/smoke/results/overview/{name}.png" for name in ("metrics", "explanations")}
    assert set(results) == products(graph) | across
    chapters = page.evaluate("categories")
    assert sorted(chapters) == ["0 all studies", *(
        f"{place} {study}" for place, study in enumerate(graph.config.studies, start=1)
    )]  # fmt: skip
    seen = set()
    for chapter, parts in chapters.items():
        page.get_by_role("link", name=chapter, exact=True).click()
        (paths,) = parts.values()
        for row in range(len(paths)):
            look, tell = page.locator("tbody tr").nth(row).get_by_role("link").all()
            look.click()
            path = page.evaluate("app.state.resultPath")
            page.wait_for_function(SHOWN, arg=page.evaluate("p => results[p].data_uri", path))
            tell.click()
            caption = json.loads((ROOT / path).with_suffix(".json").read_text())["caption"]
            assert plain(caption) in plain(page.inner_text("nav >> nth=0")), path
            seen.add(path)
            page.get_by_role("link", name=chapter, exact=True).click()
        page.get_by_role("link", name="Results", exact=True).click()
    assert seen == set(results)


def test_the_report_says_where_it_comes_from_and_how_long_it_took(opened):
    page = opened(RUN / "report.html")
    told = plain(page.inner_text("#app"))
    made = json.loads((RUN / "results/jets/products/roc.json").read_text())["provenance"]
    for fact in (made["git_commit"], "config/smoke.yaml", "Seed: 1", "Python 3.11", "torch 2."):
        assert fact in told
    page.get_by_role("link", name="Statistics").click()
    page.wait_for_selector("#runtimes canvas, #runtimes svg")
    rules = {each["rule"] for each in page.evaluate("runtimes_spec.data.values")}
    assert rules >= {"simulate", "merge", "train", "predict", "evaluate", "explain", "plot"}


def test_one_page_holds_all_figures_tables_and_times(opened, graph):
    page = opened(RUN / "results/overview/page.html")
    pictures = page.eval_on_selector_all(
        "figure img", "all => all.map(image => image.complete && image.naturalWidth)"
    )
    assert len(pictures) == len(graph.products) + 1  # explanations of all studies
    assert min(pictures) > 300
    captions = page.eval_on_selector_all("figcaption", "all => all.map(each => each.innerText)")
    assert min(map(len, captions)) > 150
    judged = page.eval_on_selector_all(
        ".metrics tr td:first-child", "all => all.map(each => each.innerText)"
    )
    assert sorted(judged) == sorted(key.partition("/")[2] for key in graph.judged)
    assert page.locator(".metrics b").count() >= len(graph.config.studies)
    assert "train" in page.inner_text("#times")
    # nothing is wider than the window
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
