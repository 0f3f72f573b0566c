"""What the README shows is what happens: its blocks are run, in order, in an empty folder."""

import os
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from vernal.cli import main
from vernal.config import FUNCTIONS
from vernal.methods import term_names
from vernal.testing import toy_update
from vernal.testing.toys import toy_plan
from vernal.transaction import update

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"```(python|sh)\n(.*?)```", re.DOTALL)


@pytest.mark.journey
def test_the_blocks_of_the_readme_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ran = 0
    for language, block in BLOCK.findall(README.read_text(encoding="utf-8")):
        if block.startswith("# config.py"):
            Path("config.py").write_text(block, encoding="utf-8")
        elif language == "python":
            exec(compile(block, "README.md", "exec"), {})
            for file in Path().glob("in/*.parquet"):
                os.utime(file, (0, 0))  # They have been there for a while.
        else:
            ran += sum(run(line) for line in block.splitlines() if line.startswith("vernal "))
    assert ran >= 10
    said = capsys.readouterr()
    assert "month 2" in said.out
    assert "champion, anchor" in said.out
    assert "Update every" in said.out
    assert "accuracy" not in said.err


def run(command):
    if "check" in command:
        command = command.replace("config.py", "config.py --month 1")
    assert main(shlex.split(command, comments=True)[1:]) == 0, command
    return True


def test_the_readme_names_the_two_commands():
    text = README.read_text()
    assert "make demo" in text
    assert "make test" in text


def test_the_blocks_of_the_config_page_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = README.parent / "docs" / "config.md"
    data, method = [text for kind, text in BLOCK.findall(page.read_text()) if kind == "python"]
    exec(compile(data, str(page), "exec"), {})
    assert "uint8(3, 32, 32)" in capsys.readouterr().out
    exec(compile(method, str(page), "exec"), names := {})
    first, second = [toy_update("store", names["method_fn"](rows=20), chunk).record for chunk in (1, 2)]
    assert (first["memory"]["rows"], first["training"]["replayed"]) == (20, 0)
    assert (second["memory"]["rows"], second["training"]["replayed"] > 0) == (20, True)


def test_the_blocks_of_the_terms_page_run(tmp_path):
    page = README.parent / "docs" / "terms.md"
    (own,) = [text for kind, text in BLOCK.findall(page.read_text()) if kind == "python"]
    exec(compile(own, str(page), "exec"), names := {"__name__": "terms_page"})
    plans = [replace(toy_plan("er", chunk), terms=names["terms_fn"](nearby=0.1)) for chunk in (1, 2)]
    plan = [update(plan, tmp_path / "store").record for plan in plans][-1]["plan"]
    assert [(term["name"], term["options"]) for term in plan["terms"]] == [("Nearby", {"weight": 0.1})]


def test_the_terms_page_names_every_term():
    page = (README.parent / "docs" / "terms.md").read_text()
    assert [name for name in term_names() if f"| `{name}` |" not in page] == []


def test_the_config_page_names_every_function():
    page = (README.parent / "docs" / "config.md").read_text()
    assert [name for name in FUNCTIONS if f"`{name}`" not in page] == []
    assert len(FUNCTIONS) >= 15
