from __future__ import annotations

from vernal.cli.docs import argument_docs, first_line


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
