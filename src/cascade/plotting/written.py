"""The files of a product: figure, table, numbers with provenance, and caption."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cascade.errors import CascadeError
from cascade.files import atomic, csv_text, json_text
from cascade.plotting.product import SUFFIXES, Result, named
from cascade.plotting.style import save
from cascade.provenance import record


def write_product(
    output: Path, study: str, kind: str, result: Result, facts: Mapping[str, Any]
) -> None:
    """Write all files of a product, or none.

    Parameters
    ----------
    output
        Path without suffix.
    kind
        Which product this is.
    facts
        What its provenance shall say besides.

    Raises
    ------
    CascadeError
        The product shows nothing.
    """
    rows = [
        dict(zip(result.table, row, strict=True))
        for row in zip(*result.table.values(), strict=True)
    ]
    if not rows:
        raise CascadeError(
            f"product '{kind}' has nothing to show: give it --predictions, --events, --history "
            "or --explanation"
        )
    content = {
        "study": study,
        "product": output.name,
        "kind": kind,
        "caption": without_tex(result.caption.strip()),
        "metrics": {name: asdict(number) for name, number in result.metrics.items()},
        "provenance": record(**facts),
    }
    texts = {
        "csv": csv_text(rows),
        "rst": as_rst(content["caption"]) + "\n",
        "json": json_text(content),
    }
    with ExitStack() as stack:
        for suffix in SUFFIXES:
            part = stack.enter_context(atomic(named(output, suffix)))
            if suffix in texts:
                part.write_text(texts[suffix], encoding="utf-8")
            else:
                save(result.figure, part, suffix)


def without_tex(text: str) -> str:
    r"""Return a caption in plain letters, where it names what the figure writes as a formula.

    Examples
    --------
    >>> without_tex(r"$X_\mathrm{max}$ [g/cm²], $\lg(E/\mathrm{eV})$, $m$ + $\tau_{21}$")
    'X_max [g/cm²], lg(E/eV), m + τ_21'
    """

    def letter(found: re.Match) -> str:
        try:
            return unicodedata.lookup(f"GREEK SMALL LETTER {found[1].upper()}")
        except KeyError:
            return found[1]

    def plain(found: re.Match) -> str:
        named = re.sub(r"\\(?:mathrm|mathbf|mathit|text)\b", "", found[1])
        return re.sub(r"[{}]", "", re.sub(r"\\([A-Za-z]+)", letter, named))

    return re.sub(r"\$([^$]+)\$", plain, text)


def as_rst(text: str) -> str:
    r"""Return text for Snakemake's report, which reads its captions as reStructuredText.

    Examples
    --------
    >>> print(as_rst("|a - b| * 2, of sample 'x_' and X_max"))
    \|a - b\| \* 2, of sample 'x\_' and X_max
    """
    # an underscore marks a link only where a word ends
    return re.sub(r"[\\*`|]|_(?![^\W_])", r"\\\g<0>", text)
