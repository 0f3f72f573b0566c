"""What models give, what is measured of it, and which way is better."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.transaction.stream import CONFIG, plan, write_config
from vernal.base import ConfigError, ConflictError, TrainingError
from vernal.methods import ER, DERpp
from vernal.state import unpack
from vernal.store import Store
from vernal.testing import InterruptAfter, toy_update
from vernal.transaction import update


def config_with(folder: Path, text: str) -> Path:
    return write_config(folder, CONFIG + "\n\n" + text)


LOGITS = """
class Output(dict):
    pass


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x):
        return Output(logits=self.layer(x), other=x)


def model_fn():
    return Model()
"""


def test_an_output_with_logits_is_learned_from_and_measured(tmp_path):
    config = config_with(tmp_path / "config", LOGITS)
    for number in (1, 2):
        result = update(plan(config, number), tmp_path / "store")
    assert 0 <= result.metrics["accuracy"] <= 1
    assert result.record["metrics"]["headline"] == "accuracy"


def test_a_method_that_keeps_what_the_model_does_not_give_is_found_before_training(tmp_path):
    own = "def loss_fn():\n    return lambda outputs, y: nn.functional.cross_entropy(outputs['scores'], y)\n"
    config = config_with(tmp_path / "config", LOGITS.replace("logits=", "scores=") + own)
    with pytest.raises(
        TrainingError, match="The model gives a Output. The loss that the task 'classification' implies needs a tensor"
    ):
        update(plan(config, 1, DERpp()), tmp_path / "store")
    assert not list((tmp_path / "store" / "scratch").rglob("checkpoint*"))


def test_one_logit_a_row_is_a_class_by_its_sign(tmp_path):
    text = """
def model_fn():
    model = nn.Sequential(nn.Linear(4, 1), nn.Flatten(0))
    nn.init.zeros_(model[0].weight)
    nn.init.constant_(model[0].bias, 3.0)
    return model


def loss_fn():
    return lambda outputs, y: nn.functional.binary_cross_entropy_with_logits(outputs, (y > 0).float())


def train_target_transform():
    return lambda y: (y > 0).long()


def test_target_transform():
    return lambda y: (y > 0).long()
"""
    result = update(plan(config_with(tmp_path / "config", text), 1, budget="0st"), tmp_path / "store")
    recall = result.validation[0]["recall_per_class"]
    assert recall == {"0": 0.0, "1": 1.0}
    assert 0 < result.metrics["accuracy"] < 1


def test_what_cannot_be_measured_leaves_the_loss_as_headline(tmp_path):
    text = """
class Odd(nn.Linear):
    def forward(self, x):
        return [super().forward(x)]


def model_fn():
    return Odd(4, 3)


def loss_fn():
    return lambda outputs, y: nn.functional.cross_entropy(outputs[0], y)
"""
    result = update(plan(config_with(tmp_path / "config", text), 1), tmp_path / "store")
    assert result.record["metrics"]["headline"] == "loss"
    assert list(result.metrics) == ["loss"]


METRICS = """
class Mine:
    {direction}

    def reset(self):
        pass

    def to(self, device):
        return self

    def update(self, outputs, y):
        pass

    def compute(self):
        return {value}


def metrics_fn():
    return {{"{name}": Mine()}}
"""


def metrics(folder, name="mine", direction="higher_is_better = None", value="1.0"):
    return config_with(folder, METRICS.format(name=name, direction=direction, value=value))


def test_a_metric_of_several_values_has_a_name_for_each(tmp_path):
    config = metrics(tmp_path / "config", value="torch.tensor([0.5, 0.25])")
    result = update(plan(config, 1), tmp_path / "store")
    assert result.metrics["mine.0"] == 0.5
    assert result.metrics["mine.1"] == 0.25


def test_a_collection_is_a_metric_whose_parts_have_names(tmp_path):
    text = METRICS.format(name="x", direction="", value='{"recall": 0.5, "f1": torch.tensor(0.25)}')
    config = config_with(tmp_path / "config", text.replace('return {"x": Mine()}', "return Mine()"))
    result = update(plan(config, 1), tmp_path / "store")
    assert (result.metrics["recall"], result.metrics["f1"]) == (0.5, 0.25)


def test_a_metric_cannot_take_the_name_of_one_of_vernals(tmp_path):
    with pytest.raises(ConfigError, match="a metric called 'accuracy', which vernal measures already"):
        update(plan(metrics(tmp_path / "config", name="accuracy"), 1), tmp_path / "store")


def test_early_stopping_does_not_guess_which_way_a_metric_improves(tmp_path):
    config = metrics(tmp_path / "config", name="perplexity")
    with pytest.raises(ConfigError, match="What is watched is 'perplexity', but nobody says which way it improves"):
        update(plan(config, 1, patience=1, monitor="perplexity"), tmp_path / "store")
    config = metrics(tmp_path / "other", name="perplexity", direction="higher_is_better = False")
    result = update(plan(config, 1, patience=1, monitor="perplexity", budget="9ep"), tmp_path / "store")
    assert result.record["training"]["stopped"] == "patience"


@pytest.mark.parametrize("precision", ["64-true", "bf16-true", "bf16-mixed"])
def test_every_precision_goes_through_two_updates_of_a_method_that_keeps_logits(tmp_path, precision):
    config = write_config(tmp_path / "config")
    for number in (1, 2):
        result = update(plan(config, number, DERpp(), precision=precision), tmp_path / "store")
    assert result.record["training"]["steps"] == 9
    assert Store(tmp_path / "store").verify() == []


def test_weights_that_are_not_finite_are_never_stored(tmp_path):
    text = """
class Bursting(torch.optim.SGD):
    def step(self, closure=None):
        for parameter in self.param_groups[0]["params"]:
            parameter.data.fill_(torch.inf)


def optimizer_fn(parameters, burst: bool = False):
    return Bursting(parameters) if burst else torch.optim.SGD(parameters)
"""
    config = config_with(tmp_path / "config", text)
    first = update(plan(config, 1), tmp_path / "store")
    with pytest.raises(TrainingError, match="has entries that are not finite. Nothing was stored"):
        update(plan(config, 2, arguments={"burst": True}, budget="1st"), tmp_path / "store")
    assert Store(tmp_path / "store").champion == first.id


def test_no_more_rows_are_looked_at_together_than_the_plan_says(tmp_path):
    text = """
SIZES = []


class Counting(nn.Linear):
    def forward(self, x):
        SIZES.append((self.training, len(x)))
        assert self.training or len(x) <= 7, SIZES
        return super().forward(x)


def model_fn():
    return Counting(4, 3)
"""
    config = config_with(tmp_path / "config", text)
    for number in (1, 2):
        update(plan(config, number, DERpp(), evaluation_batch=7), tmp_path / "store")


def test_memory_stays_while_a_method_without_memory_is_at_work(tmp_path):
    config = write_config(tmp_path / "config")
    before = update(plan(config, 1, "er"), tmp_path / "store").record
    between = update(replace(plan(config, 2, "fine_tune"), change_method=True), tmp_path / "store").record
    assert between["artefacts"]["memory"]["blob"] == before["artefacts"]["memory"]["blob"]
    after = update(replace(plan(config, 3, "er"), change_method=True), tmp_path / "store").record
    assert after["memory"]["rows"] == 80
    assert [r["rows_seen"] for r in (before, between, after)] == [40, 80, 120]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "def lr_scheduler_fn(optimizer):\n    return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)\n",
            "gives ReduceLROnPlateau, which is stepped with something measured",
        ),
        (
            "def optimizer_fn(parameters):\n    return torch.optim.LBFGS(parameters)\n",
            "gives LBFGS, which needs",
        ),
    ],
)
def test_what_the_loop_cannot_drive_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        update(plan(config_with(tmp_path / "config", text), 1), tmp_path / "store")


def test_modules_that_are_frozen_by_eval_stay_so_and_loggers_are_finished(tmp_path):
    text = f"""
class Norm(nn.BatchNorm1d):
    pass


def model_fn():
    model = nn.Sequential(nn.Linear(4, 8), Norm(8), nn.Linear(8, 3))
    model[1].eval()
    return model


def loggers_fn():
    from lightning_fabric.loggers import CSVLogger

    return [CSVLogger({str(tmp_path / "logs")!r})]
"""
    config = config_with(tmp_path / "config", text)
    result = update(plan(config, 1, patience=3), tmp_path / "store")
    store = Store(tmp_path / "store")
    state = unpack(store.blobs.get(result.record["artefacts"]["model"]["blob"]))
    assert int(state["1.num_batches_tracked"]) == 0
    (csv,) = (tmp_path / "logs").rglob("metrics.csv")
    assert "train_loss" in csv.read_text()


def test_a_method_that_wants_all_rows_refuses_a_sample(tmp_path):
    config = write_config(tmp_path / "config")
    update(plan(config, 1, ER(memory_size=10)), tmp_path / "store")
    with pytest.raises(
        ConflictError, match="'joint' wants all rows ever seen, but of 40 rows the memory of update .* holds 10"
    ):
        update(replace(plan(config, 2, "joint"), change_method=True), tmp_path / "store")
    update(plan(config, 1, ER(memory_size=None)), tmp_path / "all")
    result = update(replace(plan(config, 2, "joint"), change_method=True), tmp_path / "all")
    assert result.record["memory"]["rows"] == 80
    assert str(result) == f"update {result.id} of {tmp_path / 'all'}, the champion"
    assert len(repr(result)) < 300


@pytest.mark.parametrize(("later", "resumed"), [("0.1.0", True), ("0.2.0", False)])
def test_a_checkpoint_of_another_vernal_is_not_gone_on_from(tmp_path, monkeypatch, later, resumed):
    monkeypatch.setattr("vernal.transaction.learn.version", lambda name: "0.1.0")
    with pytest.raises(KeyboardInterrupt):
        toy_update(tmp_path / "store", ER(), reporter=InterruptAfter(2), checkpoint_minutes=0)
    monkeypatch.setattr("vernal.transaction.learn.version", lambda name: later)
    result = toy_update(tmp_path / "store", ER(), checkpoint_minutes=0)
    assert result.record["training"]["resumed"] is resumed
