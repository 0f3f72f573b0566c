"""The command line. A command reads its options, makes one call, and prints what came out."""

from vernal.cli.app import main

__all__ = ["main"]
