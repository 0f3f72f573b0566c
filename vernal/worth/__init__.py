"""What freshness is worth: closed forms, the oracle, and the curve of quality against age. Pure arithmetic."""

__all__: list[str] = []
