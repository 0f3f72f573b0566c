from functools import partial

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

from vernal.base import ConfigError
from vernal.renate.schedule import scheduler_of

HALVED = partial(StepLR, step_size=1, gamma=0.5)


def optimizer():
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def rates(value, steps=6):
    sgd = optimizer()
    scheduler = scheduler_of(value, sgd, total_steps=6, epochs=2)
    seen = []
    for _ in range(steps):
        seen.append(sgd.param_groups[0]["lr"])
        assert scheduler.get_last_lr() == seen[-1:]
        sgd.step()
        scheduler.step()
    return seen


def test_a_schedule_of_epochs_steps_after_the_last_step_of_each():
    assert rates((HALVED, "epoch")) == rates(HALVED) == [1, 1, 1, 0.5, 0.5, 0.5]


def test_a_schedule_of_steps_steps_after_each():
    assert rates((HALVED, "step")) == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]


def test_a_schedule_goes_on_from_its_state():
    sgd = optimizer()
    first, second = (scheduler_of((HALVED, "epoch"), sgd, 6, 2) for _ in range(2))
    for _ in range(2):
        sgd.step()
        first.step()
    second.load_state_dict(first.state_dict())
    sgd.step()
    second.step()
    assert second.get_last_lr() == [0.5]


def test_an_unknown_interval_is_refused():
    with pytest.raises(ConfigError, match="steps every 'week'. Allowed are 'epoch' and 'step'"):
        scheduler_of((HALVED, "week"), optimizer(), 6, 2)


@pytest.mark.parametrize("make", [ReduceLROnPlateau, lambda optimizer: optimizer])
def test_what_is_no_schedule_is_refused(make):
    with pytest.raises(ConfigError, match="It must make a torch scheduler that needs no metric"):
        scheduler_of((make, "epoch"), optimizer(), 6, 2)
