"""How a network works and which part of the data decides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """A way of explaining a network.

    Attributes
    ----------
    function
        ``(network) -> (schema, arrays)``, with two arguments ``(network, events)`` if it reads
        events: ``events`` maps the network's input fields to arrays.
    events
        How many events it reads, the first of a file; 0 for a way that looks at the network alone.
    """

    function: str
    events: int = 0


WAYS = {
    "filters": Way("cascade.introspection.filters:first_layer_filters"),
    "neighbours": Way("cascade.introspection.neighbours:neighbours", events=32),
}
"""Ways of explaining a network, by name."""
