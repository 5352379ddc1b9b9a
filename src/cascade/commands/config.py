"""``cascade config``: check a config, or show what it stands for."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--schema", is_flag=True, help="Print the schema of all config files instead.")
def config(files: tuple[Path, ...], schema: bool) -> None:
    """Check config FILES, each laid over the ones before, and list what they declare.

    \b
    Example:
      cascade config config/config.yaml config/smoke.yaml
    """
    import yaml

    from cascade.config import Config, overlay, read_yaml
    from cascade.graph import build

    if schema:
        click.echo(yaml.safe_dump(Config.model_json_schema(), sort_keys=False), nl=False)
        return
    data: dict = {}
    for path in files:
        data = overlay(data, read_yaml(path))
    graph = build(data)
    for kind in ("samples", "methods", "products"):
        for key in getattr(graph, kind):
            click.echo(f"{kind[:-1]:8} {key}")
