"""The page on the gate: its blocks run, print what they say, and its lists are complete."""

import re
from pathlib import Path

from tests.gate.cases import case_of, spelled_out
from vernal.gate import Gate

PAGE = (Path(__file__).parents[2] / "docs" / "gate.md").read_text(encoding="utf-8")


def test_the_blocks_run_and_print_what_they_say(capsys):
    names = {"__name__": "gate.md"}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "gate.md", "exec"), names)
    assert capsys.readouterr().out.splitlines() == re.findall(r"^ *print\(.*\)  # (.+)$", PAGE, re.MULTILINE)


def test_every_field_of_the_evidence_is_listed():
    champion, challenger = spelled_out(50, 60, 2000)
    slices = {"s": challenger == challenger}
    case = case_of(champion, challenger, slices=slices, chunks=challenger.astype(int), new=1)
    evidence = Gate(forgetting=0.01, limits={"loads": True}).judge(case).evidence

    def fields(value):
        if isinstance(value, dict):
            yield from (name for name in value if name not in {"s", "rule"})
            for name, one in value.items():
                yield from fields(one) if name != "rule" else ()
        elif isinstance(value, list):
            for one in value:
                yield from fields(one)

    listed = set(re.findall(r"`(\w+)", PAGE.partition("## The evidence")[2]))
    found = set(fields(evidence))
    assert {"challengers", "culprits", "missing", "judgments_left", "allowed"} <= found
    assert sorted(found - listed) == []
