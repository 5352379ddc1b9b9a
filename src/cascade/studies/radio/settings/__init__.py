"""Settings of the radio study: sources, methods, products."""

from __future__ import annotations

from cascade.studies.radio.settings.sources import TraceSettings

__all__ = ["TraceSettings"]
