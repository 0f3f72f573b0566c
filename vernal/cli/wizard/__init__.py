"""The first-run wizard: looks at data, proposes what its columns are for, asks, and writes a config file."""

from vernal.cli.wizard.asking import Asker
from vernal.cli.wizard.columns import Columns, columns_of, example_of, has_gaps
from vernal.cli.wizard.conversation import Conversation
from vernal.cli.wizard.label import Label, label_of
from vernal.cli.wizard.looking import Look, look, tables_of
from vernal.cli.wizard.place import proposed_place, source_text
from vernal.cli.wizard.writing import Answers, LateLabels, config_text

__all__ = [
    "Answers",
    "Asker",
    "Columns",
    "Conversation",
    "Label",
    "LateLabels",
    "Look",
    "columns_of",
    "config_text",
    "example_of",
    "has_gaps",
    "label_of",
    "look",
    "proposed_place",
    "source_text",
    "tables_of",
]
