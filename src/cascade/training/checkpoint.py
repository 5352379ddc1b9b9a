"""Trained networks in a file: a plain state dict and the record of what was trained.

Loadable with ``torch.load(path, weights_only=True)``; nothing in it is code.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cascade.errors import CascadeError
from cascade.files import atomic, check_there, reason

FORMAT = "cascade network 1"


def save(path: str | Path, record: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
    """Write weights and record (text and numbers only), whole or not at all."""
    save_state(path, {"format": FORMAT, "record": dict(record), "state_dict": dict(weights)})


def save_state(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write tensors, numbers and text, nested in lists and dictionaries, whole or not at all."""
    buffer = io.BytesIO()  # torch itself would not say why a file cannot be written
    torch.save(content, buffer)
    with atomic(path) as part:
        part.write_bytes(buffer.getbuffer())


def load_state(path: str | Path) -> dict[str, Any]:
    """Read what ``save_state`` wrote.

    Raises
    ------
    CascadeError
        It cannot be read, or is damaged.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CascadeError(f"{path}: cannot be read: {reason(error)}") from error
    except Exception as error:  # damaged bytes can trip the reader anywhere, with any exception
        raise CascadeError(
            f"{path}: the saved state of a training is damaged; remove it to train from the start"
        ) from error


def load(path: str | Path, study: str | None = None) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read record and weights.

    Raises
    ------
    CascadeError
        There is no such file, it is not a network of Cascade, or of another study.
    """
    check_there(path)
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()  # torch itself does not look at the sums of the weights
        content = None if damaged else torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CascadeError(f"{path}: cannot be read: {reason(error)}") from error
    except Exception as error:  # damaged bytes can trip the reader anywhere, with any exception
        raise CascadeError(
            f"{path}: is not a network that Cascade trained, or is damaged"
        ) from error
    if damaged:
        raise CascadeError(f"{path}: is damaged; train the network again")
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CascadeError(f"{path}: is not a network that Cascade trained")
    record, weights = content.get("record"), content.get("state_dict")
    if not isinstance(record, dict) or not isinstance(weights, dict):
        raise CascadeError(f"{path}: is incomplete; train the network again")
    if study is not None and record["study"] != study:
        raise CascadeError(f"{path}: is a network of study '{record['study']}', not of '{study}'")
    return record, weights
