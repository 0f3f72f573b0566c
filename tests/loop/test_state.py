from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernal.base import SchemaTooNew
from vernal.loop import LoopState, Piece
from vernal.loop.state import MOST, Doing, Waiting

TEXTS = st.text(max_size=4)
PIECES = st.builds(
    Piece,
    source=TEXTS,
    files=st.lists(TEXTS, max_size=2).map(tuple),
    rows=st.integers(0, 9),
    digest=TEXTS,
    since=st.none() | st.floats(0, 9),
    until=st.none() | st.floats(0, 9),
    came=st.floats(0, 9),
    by=st.none() | TEXTS,
)
PLACES = st.lists(PIECES, max_size=2).map(tuple)
STATES = st.builds(
    LoopState,
    raw=PLACES,
    ready=PLACES,
    aside=PLACES,
    learned=PLACES,
    triggers=st.dictionaries(TEXTS, st.dictionaries(TEXTS, st.integers())),
    doing=st.none() | st.just(Doing(("a",), ("stateful",), "b", 1.0, 3, ("f",), 2, "c", {"why": "so"})),
    owed=st.sampled_from([(), ("scratch",)]),
    waiting=st.none() | st.just(Waiting("a", "b", {"n": [1.0]}, ("c",))),
)


def piece(name: str, came: float = 0.0) -> Piece:
    return Piece("files", (name,), 10, name, None, None, came)


@settings(max_examples=30)
@given(STATES)
def test_a_state_comes_back_as_it_was(state: LoopState) -> None:
    assert LoopState.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_a_state_of_a_later_version_is_refused() -> None:
    with pytest.raises(SchemaTooNew, match="was written in schema 2, and this vernal reads up to 1"):
        LoopState.from_json({**LoopState().to_json(), "schema_version": 2})


def test_only_the_newest_pieces_are_remembered() -> None:
    many = tuple(piece(str(n), n) for n in range(MOST + 10))
    state = LoopState(ready=many)
    digests = [one.digest for one in many]
    assert state.taken_in(digests, "a").learned[0].digest == "10"
    assert len(state.set_aside(digests, "a").aside) == MOST


def test_pieces_that_come_twice_are_told_from_new_ones() -> None:
    known = LoopState(raw=(piece("a"),), ready=(piece("b"),), aside=(piece("c"),), learned=(piece("d"),))
    new, again = known.unknown([piece(name) for name in "abcdee"])
    assert ([one.digest for one in new], [one.digest for one in again]) == (["e"], ["a", "b", "c", "d", "e"])


def test_what_is_learned_again_comes_in_its_order_and_without_labels_waits_for_them() -> None:
    labelled = Piece("files", ("l",), 10, "l", None, None, 1.0, labelled=True)
    state = LoopState(ready=(piece("r", 2.0),), aside=(piece("a", 3.0), labelled))
    both = state.relearning(labels_come_later=False)
    assert ([one.digest for one in both.ready], both.raw, both.aside) == (["l", "r", "a"], (), ())
    some = state.relearning(labels_come_later=True)
    assert ([one.digest for one in some.ready], [one.digest for one in some.raw]) == (["l", "r"], ["a"])
