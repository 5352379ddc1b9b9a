"""Model files of either kind: networks (torch) and estimators (scikit-learn)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cascade.errors import CascadeError
from cascade.settings import Settings
from cascade.study import Estimator, Method, Network


def load_model(
    declared: Method,
    name: str,
    path: Path | None,
    study: str,
    accelerator: str = "auto",
    settings: Settings | None = None,
) -> Any:
    """Return the fitted model of a study's method, ready to be applied; None for a formula.

    Parameters
    ----------
    name
        The method's.
    settings
        Those that a network was trained with, if the user says so.

    Raises
    ------
    CascadeError
        The file is missing, damaged, of the other kind, of another study or method, or of a
        network that was trained with other settings.
    """
    if isinstance(declared, Estimator):
        from cascade.training.estimators import load_estimator

        record, model = load_estimator(path)
        _check_origin(path, record, study, name)
        return model
    if isinstance(declared, Network):
        from cascade.training import checkpoint
        from cascade.training.network import pick_device, restore

        record, weights = checkpoint.load(path)
        _check_origin(path, record, study, name)
        if settings is not None:
            _check_settings(path, record, settings)
        return restore(declared, record, weights).to(pick_device(accelerator))
    return None


def _check_settings(path: Path | None, record: Mapping[str, Any], settings: Settings) -> None:
    trained = json.loads(record["settings"])
    for key, value in json.loads(settings.model_dump_json()).items():
        if trained.get(key, value) != value:
            raise CascadeError(
                f"{path}: was trained with {key} {trained[key]}, not {value}; leave --settings out "
                "or train again"
            )


def _check_origin(path: Path | None, record: Mapping[str, Any], study: str, method: str) -> None:
    for key, wanted in (("study", study), ("method", method)):
        if record.get(key) != wanted:
            raise CascadeError(
                f"{path}: is a model of {key} '{record.get(key)}', not of '{wanted}'"
            )
