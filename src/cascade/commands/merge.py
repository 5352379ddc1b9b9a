"""``cascade merge``: put shards of a split together."""

from __future__ import annotations

from pathlib import Path

import click

from cascade.commands import options


@click.command()
@click.argument("study")
@click.argument("shards", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.output
def merge(study: str, shards: tuple[Path, ...], output: Path) -> None:
    """Merge the SHARDS of a split of STUDY, in the order of their blocks.

    \b
    Example:
      cascade merge jets shard0.h5 shard1.h5 -o train.h5
    """
    from cascade.declarations import load_study, resolve
    from cascade.events import hdf5
    from cascade.events.shards import merge as merge_shards

    declared = load_study(study)
    final = declared.finalise
    options.spare(output, *shards)
    for shard in shards:
        with hdf5.opened(shard, study):
            pass
    merge_shards(
        shards,
        output,
        declared.schema,
        resolve(final.function) if final else None,
        final.reads if final else (),
    )
