"""The loop: data comes in, a trigger decides, an update learns, a gate judges; live or with another clock."""

__all__: list[str] = []
