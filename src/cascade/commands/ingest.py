"""``cascade ingest``: read a user's files into a split of a sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascade.commands import options
from cascade.errors import CascadeError, nearest
from cascade.settings import parse_json, validate

if TYPE_CHECKING:
    import numpy as np


@click.command()
@click.argument("study")
@click.argument("source")
@click.argument("files", nargs=-1, required=True)
@click.option("--sample", default="mine", show_default=True, help="Name of the sample.")
@click.option("--split", default="all", show_default=True, help="The split to be made.")
@click.option(
    "--fractions",
    default='{"all": 1.0}',
    show_default=True,
    metavar="JSON",
    help="Share of the events by split.",
)
@options.seed
@options.settings
@options.output
def ingest(
    study: str,
    source: str,
    files: tuple[str, ...],
    sample: str,
    split: str,
    fractions: str,
    seed: int,
    settings: str,
    output: Path,
) -> None:
    """Read FILES of a user's own into events of STUDY.

    \b
    With fractions, each event falls into one split at random, by its place in the files and the
    seed: the splits never share an event.

    \b
    Example:
      cascade ingest jets root w.root qcd.root -o jets.h5 \\
        --settings '{"labels": {"w.root": 1, "qcd.root": 0}}'
    """
    from cascade.config import Fractions
    from cascade.declarations import load_study, resolve
    from cascade.events.writing import writing
    from cascade.progress import Progress
    from cascade.provenance import record
    from cascade.study import Ingestion

    declared = load_study(study)
    read = options.source(declared, source, Ingestion)
    chosen = options.checked(settings, read.settings)
    shares = validate(Fractions, {"fractions": parse_json(fractions, "--fractions")}).fractions
    if split not in shares:
        raise CascadeError(f"--split: no fraction for '{split}'; {nearest(split, shares)}")
    options.spare(output, *map(Path, files))
    places = [Path(file).resolve() for file in files]
    for number, place in enumerate(places):
        if place in places[:number]:  # an event of it could fall into two splits
            raise CascadeError(f"{files[number]}: is given twice")
    attributes = record(
        study=study,
        sample=sample,
        split=split,
        source=source,
        files=[[file, Path(file).stat().st_size if Path(file).exists() else 0] for file in files],
        fractions=shares,
        seed=seed,
        settings=chosen.model_dump_json(),
    )
    chunks = resolve(read.function)(list(files), chosen, keeper(shares, split, seed))
    final = declared.finalise
    schema = list(declared.schema)
    task = f"{study}/{sample} {split}"
    with Progress(task, len(files)) as progress:
        first = next((chunk for chunk in chunks if len(next(iter(chunk.values())))), None)
        if first is None:
            raise CascadeError(
                f"{', '.join(files)}: no event passes the source's selection into split '{split}'; "
                "widen it in the settings, or read more events"
            )
        stored = [field for field in schema if field.name in first]
        with writing(output, stored, attributes) as writer:
            writer.append(first)
            for chunk in chunks:
                writer.append(chunk)
                progress.step(0)
            if final:
                writer.finalise(resolve(final.function), final.reads, schema)
        progress.say(f"{writer.events} events")


def keeper(shares: dict[str, float], split: str, seed: int) -> Callable[[int, int], np.ndarray]:
    """Return the rule by which events belong to a split: ``(first, number) -> mask``.

    Event i draws the i-th of a stream of uniform numbers, which cut [0, 1) as the shares say.
    """
    import numpy as np

    from cascade.events.seeding import sequence

    edges = np.cumsum([0.0, *shares.values()])
    place = list(shares).index(split)

    def keep(first: int, number: int) -> np.ndarray:
        stream = np.random.PCG64(sequence(seed, "splits"))
        draws = np.random.Generator(stream.advance(first)).random(number)
        return (draws >= edges[place]) & (draws < edges[place + 1])

    return keep
