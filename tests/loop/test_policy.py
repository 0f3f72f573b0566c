from __future__ import annotations

from typing import Any

import pytest

from tests.loop.world import CONFIG, World
from vernal.base import ConfigError
from vernal.loop import PRESETS, Labels, Policy, Predictions, open_loop, policy_of, preset
from vernal.sources import Files
from vernal.triggers import Manual

IN = Files("in")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"sources": []}, "needs one source at least: where do new rows come from"),
        ({"sources": [IN, Files("other")]}, 'of one kind. Name them: `sources={"web": Files'),
        ({"sources": {"labels": IN}}, "No source of rows can be called 'labels'"),
        ({"sources": {"metric ctr": IN}, "metrics": {"ctr": IN}}, "No source of rows can be called 'metric ctr'"),
        ({"predictions": Predictions(IN, "id", "said", "at")}, "are judged by late labels. Say where these come from"),
        ({"learn": "sometimes"}, "must be 'stateful' or 'scratch', got 'sometimes'"),
        ({"history": "long"}, "'long'"),
        ({"attempts": 0}, "must be 1 or more, got 0"),
        ({"sources": IN}, "`sources` of a policy must be a list or a dictionary of sources, got Files"),
        ({"sources": "in/*.csv"}, "must be a list or a dictionary of sources, got 'in"),
        ({"sources": ["in"]}, "`sources` of a policy must be a Source, got 'in'.*read_source"),
        ({"metrics": {"ctr": "ctr"}}, "`metrics` of a policy must be a Source, got 'ctr'"),
        ({"trigger": "rows(5)"}, r"`trigger` of a policy must be a Trigger, got 'rows\(5\)'.*read_trigger"),
        ({"trigger": None}, "`trigger` of a policy must be a Trigger, got None.$"),
        ({"calibrate": "manual()"}, "`calibrate` of a policy must be a Trigger or None, got 'manual"),
        ({"gate": "not_worse"}, "`gate` of a policy must be a Gate or None, got 'not_worse'.*read_gate"),
    ],
)
def test_what_a_policy_cannot_be_is_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Policy(**{"sources": [IN], "trigger": Manual()} | parts)


def test_the_age_of_labels_is_a_span_of_time() -> None:
    with pytest.raises(ConfigError, match="'soon'"):
        Labels(IN, "id", "y", "known", "soon")


def test_sources_are_known_by_name() -> None:
    assert Policy([IN], Manual()).streams == {"files": IN}
    assert Policy({"web": IN, "app": Files("app")}, Manual()).streams.keys() == {"web", "app"}


def test_there_are_four_presets_each_a_word_away_from_the_next() -> None:
    assert [*PRESETS] == ["manual", "scheduled", "stateful", "continual"]
    found = {name: preset(name, [IN]) for name in PRESETS}
    assert [str(policy.trigger) for policy in found.values()][:3] == [
        "manual()",
        "cron('0 2 * * 1')",
        "cron('0 2 * * *')",
    ]
    assert [policy.learn for policy in found.values()] == ["stateful", "scratch", "stateful", "stateful"]
    assert all(policy.gate is not None for policy in found.values())
    assert found["continual"].calibrate is not None


def test_an_unknown_preset_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ConfigError, match="No preset is called 'continuous'. Did you mean 'continual'"):
        preset("continuous", [IN])


def test_a_config_file_that_takes_no_window_is_refused(world: World) -> None:
    world.path.write_text(CONFIG.replace("window: Window", "day: int = 1"))
    with pytest.raises(ConfigError, match="takes no `window`, so a loop cannot tell it which data to learn"):
        open_loop(world.plan, world.policy(), world.store)


def test_a_policy_can_be_in_the_config_file(world: World) -> None:
    from vernal.config import Plan, resolve

    def found(text: str) -> Policy | None:
        world.path.write_text(CONFIG + text)
        return policy_of(resolve(Plan(world.path)))

    given = "\n\ndef policy_fn():\n    from vernal.loop import preset\n    from vernal.sources import Files\n"
    assert found("") is None
    assert found(given + "    return preset('manual', [Files('in')])\n") == preset("manual", [IN])
    with pytest.raises(ConfigError, match="`policy_fn` gives a str. It must give a `vernal.loop.Policy`"):
        found(given + "    return 'manual'\n")


def test_a_loop_that_is_opened_learns(world: World) -> None:
    loop = open_loop(world.plan, world.policy(), world.store, clock=world.clock)
    world.arrive(0)
    assert world.turn(loop).outcome == "promoted"
