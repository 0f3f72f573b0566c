"""The migration guide does what it says."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parents[2] / "docs" / "renate.md"


def test_the_guide_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "renate_config", None)  # whoever imports it here is undone afterwards
    del sys.modules["renate_config"]
    config, *snippets = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "renate_config.py").write_text(config)
    names: dict[str, Any] = {}
    for snippet in snippets:
        exec(snippet, names)
    measured, chosen = capsys.readouterr().out.splitlines()
    assert float(measured.split()[0]) > 0.9
    assert {*ast.literal_eval(chosen)} == {"optimizer", "learning_rate", "batch_size"}
    assert type(names["my_model"]).__name__ == "MyMLP"


def test_the_guide_changes_import_lines_and_nothing_else():
    change = re.search(r"sed -i '(.*?)'", GUIDE.read_text(encoding="utf-8"))
    assert change is not None
    text = (
        "import renate.defaults as defaults\nfrom renate.models import RenateModule\nrenate = 1\n"
        "from syne_tune.config_space import choice\n"
    )
    for rule in change[1].split("; "):
        _, old, new, _ = rule.split("/")
        text = re.sub(old, new, text, flags=re.MULTILINE)
    assert text == (
        "import vernal.renate.defaults as defaults\nfrom vernal.renate.models import RenateModule\nrenate = 1\n"
        "from vernal.renate.config_space import choice\n"
    )
