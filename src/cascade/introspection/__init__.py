"""How a network works and which part of the data decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cascade.declarations import resolve
from cascade.errors import CascadeError, known
from cascade.settings import Settings, validate

_HERE = "cascade.introspection"


@dataclass(frozen=True)
class Way:
    """A way of explaining a network.

    Attributes
    ----------
    function
        ``(explained, inputs, settings)``, see ``introspection.explained``. What it returns:
    kind
        ``attribution``: one attribution for each input, in its shape;
        ``columns``: ``(schema, arrays)`` with a row for each event;
        ``rows``: ``(schema, arrays)`` with rows of its own, so that it needs a file of its own;
        ``network``: the same, of the network alone; it is given no events.
    settings
        Class of its settings.
    conserves
        The attribution should add up to the number that is explained, or to what it gained on the
        way from the baseline of the settings.
    """

    function: str
    kind: Literal["attribution", "columns", "rows", "network"]
    settings: str
    conserves: bool = False

    @property
    def alone(self) -> bool:
        """Whether its rows are not events, so that it cannot share a file."""
        return self.kind in ("rows", "network")


def _settings(name: str) -> str:
    return f"{_HERE}.settings:{name}Settings"


def _attribution(module: str, name: str, settings: str, conserves: bool = False) -> Way:
    return Way(f"{_HERE}.{module}:{name}", "attribution", _settings(settings), conserves)


def _shown(
    kind: Literal["columns", "rows", "network"], module: str, name: str, settings: str
) -> Way:
    return Way(f"{_HERE}.{module}:{name}", kind, _settings(settings))


WAYS = {
    "saliency": _attribution("gradients", "saliency", "Attribution"),
    "sensitivity": _attribution("gradients", "sensitivity", "Attribution"),
    "gradient_times_input": _attribution("gradients", "gradient_times_input", "Attribution"),
    "integrated_gradients": _attribution(
        "gradients", "integrated_gradients", "IntegratedGradients", conserves=True
    ),
    "lrp": _attribution("relevance", "relevance", "Relevance", conserves=True),
    "cam": _attribution("class_activation", "cam", "Attribution"),
    "grad_cam": _attribution("class_activation", "grad_cam", "Layer"),
    "hires_cam": _attribution("class_activation", "hires_cam", "Layer"),
    "embedding": _shown("columns", "shown", "embedding", "Embedding"),
    "feature_maps": _shown("columns", "shown", "feature_maps", "Layer"),
    "translation": _shown("columns", "translation", "translation", "Translation"),
    "neighbours": _shown("columns", "neighbours", "neighbours", "Attribution"),
    "deconvnet": _shown("rows", "rows", "deconvnet", "Patches"),
    "maximisation": _shown("rows", "rows", "maximisation", "Maximised"),
    "filters": _shown("network", "filters", "first_layer_filters", "Attribution"),
}
"""Ways of explaining a network, by name."""


def checked_ways(
    names: Iterable[str], settings: Mapping[str, Mapping[str, Any]], names_at: str, settings_at: str
) -> dict[str, Settings]:
    """Return the settings of each way, in order, once they go together in one file.

    Parameters
    ----------
    settings
        By way, plain data; defaults fill in the rest.
    names_at, settings_at
        Where both stand in the user's file or command; complaints start with it.

    Raises
    ------
    CascadeError
        There is no such way, it stands twice, or cannot share a file; settings belong to no way
        that is named, or are wrong.
    """
    names = [known(name, WAYS, names_at, "way of explaining") for name in names]
    if not names:
        raise CascadeError(f"{names_at}: name at least one of {', '.join(WAYS)}")
    for name in names:
        if names.count(name) > 1:
            raise CascadeError(f"{names_at}: '{name}' stands twice")
        if WAYS[name].alone and len(names) > 1:
            raise CascadeError(
                f"{names_at}: '{name}' has rows that are no events; explain it in a file of its own"
            )
    for name in settings:
        if name not in names:
            raise CascadeError(f"{settings_at}.{name}: '{name}' is not among {names_at}; remove it")
    return {
        name: validate(
            resolve(WAYS[name].settings), settings.get(name, {}), f"{settings_at}.{name}"
        )
        for name in names
    }
