"""The products of a study, as functions."""

from __future__ import annotations

from types import SimpleNamespace

from cascade.declarations import load_study, resolve


def products_of(study: str) -> SimpleNamespace:
    """Return all functions ``(inputs, settings) -> Result`` of a study by name."""
    declared = load_study(study).products
    return SimpleNamespace(**{name: resolve(one.function) for name, one in declared.items()})
