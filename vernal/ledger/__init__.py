"""The SQL side of a store: history, decisions, where loops stand, predictions and their late labels. Knows no files."""

__all__: list[str] = []
