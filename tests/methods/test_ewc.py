import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.methods.steps import gradient, linear, step
from tests.methods.training import domain, fine_tuned, mean_accuracy, network, train, whole_gradient
from tests.reference import ewc as by_hand
from tests.reference.tensors import X_OLD, X_OTHER, Y_OLD, Y_OTHER
from vernal.base import ConfigError, SchemaMismatch
from vernal.methods import EWC, FineTune
from vernal.models import GrowingHead
from vernal.testing import toy_setting, toy_update

FISHER = [0.8541, 0.2676, 0.8401, 0.2271, 0.0142, 0.0139, 0.4840, 0.2955, 0.0554]
GRADIENTS = [
    [-1.1717, -0.3048, -1.8121, 0.5364, 0.2967, 0.0471, 0.1774, 0.0789, 0.1205],
    [-1.2571, -0.7330, -1.4761, 0.4569, 0.2775, 0.0457, 0.2743, 0.1380, 0.1315],
]
BATCHES = [(X_OLD, Y_OLD), (X_OTHER, Y_OTHER)]


def placed(place):
    model = linear()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), by_hand.MOVED[place], strict=True):
            parameter.copy_(value)
    return model


def after(updates, **options):
    """A method that has seen updates which ended at known weights."""
    method = EWC(**options)
    for place, batch in enumerate(BATCHES[:updates]):
        setting = toy_setting(placed(place), *batch)
        method.begin(setting)
        method.end(setting)
    return method


def flat(state, quantity):
    return torch.cat([tensor.flatten() for tensor in state[quantity].values()])


def test_the_fisher_information_is_that_of_single_rows():
    found = flat(after(1).state_dict(), "importance")
    assert torch.allclose(found, by_hand.fisher(X_OLD, Y_OLD, *by_hand.MOVED[0]), atol=1e-6)
    assert torch.allclose(found, torch.tensor(FISHER), atol=1e-4)


@pytest.mark.parametrize("online", [False, True])
@pytest.mark.parametrize("decay", [1.0, 0.5, 0.0])
def test_one_quadratic_pulls_as_the_anchors_of_all_updates_do(online, decay):
    method = after(2, strength=4.0, online=online, decay=decay)
    found = whole_gradient(method, step(model=placed(2)))
    assert torch.allclose(found, by_hand.gradient(4.0, *by_hand.MOVED[2], decay, online), atol=1e-5)


def test_the_state_does_not_grow_with_updates():
    sizes = [
        sum(flat(after(n).state_dict(), quantity).numel() for quantity in ("importance", "anchors")) for n in (1, 2)
    ]
    assert sizes == [18, 18]


def test_golden_numbers():
    found = [
        whole_gradient(after(2, strength=4.0), step(model=placed(2))),
        whole_gradient(after(2, strength=4.0, decay=0.5, online=True), step(model=placed(2))),
    ]
    assert torch.allclose(torch.stack(found), torch.tensor(GRADIENTS), atol=1e-4)


def test_a_first_update_has_no_anchor():
    one = step()
    plain = gradient(one.criterion(one.logits, one.y), one.model.module)
    assert torch.equal(whole_gradient(EWC(), step()), plain)


def test_what_a_batch_does_not_use_is_pulled_too():
    method = after(1, strength=2.0)
    model = placed(1)
    method.before_step(model)
    expected = 2.0 * torch.tensor(FISHER[6:]) * (by_hand.MOVED[1][1] - by_hand.MOVED[0][1])
    assert torch.allclose(model.bias.grad, expected, atol=1e-4)


def test_weights_of_no_importance_are_free_and_their_anchor_is_a_number():
    def blind():
        model = placed(0)
        model.bias.requires_grad_(False)
        return model

    method = EWC()
    x = X_OLD.clone()
    x[:, 0] = 0
    for _ in range(2):
        setting = toy_setting(blind(), x, Y_OLD)
        method.begin(setting)
        method.end(setting)
    state = method.state_dict()
    assert (state["importance"]["weight"][:, 0] == 0).all()
    assert torch.isfinite(state["anchors"]["weight"]).all()


def test_the_rows_of_the_fisher_information_are_drawn_from_the_whole_chunk():
    x, y = domain(0, rows=30)
    model = network()
    whole = EWC(fisher_rows=None)
    whole.end(toy_setting(model, x, y))
    same = EWC(fisher_rows=30)
    same.end(toy_setting(model, x, y))
    assert torch.equal(flat(whole.state_dict(), "importance"), flat(same.state_dict(), "importance"))
    part = torch.zeros(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for _ in range(100):
            drawn = EWC(fisher_rows=10)
            drawn.end(toy_setting(model, x, y))
            part = torch.cat([part, flat(drawn.state_dict(), "importance")[None]])
    assert torch.allclose(part.mean(0), flat(whole.state_dict(), "importance"), rtol=0.3, atol=1e-3)
    assert part.std(0).max() > 0


# Laws


def test_without_strength_it_is_fine_tuning(tmp_path):
    ours = [toy_update(tmp_path / "ours", EWC(strength=0.0), chunk) for chunk in (1, 2, 3)]
    plain = [toy_update(tmp_path / "plain", FineTune(), chunk) for chunk in (1, 2, 3)]
    blobs = [[result.record["artefacts"]["model"]["blob"] for result in results] for results in (ours, plain)]
    assert blobs[0] == blobs[1]


@pytest.mark.parametrize("online", [False, True])
def test_it_forgets_less_than_fine_tuning_where_classes_stay(online):
    ours, plain = mean_accuracy(EWC(strength=1000.0, online=online), steps=100, lr=0.05), fine_tuned(steps=100, lr=0.05)
    assert all(mine > its + 0.05 for mine, its in zip(ours, plain, strict=True))


# Models of other shapes


def grown(classes):
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), GrowingHead(4, 2))
    model[2].grow(classes)
    return model


def test_the_new_classes_of_a_head_that_has_grown_are_free():
    x, y = torch.randn(20, 2), torch.arange(20) % 2
    method = EWC(strength=10.0)
    small = train(method, grown(2), x, y, steps=5)
    state = {**small.state_dict()}
    model = grown(2)
    model.load_state_dict(state)
    model[2].grow(5)
    setting = toy_setting(model, x, y)
    again = EWC(strength=10.0)
    again.load_state_dict(method.state_dict())
    again.begin(setting)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.5
    one = step(model=model, x=x, y=y)
    whole, plain = whole_gradient(again, one), gradient(F.cross_entropy(model(x), y), model)
    pulls = torch.split(whole - plain, [p.numel() for p in model.parameters()])
    assert (pulls[2].view(5, 4)[2:] == 0).all()
    assert (pulls[3][2:] == 0).all()
    assert pulls[2].view(5, 4)[:2].abs().max() > 0
    again.end(setting)
    assert {name: t.shape for name, t in again.state_dict()["importance"].items()} == {
        name: p.shape for name, p in model.named_parameters()
    }


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (nn.Linear(2, 2), r"'weight' was \(3, 2\) and is \(2, 2\)"),
        (nn.Sequential(nn.Linear(2, 3)), "no parameter 'weight' any more"),
    ],
)
def test_another_architecture_is_refused_before_training(other, why):
    method = after(1)
    with pytest.raises(SchemaMismatch, match=rf"{why}.*--change-method"):
        method.begin(toy_setting(other, X_OLD, Y_OLD))


def test_what_is_frozen_for_an_update_keeps_its_anchor():
    method = after(1)
    before = method.state_dict()
    model = placed(1)
    model.bias.requires_grad_(False)
    setting = toy_setting(model, *BATCHES[1])
    method.begin(setting)
    method.end(setting)
    now = method.state_dict()
    assert torch.equal(now["anchors"]["bias"], before["anchors"]["bias"])
    assert torch.equal(now["importance"]["bias"], before["importance"]["bias"])
    assert not torch.equal(now["anchors"]["weight"], before["anchors"]["weight"])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_half_and_double_precision_learn(dtype):
    x, y = domain(0, rows=40)
    method = EWC()
    model = network().to(dtype)
    for number in (0, 1):
        train(method, model, domain(number, rows=40)[0].to(dtype), y, steps=3, lr=0.01)
    kept = method.state_dict()["importance"]["0.weight"]
    assert kept.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert all(torch.isfinite(p).all() for p in model.parameters())
    assert (kept > 0).any()


@pytest.mark.parametrize("options", [{"strength": -1}, {"decay": 1.5}, {"fisher_rows": 0}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ConfigError, match=f"`{[*options][0]}` must be"):
        EWC(**options)
