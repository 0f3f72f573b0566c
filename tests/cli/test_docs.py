from __future__ import annotations

from vernal.cli.docs import argument_docs, blocks, first_line, plain, sections


def test_no_docstring_documents_nothing() -> None:
    assert argument_docs(None) == {}
    assert first_line(None) == ""


def test_only_the_section_of_arguments_is_read() -> None:
    doc = """Do it.

    Raises:
        KeyError: no argument.

    Args:
        a: the ``first``.
        b: the second,
            over two lines: with a colon.

    Returns:
        c: no argument.
    """
    assert argument_docs(doc) == {"a": "the first.", "b": "the second, over two lines: with a colon."}


def test_a_docstring_falls_into_its_parts() -> None:
    doc = """Do it [1]_.

    How.

    Args:
        a: one.

    References:
        .. [1] A. Author.
           Title.
    """
    parts = sections(doc)
    assert parts == {"": "Do it [1]_.\n\nHow.", "Args": "a: one.", "References": ".. [1] A. Author.\n   Title."}
    assert sections(None) == {"": ""}


def test_formulas_are_told_from_paragraphs() -> None:
    assert blocks("With\n`x`,\n\n.. math:: x\n    ^2\n\nmore.") == [
        ("With `x`,", False),
        ("x ^2", True),
        ("more.", False),
    ]


def test_markup_is_taken_off() -> None:
    assert plain(r"``None`` for `lambda`, :math:`\lambda`, of [2]_") == "None for lambda, λ, of [2]"
    assert argument_docs("Do.\n\nArgs:\n    a: :math:`\\lambda`, ``x``.") == {"a": "λ, x."}
