"""``cascade export``: events or predictions as a ROOT tree."""

from __future__ import annotations

from pathlib import Path

import click

from cascade.commands import options

CHUNK = 4096


@click.command()
@click.argument("study")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.output
def export(study: str, files: tuple[Path, ...], output: Path) -> None:
    """Write FILES of events or predictions of STUDY as trees of one ROOT file.

    \b
    Each file becomes a tree of its own name: test.h5 becomes the tree `test`.

    \b
    Example:
      cascade export jets data/jets/default/test.h5 -o jets.root
    """
    from cascade.declarations import load_study
    from cascade.errors import CascadeError
    from cascade.events import hdf5
    from cascade.events.root import export_root

    declared = load_study(study)
    names = [path.stem for path in files]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise CascadeError(
            f"two files would both become the tree '{min(twice)}'; export them apart"
        )
    options.spare(output, *files)
    for path in files:
        if hdf5.count(path, study) == 0:
            raise CascadeError(f"{path}: holds no events; there is nothing to export")
    components = {
        field.name: tuple(field.dims[-1].split("_"))
        for field in declared.schema
        if field.ragged and len(field.dims) > 1
    }
    trees = {path.stem: hdf5.chunks(path, None, CHUNK, study) for path in files}
    export_root(output, trees, components)
