from __future__ import annotations

import ast

import pytest

from vernal.cli.wizard import Answers, Columns, Label, LateLabels, config_text

COLUMNS = Columns("id", "at", "y", ("a", 'b "quoted"', "ü"), {"kind": "text", "seen": "a time"})
EXAMPLE = ("kind", "new")


def test_addresses_with_passwords_are_read_from_the_environment():
    source = "postgresql://me:secret@host/db?table=events&time=at&id=id"
    answers = Answers(source, COLUMNS, Label("y", (0, 1)), "manual", LateLabels(source, "known", "1d"), example=EXAMPLE)
    text = config_text(answers)
    assert "secret" not in text
    assert 'SOURCE = os.environ["VERNAL_SOURCE"]' in text
    assert 'LABELS = os.environ["VERNAL_LABELS"]' in text
    assert answers.secrets == {"VERNAL_SOURCE": source, "VERNAL_LABELS": source}


def test_names_are_written_as_python_wants_them():
    tree = ast.parse(config_text(Answers("files:in", COLUMNS, Label("y", (0, 1)), "manual", example=EXAMPLE)))
    values = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}
    assert ast.literal_eval(values["FEATURES"]) == [*COLUMNS.features]


def test_what_was_left_out_is_said_and_how_to_add_it():
    text = config_text(Answers("files:in", COLUMNS, Label("y", (0, 1)), "manual", example=EXAMPLE))
    assert "# Left out, since a network wants numbers: kind." in text
    assert '#     table = table.append_column("kind_new", pc.equal(table["kind"], "new"))' in text
    assert "# Left out as well: seen (a time)." in text


@pytest.mark.parametrize("count", [3, 300])
def test_a_file_is_short_however_many_columns_there_are(count):
    columns = Columns(None, None, "y", tuple(f"feature_{i}" for i in range(count)), {})
    lines = config_text(Answers("files:in", columns, Label("y", (0, 1)), "manual")).splitlines()
    assert len(lines) < 80
    assert max(map(len, lines)) <= 120
    ast.parse("\n".join(lines))


def test_only_what_is_needed_is_imported():
    text = config_text(Answers("files:in", Columns(None, None, "y", ("a",), {}), Label("y", (0, 1)), "manual"))
    imported = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert imported == [
        "from torch import nn",
        "from vernal import DataModule",
        "from vernal.data import Window",
        "from vernal.loop import Policy, preset",
        "from vernal.sources import read_source",
    ]
    assert "id_column" not in text
