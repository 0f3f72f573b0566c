"""The pages in docs/methods are what the docstrings say today, and the page on which method when keeps its promises."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import get_args

import pytest

from vernal.memory import Selection
from vernal.methods import method_names, term_names

FOLDER = Path(__file__).parents[1] / "docs" / "methods"
WHICH = (FOLDER / "which.md").read_text(encoding="utf-8")


def load_generator():
    spec = importlib.util.spec_from_file_location("generate_cards", FOLDER / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = load_generator()
PAGES = GENERATOR.pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_docstrings_say_today(name):
    written = FOLDER / name
    assert written.exists(), f"{name} is missing. Write it: make cards"
    assert written.read_text(encoding="utf-8") == PAGES[name], f"{name} is out of date. Write it anew: make cards"


def test_every_method_and_term_has_a_card_and_nothing_else_has():
    cards = {f"{name}.md" for name in [*method_names(), *term_names()]}
    assert {path.name for path in FOLDER.glob("*.md")} == cards | {"README.md", "which.md"}
    assert "er_ace.md" in cards


@pytest.mark.parametrize("name", [*PAGES, "which.md"])
def test_links_lead_somewhere(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    targets = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("http")]
    assert [target for target in targets if target and not (FOLDER / target).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_markup_of_docstrings_is_left(name):
    assert re.findall(r":math:|\]_|``(?!`)(?<!```)\w|\.\. ", PAGES[name]) == []


def test_examples_in_cards_are_python():
    for name, text in PAGES.items():
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            compile(block, name, "exec")


def test_the_page_on_which_method_when_names_only_what_there_is():
    named = {*re.findall(r"\| `(\w+)` ", WHICH)}
    assert "er" in named
    assert named <= {*method_names(), *term_names(), *get_args(Selection)}


def test_the_readme_links_cards_that_there_are():
    readme = (FOLDER.parents[1] / "README.md").read_text(encoding="utf-8")
    linked = {*re.findall(r"\]\(docs/methods/([\w.]+)\)", readme)}
    assert linked <= {*PAGES, "which.md"}
    assert "er.md" in linked


def test_the_page_says_who_does_not_help_with_new_classes():
    assert "do not help class-incremental learning" in " ".join(WHICH.split())


def test_measured_tables_take_the_place_between_their_marks():
    filled = GENERATOR.with_results(WHICH, "\n### Average\n\n| a |\n|---|\n")
    before, after = WHICH.partition("<!-- results -->")[0], WHICH.partition("<!-- /results -->")[2]
    assert filled == f"{before}<!-- results -->\n\n### Average\n\n| a |\n|---|\n\n<!-- /results -->{after}"


def test_a_page_without_marks_is_not_filled():
    with pytest.raises(ValueError, match="must have one place for tables"):
        GENERATOR.with_results("No marks.", "| a |")
