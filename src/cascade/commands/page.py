"""``cascade page``: all figures, captions and numbers of a run on one page."""

from __future__ import annotations

from pathlib import Path

import click

from cascade.commands import options


@click.command()
@click.argument("products", nargs=-1, type=click.Path(path_type=Path))
@options.pairs("metrics", "STUDY/METHOD", "Metrics of a method, for the tables.")
@click.option("--times", type=click.Path(path_type=Path), help="Folder of the run's benchmarks.")
@click.option(
    "--config", multiple=True, type=click.Path(path_type=Path), help="Config that is to be shown."
)
@options.output
def page(
    products: tuple[Path, ...],
    metrics: dict[str, Path],
    times: Path | None,
    config: tuple[Path, ...],
    output: Path,
) -> None:
    """Write an HTML page of PRODUCTS, given by their JSON files, that needs no other file.

    \b
    Example:
      cascade page results/jets/products/*.json --metrics jets/cnn=results/jets/cnn/metrics.json
        --times logs/times --config config/config.yaml -o page.html
    """
    from cascade.files import read_text, write_text
    from cascade.plotting import page as pages
    from cascade.plotting.metrics import read_tables
    from cascade.provenance import versions

    facts = {**versions(), "config": {str(path): read_text(path) for path in config}}
    write_text(output, pages.write(products, read_tables(metrics), times, facts))
