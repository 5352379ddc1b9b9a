"""``cascade simulate``: draw a split of a sample, or one shard of it."""

from __future__ import annotations

from pathlib import Path

import click

from cascade.commands import options
from cascade.errors import CascadeError


@click.command()
@click.argument("study")
@click.argument("source")
@click.option("--events", type=click.IntRange(min=1), required=True, help="Events in the split.")
@click.option("--block", type=click.IntRange(min=1), help="Events drawn from one seed.")
@click.option("--sample", default="default", show_default=True, help="Name of the sample.")
@click.option("--split", default="all", show_default=True, help="Name of the split.")
@click.option("--shard", metavar="I/N", help="Draw shard I of N only, to be merged.")
@options.seed
@options.settings
@options.output
def simulate(
    study: str,
    source: str,
    events: int,
    block: int | None,
    sample: str,
    split: str,
    shard: str | None,
    seed: int,
    settings: str,
    output: Path,
) -> None:
    """Draw events of STUDY from SOURCE.

    \b
    The events depend on study, sample, split, seed, block size and settings; neither on the
    number of shards nor on the machine. `cascade merge` puts shards together.

    \b
    Example:
      cascade simulate jets toy --events 2000 --seed 7 -o jets.h5
    """
    from cascade.declarations import load_study, resolve
    from cascade.events.seeding import blocks
    from cascade.events.shards import shard_attributes
    from cascade.events.writing import writing
    from cascade.progress import Progress
    from cascade.provenance import record
    from cascade.study import Simulation

    declared = load_study(study)
    drawn = options.source(declared, source, Simulation)
    chosen = options.checked(settings, drawn.settings)
    size = block or drawn.block
    index, shards = _shard(shard) if shard else (0, 1)
    every = blocks(seed, study, sample, split, events, size)
    mine = every[index::shards]
    if not mine:
        raise CascadeError(
            f"--shard: {shard} is empty: {events} events make fewer blocks of {size}"
        )
    draw = resolve(drawn.function)
    attributes = record(
        study=study,
        sample=sample,
        split=split,
        source=source,
        source_version=resolve(drawn.version)() if drawn.version else None,
        seed=seed,
        block=size,
        settings=chosen.model_dump_json(),
    )
    if shard:
        attributes |= shard_attributes(index, shards, every)
    task = f"{study}/{sample} {split}" + (f" shard {index + 1}/{shards}" if shard else "")
    with Progress(task, len(mine)) as progress:
        first = draw(mine[0], chosen)
        schema = [field for field in declared.schema if field.name in first]
        with writing(output, schema, attributes) as writer:
            writer.append(first)
            progress.step(1)
            for done, item in enumerate(mine[1:], start=2):
                writer.append(draw(item, chosen))
                progress.step(done)
            if declared.finalise and not shard:
                final = declared.finalise
                writer.finalise(resolve(final.function), final.reads, declared.schema)
        progress.say(f"{writer.events} events")


def _shard(text: str) -> tuple[int, int]:
    try:
        index, number = map(int, text.split("/"))
    except ValueError:
        raise CascadeError(f"--shard: '{text}' must read I/N, such as 0/4") from None
    if not 0 <= index < number:
        raise CascadeError(f"--shard: {text}: I must be one of 0 … N − 1")
    return index, number
