from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vernal.cli.graph import graph


def test_a_line_of_models_is_one_column() -> None:
    assert graph([("c", "b"), ("b", "a"), ("a", None)]) == ["●", "●", "●"]


def test_lines_come_together_at_the_model_they_come_from() -> None:
    assert graph([("e", "a"), ("d", "b"), ("c", "a"), ("b", "a"), ("a", None)]) == [
        "●",
        "│ ●",
        "│ │ ●",
        "│ ● │",
        "●─┴─╯",
    ]


def test_a_line_that_is_crossed_is_seen_to_go_on() -> None:
    assert graph([("e", "b"), ("d", "a"), ("c", "b"), ("b", None), ("a", None)]) == [
        "●",
        "│ ●",
        "│ │ ●",
        "●─┼─╯",
        "  ●",
    ]


def test_a_column_that_has_become_free_is_used_again() -> None:
    assert graph([("d", None), ("c", "a"), ("b", "a"), ("a", None)]) == ["●", "●", "│ ●", "●─╯"]


def test_letters_of_ascii_do_as_well() -> None:
    assert graph([("c", "a"), ("b", "a"), ("a", None)], plain=True) == ["*", "| *", "*-'"]


@given(parents=st.lists(st.integers(-1, 20), min_size=1, max_size=20))
def test_every_record_has_one_dot_and_every_line_an_end(parents: list[int]) -> None:
    lines = [(str(i), str(p) if p < i and p >= 0 else None) for i, p in enumerate(parents)][::-1]
    drawn = graph(lines)
    assert [row.count("●") for row in drawn] == [1] * len(lines)
    children = [sum(parent == id for _, parent in lines) for id, _ in lines]
    joined = [row.count("╯") + row.count("┴") for row in drawn]
    assert joined == [max(0, n - 1) for n in children]
    assert drawn[-1].strip(" ●─┴╯") == ""
