"""Methods as a config writes them: variants of other methods, several seeds of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cascade.config import MethodConfig, Variant, overlay
from cascade.errors import CascadeError, known
from cascade.settings import validate


def resolve_methods(block: Mapping[str, Any], path: str) -> dict[str, tuple[MethodConfig, str]]:
    """Resolve variants and seeds.

    Returns
    -------
    dict
        By the name of a method its config, and the name that this has in the user's file.

    Raises
    ------
    CascadeError
        A base is missing or runs in a circle, or a name would stand twice; ``path`` leads there.
    """
    methods = {}
    for name in block:
        entry = validate(MethodConfig, _resolved(block, name, path, ()), f"{path}.{name}")
        if len(set(entry.seeds)) < len(entry.seeds):
            raise CascadeError(f"{path}.{name}.seeds: a seed stands twice in {entry.seeds}")
        plain = entry.model_copy(update={"seeds": []})
        expanded = {
            f"{name}_seed{seed}": plain.model_copy(update={"seed": seed}) for seed in entry.seeds
        } or {name: plain}
        for method, config in expanded.items():
            if method in methods or (method != name and method in block):
                raise CascadeError(f"{path}.{name}: '{method}' would stand twice; rename a method")
            methods[method] = (config, name)
    return methods


def _resolved(block: Mapping[str, Any], name: str, path: str, above: tuple) -> dict[str, Any]:
    entry = block[name] or {}
    if name in above:
        raise CascadeError(f"{path}.{name}.base: {' → '.join((*above, name))} runs in a circle")
    if "base" not in entry:
        return {"method": name, **entry}
    variant = validate(Variant, entry, f"{path}.{name}")
    known(variant.base, block, f"{path}.{name}.base", "method")
    return overlay(_resolved(block, variant.base, path, (*above, name)), variant.set)
