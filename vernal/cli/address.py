"""Which store a command works on."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import TYPE_CHECKING

from vernal.cli.parser import Parser, UsageError

if TYPE_CHECKING:
    from vernal.store import Store

VARIABLE = "VERNAL_STORE"


def add_store(parser: Parser) -> None:
    """Offer ``--store`` and ``--ledger``."""
    text = f"the store: a folder, or a URL such as s3://bucket/store [default: ${VARIABLE}]"
    parser.add_argument("--store", metavar="DIR_OR_URL", help=text)
    text = "the database with its history, if that lies neither in files nor embedded: postgresql://... or "
    text += "sqlite:///...; a new store may have `files` [default: $VERNAL_LEDGER]"
    parser.add_argument("--ledger", metavar="URL", help=text)


def add_name(parser: Parser) -> None:
    """Offer ``--name``, for commands that make a store where nothing is."""
    text = "what the model of a new store is called, as in NAME:3.2 [default: the last part of its address]"
    parser.add_argument("--name", metavar="NAME", help=text)


def store_address(values: Namespace) -> str:
    """The address that was given, or that of the environment.

    Raises:
        UsageError: neither names one.
    """
    address: str | None = values.store or os.environ.get(VARIABLE)
    if not address:
        raise UsageError(f"Name the store: --store DIR_OR_URL. Or set it once for all: export {VARIABLE}=DIR_OR_URL")
    return address


def open_store(values: Namespace, create: bool = False) -> Store:
    """The store; one that is not there is made only if that is meant.

    Raises:
        StateError: there is none, or its model is not called as it is said with ``--name``.
    """
    from vernal.store import Store

    return Store(store_address(values), create=create, name=getattr(values, "name", None), ledger=values.ledger)
