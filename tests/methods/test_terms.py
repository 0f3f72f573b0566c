"""Every term of the door, held to what terms promise."""

import dataclasses
import inspect
import shutil

import pytest
import torch

from tests.methods.steps import OLD, Counting, Told, linear, step
from vernal.base import ConfigError
from vernal.cli.docs import argument_docs
from vernal.methods import ER, Network, method_class, method_names, term_class, term_names
from vernal.tasks import task_names
from vernal.testing import toy_plan
from vernal.testing.toys import InterruptAfter
from vernal.transaction import update

STATE = ("model", "method", "memory", "validation")
SMALL = {"memory_size": 20, "memory_batch": 8}
every_term = pytest.mark.parametrize("name", term_names())


def learned(store, name, chunk, method=None, reporter=None, terms=None, **options):
    plan = toy_plan(method or ER(**SMALL), chunk, **options)
    terms = [term_class(name)()] if terms is None else terms
    return update(dataclasses.replace(plan, terms=terms), store, reporter=reporter)


def stored(result):
    return {name: result.record["artefacts"][name]["blob"] for name in STATE}


@every_term
def test_without_weight_it_is_as_if_it_were_not_there(name, tmp_path):
    nothing = [term_class(name)(weight=0.0)]
    for chunk in (1, 2):
        without = learned(tmp_path / "without", name, chunk, terms=[])
        assert stored(learned(tmp_path / "with", name, chunk, terms=nothing)) == stored(without)


@every_term
def test_it_changes_nothing_in_a_first_update_and_something_in_a_second(name, tmp_path):
    same = [
        stored(learned(tmp_path / "without", name, chunk, terms=[])) == stored(learned(tmp_path / "with", name, chunk))
        for chunk in (1, 2)
    ]
    assert same == [True, False]


@every_term
def test_two_processes_equal_one(name, tmp_path):
    terms = [term_class(name)()]
    for chunk in (1, 2, 3):
        one = learned(tmp_path / "one", name, chunk, terms=terms)
        assert stored(learned(tmp_path / "two", name, chunk)) == stored(one)


@every_term
def test_a_resumed_update_equals_an_uninterrupted_one(name, tmp_path):
    learned(tmp_path / "parent", name, 1)
    for store in ("whole", "parts"):
        shutil.copytree(tmp_path / "parent", tmp_path / store)
    whole = learned(tmp_path / "whole", name, 2, checkpoint_minutes=0)
    with pytest.raises(KeyboardInterrupt):
        learned(tmp_path / "parts", name, 2, checkpoint_minutes=0, reporter=InterruptAfter(4))
    parts = learned(tmp_path / "parts", name, 2, checkpoint_minutes=0)
    assert parts.record["training"]["resumed"]
    assert stored(parts) == stored(whole)


@pytest.mark.parametrize("method", method_names())
def test_every_method_that_takes_steps_can_have_all_terms(method, tmp_path):
    kind = method_class(method)
    made = kind(**{option: value for option, value in SMALL.items() if option in inspect.signature(kind).parameters})
    if not any(stage.share for stage in made.stages(first=False)):
        return
    for chunk in (1, 2):
        result = learned(tmp_path, "", chunk, made, terms=term_names(), rows=16, budget="1ep")
    assert torch.isfinite(torch.tensor(result.record["training"]["losses"])).all()


@every_term
def test_a_task_that_it_does_not_serve_is_refused(name, tmp_path):
    if term_class(name).card.serves("regression"):
        learned(tmp_path, name, 1, task="regression")
        return
    with pytest.raises(ConfigError, match=f"The term '{name}' serves .*, and this is a regression. Leave it out."):
        learned(tmp_path, name, 1, task="regression")


@every_term
def test_a_method_without_steps_is_refused(name, tmp_path):
    with pytest.raises(ConfigError, match=f"The term '{name}' is added to the loss.* 'ncm' takes no steps once there"):
        learned(tmp_path, name, 1, method="ncm")


@every_term
def test_a_record_holds_it(name, tmp_path):
    term = term_class(name)(weight=0.5)
    terms = learned(tmp_path, name, 1, terms=[term]).record["plan"]["terms"]
    assert terms == [{"name": name, "options": dataclasses.asdict(term)}]


@every_term
def test_its_hyperparameters_are_checked_and_documented(name):
    kind = term_class(name)
    text = inspect.getdoc(kind)
    assert ".. math::" in text
    assert "References:" in text
    for option in dataclasses.fields(kind):
        assert option.name in argument_docs(kind.__doc__)
        with pytest.raises(ConfigError, match=f"`{option.name}` must be"):
            kind(**{option.name: -1})
    assert kind.card.when
    assert set(kind.card.tasks or ()) <= set(task_names())


@every_term
def test_it_costs_one_pass_of_the_champion_and_none_of_the_model(name):
    model, champion = Counting(linear()), Counting(linear())
    drawn = [OLD]
    taken = dataclasses.replace(step(Told(OLD), model), old=lambda: Network(champion), drawn=drawn)
    ER().loss(taken)
    term_class(name)().loss(taken)
    term_class(name)().loss(taken)
    assert model.passes == 1
    assert champion.passes == 2  # The new batch, and the one from memory.


@every_term
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_it_keeps_the_precision_of_the_model(name, dtype):
    model, champion = linear().to(dtype), torch.nn.Linear(2, 3, dtype=dtype)
    new = step(model=model)
    taken = dataclasses.replace(new, x=new.x.to(dtype), old=lambda: Network(champion))
    loss = term_class(name)().loss(taken)
    assert loss.dtype == dtype
    assert torch.isfinite(loss)
