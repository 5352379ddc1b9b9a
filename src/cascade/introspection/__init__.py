"""How a network works and which part of the data decides."""

WAYS = {"filters": "cascade.introspection.filters:first_layer_filters"}
"""Ways of explaining a network, by name: ``(network) -> (schema, arrays)``."""
