"""Every task on a GPU, here a fake one: what it computes there is what it computes on the CPU."""

import numpy as np
import pytest
import torch

from tests.fake_device import fake_device
from tests.tasks.cases import CASES, LEARNED, ROWS
from vernal.tasks import masked, present_classes

LABELS = torch.tensor([0, 2, 2, -100])


def answers(task, outputs, teacher, targets):
    """All that a task computes of a batch; the teacher knows nothing of some entries, and of one row."""
    outputs, teacher = outputs.clone().requires_grad_(), teacher.clone()
    teacher[0] = torch.nan
    distance = task.distance(outputs, teacher, 2.0)
    found = [distance, task.distance(outputs.detach(), teacher.detach()), task.right(outputs, targets)]
    found.append(torch.autograd.grad(distance.sum(), outputs)[0])
    task.check(outputs, targets, None, ROWS)
    return [value for value in found if value is not None], task.freeze(outputs, targets)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_task_answers_on_a_device_as_on_the_cpu(case):
    on_cpu, frozen = answers(case.task, case.outputs(0), case.outputs(1), case.targets)
    with fake_device() as device:
        batch = (values.to(device) for values in (case.outputs(0), case.outputs(1), case.targets))
        on_device, frozen_there = answers(case.task, *batch)
        assert all(value.device == device for value in on_device)
        torch.testing.assert_close([value.cpu() for value in on_device], on_cpu, equal_nan=True)
    assert (frozen is None) == (frozen_there is None)
    for found, wanted in zip(frozen_there or (), frozen or (), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.parametrize("case", LEARNED, ids=str)
def test_losses_are_those_of_the_cpu(case):
    on_cpu = case.task.losses(case.outputs(), case.targets)
    with fake_device() as device:
        outputs = case.outputs().to(device).requires_grad_()
        losses = case.task.losses(outputs, case.targets.to(device))
        losses.sum().backward()
        assert losses.device == outputs.grad.device == device
        torch.testing.assert_close(losses.cpu(), on_cpu)


def test_classes_are_masked_on_a_device():
    scores = torch.arange(16.0).reshape(4, 4)
    on_cpu = masked(scores, present_classes(LABELS, 4))
    with fake_device() as device:
        present = present_classes(LABELS.to(device), 4)
        assert present.device == device
        for mask in (present, present.cpu()):
            assert torch.equal(masked(scores.to(device), mask).cpu(), on_cpu)
