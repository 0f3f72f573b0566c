"""Every task of the door, held to the contract."""

import dataclasses
import inspect

import numpy as np
import pytest
import torch

from tests.tasks.cases import CASES, LEARNED, ROWS, copy_of
from vernal import metrics
from vernal.base import ConfigError, TrainingError
from vernal.tasks import masked, squared_error, task_class, task_names

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
every_task = pytest.mark.parametrize("case", CASES, ids=str)
every_learned_task = pytest.mark.parametrize("case", LEARNED, ids=str)
every_headed_task = pytest.mark.parametrize("case", [c for c in LEARNED if c.task.classes], ids=str)


def test_every_task_of_the_door_has_a_case():
    assert {case.task.name for case in CASES} == set(task_names())
    assert {"classification", "other", "sequence_labelling"} <= set(task_names())
    assert all(task_class(case.task.name) is type(case.task) for case in CASES)


def test_an_unknown_task_is_an_error_that_suggests():
    with pytest.raises(ConfigError, match="No task is called 'rankin'. Did you mean 'ranking'"):
        task_class("rankin")


@pytest.mark.parametrize("name", task_names())
def test_a_task_is_a_documented_frozen_dataclass(name):
    kind = task_class(name)
    fields = dataclasses.fields(kind)
    text = inspect.getdoc(kind) or ""
    assert kind.__dataclass_params__.frozen
    assert "Args:" in text or not fields
    assert all(f"{field.name}: " in text for field in fields)
    assert "Examples:" in text or name == "other"
    assert hash(kind()) == hash(kind())


@every_learned_task
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_there_is_one_finite_loss_a_row_and_a_finite_gradient(case, dtype):
    outputs = copy_of(case.outputs(dtype=dtype))
    losses = case.task.losses(outputs, case.targets)
    assert losses.shape == (ROWS,)
    assert losses.dtype == dtype
    losses.mean().backward()
    assert outputs.grad.isfinite().all()
    assert outputs.grad.any()
    assert losses.isfinite().all()
    exact = case.task.losses(outputs.detach().double(), case.targets)
    assert torch.allclose(losses.double(), exact, rtol=0.05, atol=0.05)


@every_learned_task
def test_the_loss_of_a_row_does_not_depend_on_the_others(case):
    outputs = case.outputs()
    alone = [case.task.losses(outputs[i : i + 1], case.targets[i : i + 1]) for i in range(ROWS)]
    assert torch.allclose(case.task.losses(outputs, case.targets), torch.cat(alone), atol=1e-6)


@every_learned_task
def test_gradient_descent_lowers_the_loss_and_betters_the_headline(case):
    outputs = copy_of(case.outputs())
    before, worth = case.task.losses(outputs, case.targets).mean(), measured(case, outputs)[case.task.headline]
    optimiser = torch.optim.SGD([outputs], lr=1.0)
    for _ in range(200):
        optimiser.zero_grad()
        case.task.losses(outputs, case.targets).mean().backward()
        optimiser.step()
    assert case.task.losses(outputs, case.targets).mean() < before
    better = measured(case, outputs)[case.task.headline] - worth
    assert better > 0 if metrics.is_higher_better(case.task.headline) else better < 0


@every_learned_task
def test_what_fits_passes_the_check_and_words_do_not(case):
    case.task.check(case.outputs(), case.targets, None, ROWS)
    case.task.check({"logits": case.outputs()}, case.targets, None, ROWS)
    with pytest.raises(TrainingError, match="The model gives a str. .* needs a tensor"):
        case.task.check("words", case.targets, None, ROWS)
    with pytest.raises(TrainingError, match="The model gives .* must give"):
        case.task.check(torch.zeros(ROWS, 11, 13, 17, 19), case.targets, None, ROWS)


@every_task
def test_scores_have_one_entry_a_row_and_a_dimension_of_classes(case):
    scores = case.task.scores({"logits": case.outputs()})
    assert len(scores) == ROWS
    assert scores.shape[case.task.class_dim] == case.shape[case.task.class_dim]


@every_learned_task
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_frozen_batches_join_to_one_entry_a_row(case, dtype):
    outputs = case.outputs(dtype=dtype)
    parts = [case.task.freeze(outputs[i : i + 2], case.targets[i : i + 2]) for i in range(0, ROWS, 2)]
    whole = case.task.freeze(outputs, case.targets)
    for joined, at_once in zip(case.task.join(parts), whole, strict=True):
        assert len(joined) == ROWS
        assert np.array_equal(joined, at_once, equal_nan=True)


@every_task
def test_outputs_that_tell_nothing_are_not_frozen(case):
    assert case.task.freeze("words", case.targets) is None
    assert case.task.freeze(torch.zeros(ROWS, 11, 13, 17, 19), case.targets) is None
    assert case.task.right("words", case.targets) is None


@every_learned_task
def test_metrics_are_plain_finite_numbers_with_a_direction(case):
    values = measured(case, case.outputs())
    assert case.task.headline in values
    assert all(type(value) is float and np.isfinite(value) for value in values.values())
    assert all(isinstance(metrics.is_higher_better(name), bool) for name in values if name != "coverage_95")


@every_learned_task
def test_right_on_the_device_is_correct_when_frozen(case):
    outputs = case.outputs()
    right, correct = case.task.right(outputs, case.targets), case.task.correct(*case.task.freeze(outputs, case.targets))
    assert (right is None) == (correct is None)
    if right is not None:
        assert right.dtype == torch.bool
        assert right.shape == correct.shape == (ROWS,)
        assert right.tolist() == correct.tolist()


@every_task
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_a_distance_is_never_negative_and_nothing_to_itself(case, dtype, temperature):
    outputs, teacher = copy_of(case.outputs(dtype=dtype)), case.outputs(seed=1)
    distance = case.task.distance(outputs, teacher, temperature)
    distance.mean().backward()
    assert distance.shape == (ROWS,)
    assert distance.dtype == dtype
    assert (distance > 0).all()
    assert outputs.grad.isfinite().all()
    assert outputs.grad.any()
    assert case.task.distance(outputs, outputs.detach(), temperature).eq(0).all()
    assert case.task.distance({"logits": outputs}, {"logits": teacher}, temperature).equal(distance)


@every_task
@pytest.mark.parametrize("unknown", [torch.nan, -torch.inf])
def test_a_teacher_who_knows_nothing_is_at_no_distance(case, unknown):
    outputs = copy_of(case.outputs())
    distance = case.task.distance(outputs, torch.full(case.shape, unknown))
    distance.sum().backward()
    assert distance.eq(0).all()
    assert outputs.grad.eq(0).all()


@every_task
def test_what_a_teacher_does_not_know_gets_no_gradient(case):
    outputs, teacher = copy_of(case.outputs()), case.outputs(seed=1)
    unknown = torch.rand(case.shape, generator=torch.Generator().manual_seed(2)) < 0.3
    case.task.distance(outputs, teacher.masked_fill(unknown, torch.nan)).sum().backward()
    assert outputs.grad.isfinite().all()
    assert outputs.grad[unknown].eq(0).all()


@every_headed_task
def test_a_head_that_has_grown_is_compared_on_the_classes_that_the_teacher_knows(case):
    dim = case.task.class_dim
    outputs, teacher = copy_of(case.outputs()), case.outputs(seed=1)
    fewer = teacher.narrow(dim, 0, teacher.shape[dim] - 1)
    expected = case.task.distance(outputs.narrow(dim, 0, fewer.shape[dim]), fewer)
    assert torch.allclose(case.task.distance(outputs, fewer), expected)
    padded = torch.cat([fewer, torch.full_like(teacher.narrow(dim, 0, 1), torch.nan)], dim)
    assert torch.allclose(case.task.distance(outputs, padded), expected)
    assert torch.allclose(squared_error(outputs, padded, dim), squared_error(outputs, fewer, dim))


@every_headed_task
def test_a_teacher_with_more_classes_is_an_error(case):
    dim = case.task.class_dim
    fewer = case.outputs().narrow(dim, 0, 2)
    with pytest.raises(TrainingError, match="an older one gave .* They must agree, but for new classes"):
        case.task.distance(fewer, case.outputs(seed=1))


@every_headed_task
def test_masked_classes_leave_losses_and_gradients_finite(case):
    present = torch.ones(case.shape[case.task.class_dim] + 1, dtype=torch.bool)
    present[-1] = False
    grown = torch.cat([case.outputs(), case.outputs(seed=3).narrow(case.task.class_dim, 0, 1)], case.task.class_dim)
    outputs = copy_of(grown)
    hidden = masked(outputs, present, case.task.class_dim)
    losses, distance = case.task.losses(hidden, case.targets), case.task.distance(hidden, grown)
    (losses + distance).sum().backward()
    assert torch.allclose(losses, case.task.losses(case.outputs(), case.targets), atol=1e-6)
    assert distance.isfinite().all()
    assert outputs.grad.isfinite().all()
    assert outputs.grad.narrow(case.task.class_dim, present.numel() - 1, 1).eq(0).all()


@every_learned_task
def test_nothing_is_made_on_another_device_than_the_outputs(case):
    outputs, targets = case.outputs().to("meta"), case.targets.to("meta")
    assert case.task.losses(outputs, targets).device.type == "meta"
    assert case.task.distance(outputs, outputs).device.type == "meta"
    right = case.task.right(outputs, targets)
    assert right is None or right.device.type == "meta"


def measured(case, outputs):
    return case.task.measure(*case.task.freeze(outputs, case.targets))
