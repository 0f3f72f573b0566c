"""Where new data comes from, with a cursor that says how far it was read. Knows nothing of models."""

from vernal.sources.source import Arrival, Cursor, Source

__all__ = ["Arrival", "Cursor", "Source"]
