"""What a policy would have been worth: history replayed through the same loop with another clock."""

__all__: list[str] = []
