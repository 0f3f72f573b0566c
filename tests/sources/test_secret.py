from __future__ import annotations

import pytest

from vernal.sources import Files, Nats, Table
from vernal.sources.secret import hidden


@pytest.mark.parametrize(("address", "shown"), [
    ("/data/in", "/data/in"),
    ("nats://host:4222", "nats://host:4222"),
    ("nats://token@host", "nats://***@host"),
    ("nats://a:secret@one,nats://b:secret@two", "nats://***@two"),
    ("postgresql://me:sec/ret@@host/db", "postgresql://***@host/db"),
    ("postgresql://host/db?user=me&password=secret&table=t", "postgresql://host/db?user=me&password=***&table=t"),
    ("az://box/in?sig=secret", "az://box/in?sig=***"),
])  # fmt: skip
def test_secrets_are_hidden(address, shown):
    assert hidden(address) == shown


def test_no_source_prints_a_password():
    for source in (
        Files("sftp://me:secret@host/in"),
        Nats("s", "nats://me:secret@host"),
        Table("x://me:secret@h/d", "t"),
    ):
        assert "secret" not in repr(source)
        assert "***@h" in repr(source)
