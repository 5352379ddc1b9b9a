"""``cascade config``: check a config, or show what it stands for."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--schema", is_flag=True, help="Print the schema of such files instead.")
def config(files: tuple[Path, ...], schema: bool) -> None:
    """Check config FILES, each laid over the ones before, and list what they declare.

    \b
    Example:
      cascade config config/config.yaml config/smoke.yaml
    """
    import yaml

    from cascade.config import read_overlaid
    from cascade.config_schema import schema as make_schema
    from cascade.graph import build

    graph = build(read_overlaid(files))
    if schema:
        dumper = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
        found = make_schema(graph.config.studies)
        click.echo(yaml.dump(found, Dumper=dumper, sort_keys=False, width=100), nl=False)
        return
    for kind in ("samples", "methods", "products"):
        for key in getattr(graph, kind):
            click.echo(f"{kind[:-1]:8} {key}")
    for why in graph.left_out.values():
        click.echo(why, err=True)
