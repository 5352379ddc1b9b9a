"""Fitted scikit-learn models in files that hold no pickle.

skops keeps a model as a zip archive of JSON and plain arrays. Reading one builds only types that
skops knows to be harmless and those in ``TRUSTED``; a file that names any other is refused before
anything in it is built.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import skops.io

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
    content = skops.io.dumps({"record": json.dumps(record), "model": model})
    refused = _refused(content)
    if refused:
        raise TypeError(f"{path}: a model may not hold {', '.join(refused)}")
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
        refused = _refused(content)
        loaded = {} if refused else skops.io.loads(content, trusted=list(TRUSTED))
        record, model = json.loads(loaded.get("record", "null")), loaded.get("model")
    except Exception as error:  # damaged bytes can trip the reader anywhere, with any exception
        raise CascadeError(
            f"{path}: is not a fitted model outside torch, or is damaged; fit it again"
        ) from error
    if refused:
        raise CascadeError(f"{path}: holds what no fitted model does: {', '.join(refused)}")
    if record is None or model is None:
        raise CascadeError(f"{path}: was not written by Cascade")
    return record, model


def _refused(content: bytes) -> list[str]:
    return sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED))
