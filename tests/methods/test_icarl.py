from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.methods.frozen import network, rows, scores
from tests.methods.steps import OLD, Counting, Told, gradient, linear, step
from tests.reference import icarl
from vernal.base import ConfigError, TrainingError
from vernal.methods import ICaRL, Network
from vernal.models import ClassStatistics, MultiHead
from vernal.state import unpack
from vernal.store import Store
from vernal.testing import toy_plan, toy_setting, toy_update
from vernal.transaction import update

# By the classes of the chunk, and the earlier ones.
GOLDEN = {((0, 1, 2), ()): 2.688617, ((2,), (0, 1)): 2.544558, ((0, 2), (1,)): 2.793182, ((2,), (1,)): 1.457238}
X, Y = rows()
NEW, _ = rows(seed=1)


def champion():
    model = nn.Linear(2, 3, bias=False)
    model.load_state_dict({"weight": torch.tensor(icarl.CHAMPION, dtype=torch.float32)})
    return Network(model.requires_grad_(False))


def knowing(here, seen, **options):
    """The method in the middle of an update."""
    method, nothing = ICaRL(**options), ClassStatistics("none").state_dict()
    method.load_state_dict({"head": None, "statistics": nothing, "seen": [*seen], "here": [*here]})
    return method


def union_step(memory=None, model=None, **options):
    """A step with six new rows; the memory has two."""
    return replace(step(memory or Told(OLD), model, n_new=6, **options), old=champion)


def remembering(x=X, y=Y, model=None, method=None):
    """The method after an update that leaves these rows in memory."""
    setting, method = toy_setting(model or network(), x, y), method or ICaRL()
    method.begin(setting)
    method.end(replace(setting, memory=setting.batches))
    return method


@pytest.mark.parametrize(("here", "earlier"), GOLDEN)
def test_the_loss_and_its_gradient_are_those_of_the_paper(here, earlier):
    model, case = linear(), (here, earlier, 6, 2)
    loss = knowing(here, earlier).loss(union_step(model=model))
    assert loss.item() == pytest.approx(GOLDEN[here, earlier], abs=1e-6)
    assert loss.item() == pytest.approx(icarl.over_the_union(icarl.mean_loss, *case), abs=1e-6)
    derived = icarl.over_the_union(icarl.mean_gradient, *case)
    assert gradient(loss, model).tolist() == pytest.approx(derived.tolist(), abs=1e-6)


def test_a_class_that_returns_is_taught_by_labels():
    returned, never_seen = knowing([0, 2], [0, 1]), knowing([0, 2], [1])
    assert returned.loss(union_step()) == never_seen.loss(union_step())


def test_a_first_update_has_nothing_but_labels():
    found = knowing([0, 1, 2], []).loss(step())
    one_hot = F.one_hot(step().y, 3).float()
    assert found.item() == pytest.approx(3 * F.binary_cross_entropy_with_logits(step().logits, one_hot).item())


def test_a_champion_of_another_method_teaches_all_that_it_has_outputs_for():
    assert knowing([2], []).loss(union_step()) == knowing([2], [0, 1]).loss(union_step())


def test_it_draws_once_what_it_is_told_to_in_one_pass_of_the_model():
    memory, model = Told(OLD), Counting(linear())
    knowing([2], [0, 1], memory_batch=17).loss(union_step(memory, model))
    assert (memory.asked, model.passes) == ([17], 1)


@pytest.mark.parametrize("model", [nn.Linear(2, 1), nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))])
def test_a_model_with_one_score_a_row_is_refused(model):
    with pytest.raises(TrainingError, match=r"scores of the shape .* needs one score a class"):
        knowing([0, 1], []).loss(step(Told(OLD), model))


def test_the_prediction_is_the_class_with_the_nearest_mean():
    hidden = nn.Sequential(*network()[:2])
    with torch.no_grad():
        features, new = (hidden(x).double().numpy() for x in (X, NEW))
    found = scores(remembering(), NEW)
    means = icarl.means(features, Y.numpy())
    assert found.argmax(1).tolist() == icarl.nearest(new, means)
    lengths = np.linalg.norm(new, axis=1, keepdims=True)
    for label, mean in means.items():
        distances = ((new / lengths - mean) ** 2).sum(1)
        assert found[:, label].numpy() == pytest.approx(1 - distances / 2, abs=1e-5)


def test_a_class_without_stored_rows_has_no_chance():
    assert torch.isneginf(scores(remembering(), NEW)[:, 3]).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_models_of_any_precision_can_predict(dtype):
    method = remembering(X.to(dtype), Y, network().to(dtype))
    found = scores(method, NEW.to(dtype), network().to(dtype))
    assert found.dtype == torch.promote_types(dtype, torch.float32)
    assert torch.allclose(found.float(), scores(remembering(), NEW), atol=0.05)


def test_while_it_learns_the_network_itself_predicts():
    method, model = remembering(), network()
    assert method.predictor(model) is not model
    method.begin(toy_setting(model, X, Y))
    assert method.predictor(model) is model


def test_a_classifier_that_is_not_there_is_noticed_before_training():
    with pytest.raises(ConfigError, match="no module 'haed'"):
        ICaRL(head="haed").begin(toy_setting(network(), X, Y))


def test_a_head_for_every_task_is_refused():
    model = nn.Sequential(nn.Linear(3, 5), MultiHead(5))
    with pytest.raises(
        ConfigError, match="a head for every task, and this method knows every class by its label alone"
    ):
        ICaRL().begin(toy_setting(model, X, Y))


def test_another_classifier_than_before_is_refused():
    state = ICaRL().state_dict()
    with pytest.raises(ConfigError, match="`head` is '2'"):
        ICaRL(head="2").load_state_dict(state)


def state_of(store, result):
    return unpack(Store(store).blobs.get(result.record["artefacts"]["method"]["blob"]))


def test_classes_come_and_return(tmp_path):
    results = [
        update(replace(toy_plan(ICaRL(memory_size=12, memory_batch=12), chunk), seed=seed), tmp_path)
        for seed, chunk in enumerate((1, 2, 1, 3))
    ]
    assert [state_of(tmp_path, result)["seen"] for result in results] == [
        [0, 1],
        [0, 1, 2, 3],
        [0, 1, 2, 3],
        [*range(6)],
    ]
    assert all(state_of(tmp_path, result)["here"] == [] for result in results)


def test_nothing_is_forgotten_with_two_rows_a_class(tmp_path):
    method = ICaRL(memory_size=12, memory_batch=12)
    final = [toy_update(tmp_path, method, chunk, budget="20ep") for chunk in (1, 2, 3)][-1].validation
    assert all(row["after"]["accuracy"] > 0.9 for row in final)


def test_it_goes_on_from_another_method(tmp_path):
    toy_update(tmp_path, "er", 1)
    result = update(replace(toy_plan(ICaRL(), 2), change_method=True), tmp_path)
    assert state_of(tmp_path, result)["seen"] == [0, 1, 2, 3]
    assert min(row["after"]["accuracy"] for row in result.validation) > 0.5


@pytest.mark.parametrize("name", ["memory_size", "memory_batch"])
def test_options_are_checked(name):
    with pytest.raises(ConfigError, match=f"`{name}` must be .* got 0"):
        ICaRL(**{name: 0})
