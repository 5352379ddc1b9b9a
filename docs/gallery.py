"""Make the pictures of the README and of these pages anew from finished runs.

    python docs/gallery.py results runs/auger/results

Each picture is taken from the first of the folders that has it, and left as it is where none has.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).parent
PICTURES = {
    "roc": "jets/products/roc.png",
    "resolution": "showers/products/resolution_energy.png",
    "skies": "skies/products/tpr_over_fraction.png",
    "radio": "radio/products/tpr_over_snr.png",
    "refinement": "refinement/products/gap_closed.png",
    "explanations": "overview/explanations.png",
    "real_sky": "skies/products/real_sky.png",
}
GALLERY = (("roc", "resolution"), ("skies", "radio"), ("refinement", "explanations"))
WIDTHS = (1400, 1200, 1000, 800)
MOST = 290_000  # bytes of a picture: a repository keeps every version
GAP = 24


def main(arguments: list[str] | None = None, docs: Path = DOCS) -> None:
    """Write the pictures into these pages' folder, and the gallery of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="+", type=Path, help="folders of results")
    folders = parser.parse_args(arguments).results
    for name, product in PICTURES.items():
        found = [folder / product for folder in folders if (folder / product).exists()]
        if found:
            with Image.open(found[0]) as picture:
                save(picture.convert("RGB"), docs / f"{name}.png")
        print(f"{name}.png: {found[0] if found else 'left as it is'}")
    save(gallery(docs), docs / "gallery.png")


def gallery(docs: Path) -> Image.Image:
    """Return the pictures in rows of equal width, those of a row equally high."""
    width, rows = WIDTHS[0], []
    for names in GALLERY:
        pictures = [Image.open(docs / f"{name}.png").convert("RGB") for name in names]
        free = width - GAP * (len(pictures) - 1)
        height = round(free / sum(each.width / each.height for each in pictures))
        row = Image.new("RGB", (width, height), "white")
        left = 0
        for each in pictures:
            small = each.resize((round(each.width * height / each.height), height), Image.LANCZOS)
            row.paste(small, (left, 0))
            left += small.width + GAP
        rows.append(row)
    sheet = Image.new("RGB", (width, sum(row.height + GAP for row in rows) - GAP), "white")
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height + GAP
    return sheet


def save(picture: Image.Image, path: Path) -> None:
    """Write a picture with 256 colours, as large as it may be."""
    for width in WIDTHS:
        small = picture.copy()
        small.thumbnail((width, 10 * width), Image.LANCZOS)
        content = io.BytesIO()
        small.quantize(256).save(content, "PNG", optimize=True)
        if content.tell() < MOST:
            break
    path.write_bytes(content.getvalue())


if __name__ == "__main__":
    main()
