"""What the README shows is what happens: its blocks are run, in order, in an empty folder."""

import re
import shlex
from pathlib import Path

import pytest

from vernal.cli import main
from vernal.config import FUNCTIONS
from vernal.testing import toy_update

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"```(python|sh)\n(.*?)```", re.DOTALL)


def blocks(language):
    return [text for kind, text in BLOCK.findall(README.read_text()) if kind == language]


@pytest.mark.journey
def test_the_blocks_of_the_readme_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    config, api = blocks("python")
    Path("config.py").write_text(config)
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("vernal ")]
    assert len(commands) >= 5
    for command in commands:
        if "check" in command:
            command = command.replace("config.py", "config.py --month 1")
        assert main(shlex.split(command, comments=True)[1:]) == 0, command
    assert "month 2" in capsys.readouterr().out
    exec(compile(api, "README.md", "exec"), {})
    assert "accuracy" not in capsys.readouterr().err


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
    first, second = [toy_update("store", names["method_fn"](memory_size=20), chunk).record for chunk in (1, 2)]
    assert (first["memory"]["rows"], first["training"]["replayed"]) == (20, 0)
    assert (second["memory"]["rows"], second["training"]["replayed"] > 0) == (20, True)


def test_the_config_page_names_every_function():
    page = (README.parent / "docs" / "config.md").read_text()
    assert [name for name in FUNCTIONS if f"`{name}`" not in page] == []
    assert len(FUNCTIONS) >= 15
