from __future__ import annotations

import hashlib
import json

import pytest

from vernal.base import CorruptState, SchemaTooNew, canonical_json, digest
from vernal.ledger import Entry, check_link, decode_entry, encode_entry

FIRST = Entry(1, "update", "a", {}, "2026-03-01T12:00Z", previous="")


def decoded(entry: Entry) -> Entry:
    return decode_entry(entry.number, encode_entry(entry), f"entry {entry.number}")


def test_an_entry_comes_back_with_the_digest_of_its_bytes() -> None:
    assert decoded(FIRST) == FIRST
    assert decoded(FIRST).digest == digest(encode_entry(FIRST))


def test_the_bytes_are_those_of_the_first_release() -> None:
    start = '{"champion":"a",'
    rest = '"kind":"update","number":1,"payload":{},"previous":"","schema_version":1,"time":"2026-03-01T12:00Z"}'
    checksum = hashlib.sha256((start + rest).encode()).hexdigest()
    assert encode_entry(FIRST).decode() == f'{start}"checksum":"{checksum}",{rest}'


def test_every_changed_byte_is_found() -> None:
    data = encode_entry(FIRST)
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(CorruptState, match="entry 1 is damaged.*Bring the journal back from a backup"):
            decode_entry(1, changed, "entry 1")


def test_an_entry_under_another_number_is_found() -> None:
    with pytest.raises(CorruptState, match="entry 2 holds entry 1"):
        decode_entry(2, encode_entry(FIRST), "entry 2")


def test_a_link_to_another_entry_is_found() -> None:
    second = Entry(2, "update", "b", {}, FIRST.time, previous=decoded(FIRST).digest)
    check_link(None, FIRST, "entry 1")
    check_link(decoded(FIRST), second, "entry 2")
    with pytest.raises(CorruptState, match="entry 2 does not follow the entry that lies before it"):
        check_link(None, second, "entry 2")


def test_an_entry_of_a_later_schema_is_not_guessed_at() -> None:
    facts = json.loads(encode_entry(FIRST)) | {"schema_version": 2}
    del facts["checksum"]
    later = canonical_json({**facts, "checksum": digest(facts)})
    with pytest.raises(SchemaTooNew, match=r"schema 2, .* reads up to 1. Run: pip install --upgrade"):
        decode_entry(1, later, "entry 1")
