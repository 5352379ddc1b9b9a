"""The base of everything that a user sets: typed, frozen, no unknown keys, one-line complaints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from cascade.errors import CascadeError, nearest


class Settings(BaseModel):
    """Settings of one part; subclasses name the keys, their types, bounds and defaults."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
    )


# what would be right, by pydantic's type of mistake, where its own words are a programmer's
_WISHES = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "too_long": "must be a list of at most {max_length}",
}

Model = TypeVar("Model", bound=BaseModel)

# YAML 1.1 takes 1e-3 for a text (it wants a point in it), and a key `on` for a truth value
_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")
_SWITCHES = {True: "on", False: "off"}


def validate(model: type[Model], data: Any, path: str = "") -> Model:
    """Return the settings that plain data (from YAML or JSON) stands for.

    Parameters
    ----------
    path
        Where the data stands in the user's file; the complaint starts with it.

    Raises
    ------
    CascadeError
        The first thing that is wrong, with the path of its key and what would be right; or the
        model is none.
    """
    if not _is_settings(model):
        raise CascadeError(f"{path}: {model!r} is no class of settings: derive it from Settings")
    plain = _plain(data, path)
    try:
        return model.model_validate_json(json.dumps(plain))
    except ValidationError as error:
        # an unknown key is more often the cause than the consequence of another complaint
        faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        raise CascadeError(_complaint(model, faults[0], plain, path)) from None


def parse_json(text: str, option: str) -> Any:
    """Read JSON given on the command line."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise CascadeError(
            f"{option}: is not JSON ({error.msg} at character {error.pos})"
        ) from None


def _plain(data: Any, path: str) -> Any:
    """Return data as JSON knows it, with what YAML 1.1 misreads put right."""
    if isinstance(data, Mapping):
        items = {
            _SWITCHES[key] if isinstance(key, bool) else str(key): value
            for key, value in data.items()
        }
        return {
            key: _plain(value, f"{path}.{key}" if path else key) for key, value in items.items()
        }
    if isinstance(data, list | tuple):
        return [_plain(value, f"{path}.{place}") for place, value in enumerate(data)]
    if isinstance(data, str) and _EXPONENT.fullmatch(data):
        return float(data)
    if data is not None and not isinstance(data, str | int | float):
        raise CascadeError(f"{path}: '{data}' is a {type(data).__name__}; put it in quotes")
    return data


def _complaint(model: type[BaseModel], fault: ErrorDetails, data: Any, path: str) -> str:
    kind, value = fault["type"], fault["input"]
    location = _location(fault["loc"], data, kind == "missing")
    where = ".".join([path, *location] if path else location) or "settings"
    if kind == "extra_forbidden":
        return f"{where}: unknown key; {nearest(location[-1], _keys(model, location[:-1]))}"
    if kind == "missing":
        return f"{where}: is missing"
    if kind == "value_error":
        return f"{where}: {fault['ctx']['error']!s}"
    shown = json.dumps(value, default=str)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    context = fault.get("ctx", {})
    wish = fault["msg"].removeprefix("Input ").removeprefix("String ").replace("should", "must")
    wish = _WISHES[kind].format(**context) if kind in _WISHES else wish
    if kind == "literal_error" and isinstance(value, str):
        known = re.findall(r"'([^']*)'", context["expected"])
        hint = nearest(value, known)
        wish += f"; {hint}" if hint.endswith("?") else ""
    return f"{where}: {shown} is wrong: {wish}"


def _location(parts: Iterable[int | str], data: Any, missing: bool) -> list[str]:
    """Return the keys that a location names in the user's data, without branches of unions."""
    *above, last = parts or ("",)
    keys = []
    for part in (*above, last):
        try:
            data = data[part]
            keys.append(str(part))
        except (KeyError, IndexError, TypeError):
            # keys that are missing, or wrong by themselves, stand last
            if missing and part is last:
                keys.append(str(part))
    return keys


def _keys(model: Any, location: list[str]) -> list[str]:
    """Return the known keys of the settings at a location below a model."""
    models = [model] if isinstance(model, type) else []
    candidates = [item for item in (*models, *_nested(model)) if _is_settings(item)]
    if not location:
        return [key for item in candidates for key in item.model_fields]
    for item in candidates:
        if location[0] in item.model_fields:
            return _keys(item.model_fields[location[0]].annotation, location[1:])
    # a key of a mapping, or a place in a list
    return [key for part in get_args(model) for key in _keys(part, location[1:])]


def _nested(annotation: Any) -> list[Any]:
    """Return the settings inside a union or an annotation such as ``X | None``."""
    return [part for part in get_args(annotation) if _is_settings(part)]


def _is_settings(item: Any) -> bool:
    return isinstance(item, type) and issubclass(item, BaseModel)
