"""Models fitted outside torch in files that hold no pickle.

Arrays, numbers and texts by name are kept as NumPy keeps arrays. A model of anything else, such as
the estimators of scikit-learn, is kept by skops as a zip archive of JSON and arrays. Reading one
builds only types that skops knows to be harmless and those in ``TRUSTED``; a file that names any
other is refused before anything in it is built.

skops is imported where it is needed: it looks through all of scikit-learn, and even imports torch,
which takes longer than most of what is done with such models.
"""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from cascade.errors import CascadeError
from cascade.files import atomic, check_there, reason

TRUSTED = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)
"""Types beyond skops' own list: a tree of histogram gradient boosting, an array of its nodes."""


def save_estimator(path: str | Path, record: dict[str, Any], model: Any) -> None:
    """Write a fitted model with what is to be known about it, whole or not at all.

    Parameters
    ----------
    record
        Settings, seed, provenance …: anything that JSON can hold.
    model
        scikit-learn estimators and arrays, alone or in dictionaries, lists and tuples.

    Raises
    ------
    CascadeError
        The file cannot be written.
    TypeError
        The model holds a type that ``load_estimator`` would refuse.
    """
    text = json.dumps(record)
    content = _plain(text, model) if _is_plain(model) else _by_skops(path, text, model)
    with atomic(path) as part:
        part.write_bytes(content)


def load_estimator(path: str | Path) -> tuple[dict[str, Any], Any]:
    """Return the record and the model that ``save_estimator`` wrote.

    Raises
    ------
    CascadeError
        The file is missing, damaged, not such a file, or holds a type that is not trusted.
    """
    check_there(path)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise CascadeError(f"{path}: cannot be read: {reason(error)}") from error
    try:
        with ZipFile(BytesIO(content)) as archive:
            plain = f"{REST}.npy" in archive.namelist()
        refused = [] if plain else _refused(content)
        record, model = (None, None) if refused else (_read_plain if plain else _read)(content)
    except Exception as error:  # damaged bytes can trip the reader anywhere, with any exception
        raise CascadeError(
            f"{path}: is not a fitted model outside torch, or is damaged; fit it again"
        ) from error
    if refused:
        raise CascadeError(f"{path}: holds what no fitted model does: {', '.join(refused)}")
    if record is None or model is None:
        raise CascadeError(f"{path}: was not written by Cascade")
    return record, model


REST = "rest"
"""Name of the text that holds what is no array."""


def _is_plain(model: Any) -> bool:
    """Return whether a model is arrays, and what JSON gives back as it was, by name."""
    return type(model) is dict and all(
        isinstance(name, str)
        and (not value.dtype.hasobject if type(value) is np.ndarray else _is_json(value))
        for name, value in model.items()
    )


def _is_json(value: Any) -> bool:
    if type(value) is list:
        return all(map(_is_json, value))
    return value is None or type(value) in (bool, int, float, str)


def _plain(record: str, model: dict[str, Any]) -> bytes:
    # an array has its name behind a mark, so that none is called as a parameter of NumPy's is
    arrays = {f"={name}": value for name, value in model.items() if type(value) is np.ndarray}
    rest = {name: None if f"={name}" in arrays else value for name, value in model.items()}
    text = np.array(json.dumps({"record": record, "model": rest}))
    buffer = BytesIO()
    np.savez(buffer, allow_pickle=False, **{REST: text}, **arrays)
    return buffer.getvalue()


def _read_plain(content: bytes) -> tuple[Any, Any]:
    with np.load(BytesIO(content), allow_pickle=False) as file:
        rest = json.loads(file[REST].item())
        arrays = {name[1:]: file[name] for name in file.files if name != REST}
    return json.loads(rest["record"]), rest["model"] | arrays


def _by_skops(path: str | Path, record: str, model: Any) -> bytes:
    import skops.io

    content = skops.io.dumps({"record": record, "model": model})
    refused = _refused(content)
    if refused:
        raise TypeError(f"{path}: a model may not hold {', '.join(refused)}")
    return content


def _read(content: bytes) -> tuple[Any, Any]:
    import skops.io

    loaded = skops.io.loads(content, trusted=list(TRUSTED))
    return json.loads(loaded.get("record", "null")), loaded.get("model")


def _refused(content: bytes) -> list[str]:
    import skops.io

    return sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED))
