"""One page of everything: tables of metrics, figures with their captions, provenance, run times.

The page holds all that it shows: it needs no network, and no file beside it.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape
from PIL import Image

from cascade.declarations import load_study
from cascade.errors import CascadeError
from cascade.files import read_text
from cascade.plotting.metrics import Table, heading, rounded
from cascade.plotting.style import plural

SHOWN, KEPT = 0.45, 2 / 3
"""Pixels of a picture on the page and in its file, for each pixel of the product's own."""
PAPER = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
INDEX = re.compile(r"\b([A-Za-zα-ω])_(\w+)\b")
ORIGIN = {"seed": "seed", "version of Cascade": "cascade_version", "commit": "git_commit"}
"""What the page says of the figures' provenance, and what it is called there."""


@dataclass(frozen=True)
class Figure:
    """A product as it is shown: picture as data, its width on the page, caption with links."""

    name: str
    picture: str
    width: int
    caption: Markup
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """A study, or what goes across studies."""

    name: str
    title: str
    figures: Sequence[Figure]
    table: Table | None


def write(
    products: Iterable[Path], tables: Iterable[Table], times: Path | None, facts: Mapping[str, Any]
) -> str:
    """Return the page.

    Parameters
    ----------
    products
        The JSON file of each product, with its picture beside it; in the order of the page.
    tables
        The metrics of each study.
    times
        Folder of the workflow's benchmarks, if there are any.
    facts
        What else the page says of the run, in words.
    """
    judged = {table.study: table for table in tables}
    found: dict[str, list[Figure]] = {study: [] for study in judged}
    for path in products:
        study, figure = read_figure(path)
        found.setdefault(study, []).append(figure)
    sections = [
        Section(study, _title(study), figures, judged.get(study))
        for study, figures in found.items()
    ]
    made = [figure.provenance for figures in found.values() for figure in figures]
    origin = {
        name: sorted({str(each[key]) for each in made if key in each})
        for name, key in ORIGIN.items()
    }
    rows, studies = run_times(times) if times else ({}, [])
    environment = Environment(
        loader=PackageLoader("cascade.plotting", "."), autoescape=True, trim_blocks=True
    )
    environment.globals |= {"heading": heading, "lowered": lowered}
    environment.globals |= {"plural": plural, "rounded": rounded}
    template = environment.get_template("page.html")
    return template.render(
        sections=sections, origin=origin, facts=facts, times=rows, studies=studies
    )


def _title(study: str) -> str:
    return "All studies" if study == "overview" else load_study(study).title


def read_figure(path: Path) -> tuple[str, Figure]:
    """Read a product: the study that it belongs to, and what is shown of it.

    Raises
    ------
    CascadeError
        The file is no product's, or has no picture beside it.
    """
    try:
        content = json.loads(read_text(path))
        caption = PAPER.sub(
            r'<a href="https://arxiv.org/abs/\1" target="_blank">arXiv:\1</a>',
            str(lowered(content["caption"])),
        )
        figure = Figure(
            content["product"].replace("_", " "),
            *_embedded(path.with_name(f"{content['product']}.png")),
            Markup(caption),
            content["provenance"],
        )
        return content["study"], figure
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CascadeError(f"{path}: holds no product; see cascade plot") from None


def lowered(text: str) -> Markup:
    """Return text for HTML, with the indices of letters set lower.

    Examples
    --------
    >>> lowered("1/ε_B < 3, X_max of 'my_cnn'")
    Markup('1/ε<sub>B</sub> &lt; 3, X<sub>max</sub> of &#39;my_cnn&#39;')
    """
    return Markup(INDEX.sub(r"\1<sub>\2</sub>", str(escape(text))))


def _embedded(path: Path) -> tuple[str, int]:
    """Return a picture as the address of its own content, and its width on the page [px]."""
    content = io.BytesIO()
    try:
        with Image.open(path) as picture:
            full = picture.convert("RGB")
    except OSError as error:
        raise CascadeError(f"{path}: cannot be read as a picture ({error})") from None
    full.resize([round(KEPT * pixels) for pixels in full.size]).save(content, "WEBP", quality=85)
    address = base64.b64encode(content.getvalue()).decode()
    return f"data:image/webp;base64,{address}", round(SHOWN * full.width)


def run_times(folder: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Read the workflow's benchmarks.

    Returns
    -------
    rows, studies
        Of each rule the jobs, the minutes by study and in all, the longest job [s] and the largest
        memory [MB]; and the studies.
    """
    rows: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*.tsv")):
        study, *_, name = path.relative_to(folder).with_suffix("").parts
        rule = "plot" if path.parent.name == "products" else re.split(r"[-.]", name)[0]
        rule = "overview" if study == "overview" else rule
        measured = next(csv.DictReader(read_text(path).splitlines(), delimiter="\t"), None)
        if measured is None:
            continue
        seconds = float(measured["s"])
        row = rows.setdefault(
            rule, {"jobs": 0, "longest": 0.0, "memory": 0.0, "minutes": defaultdict(float)}
        )
        row["jobs"] += 1
        row["longest"] = max(row["longest"], seconds)
        if measured["max_rss"] not in ("NA", "-", ""):
            row["memory"] = max(row["memory"], float(measured["max_rss"]))
        row["minutes"][study] += seconds / 60
    studies = list(dict.fromkeys(study for row in rows.values() for study in row["minutes"]))
    return dict(sorted(rows.items(), key=lambda item: -sum(item[1]["minutes"].values()))), studies
