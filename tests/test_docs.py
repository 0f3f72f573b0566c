"""What the pages in docs show is what happens: their blocks are run, in order, in an empty folder.

A block that begins with the name of a file is that file; a comment behind a `print` is what it prints.
"""

import re
import shlex
from pathlib import Path

import pytest

from vernal.cli import main

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
FILE = re.compile(r"# (\w+\.py)\n")
PRINTED = re.compile(r"^ *print\(.*\)  # (.+)$", re.MULTILINE)


@pytest.mark.journey
@pytest.mark.parametrize(
    "page", ["drift.md", "models.md", "sources.md", "store.md", "tasks.md", "triggers.md", "worth.md"]
)
def test_the_blocks_of_a_page_run_and_print_what_it_says(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": page}
    blocks = BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))
    assert len(blocks) >= 4
    for block in blocks:
        if file := FILE.match(block):
            Path(file[1]).write_text(block, encoding="utf-8")
        else:
            exec(compile(block, page, "exec"), names)
    printed = [line for block in blocks for line in PRINTED.findall(block)]
    assert capsys.readouterr().out.splitlines() == printed


@pytest.mark.journey
@pytest.mark.parametrize("page", ["loop.md", "tuning.md"])
def test_the_blocks_and_commands_of_a_page_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names = {"__name__": page}
    for language, block in re.findall(r"```(python|sh)\n(.*?)```", (DOCS / page).read_text(), re.DOTALL):
        if language == "sh":
            for command in block.splitlines():
                assert main(shlex.split(command, comments=True)[1:]) == 0, command
        elif file := FILE.match(block):
            Path(file[1]).write_text(block, encoding="utf-8")
        else:
            capsys.readouterr()
            exec(compile(block, page, "exec"), names)
            assert capsys.readouterr().out.splitlines() == PRINTED.findall(block)


@pytest.mark.parametrize(
    "page",
    [
        "drift.md",
        "loop.md",
        "models.md",
        "sources.md",
        "store.md",
        "tasks.md",
        "terms.md",
        "config.md",
        "triggers.md",
        "tuning.md",
        "worth.md",
    ],
)
def test_the_links_of_a_page_lead_somewhere(page):
    links = re.findall(r"\]\(([^)]+)\)", (DOCS / page).read_text(encoding="utf-8"))
    files = [link.partition("#")[0] for link in links if not link.startswith("http")]
    assert [file for file in files if file and not (DOCS / file).exists()] == []
