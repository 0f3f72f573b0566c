"""Processes that do one thing after the other: start, talk to, outlive none. Nothing about what they do."""
