"""Model files of either kind: networks (torch) and estimators (scikit-learn)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cascade.errors import CascadeError
from cascade.study import Estimator, Method, Network


def load_model(declared: Method, path: Path | None, study: str, accelerator: str = "auto") -> Any:
    """Return the fitted model of a method, ready to be applied; None for a formula.

    Raises
    ------
    CascadeError
        The file is missing, damaged, of the other kind, or of another study.
    """
    if isinstance(declared, Estimator):
        from cascade.training.estimators import load_estimator

        record, model = load_estimator(path)
        if record.get("study") != study:
            raise CascadeError(f"{path}: is a model of study '{record.get('study')}'")
        return model
    if isinstance(declared, Network):
        from cascade.training import checkpoint
        from cascade.training.network import pick_device, restore

        record, weights = checkpoint.load(path, study)
        return restore(declared, record, weights).to(pick_device(accelerator))
    return None
