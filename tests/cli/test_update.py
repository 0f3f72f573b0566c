from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Vernal
from tests.transaction.stream import write_config
from tests.transaction.windows import CONFIG, write
from vernal import Store


@pytest.fixture
def where(tmp_path: Path) -> Path:
    return tmp_path / "store"


def record_of(vernal: Vernal, *words: object) -> dict[str, Any]:
    ran = vernal("update", *words, "--json")
    assert ran.code == 0, ran.err
    return dict(json.loads(ran.out))


# What it does


def test_an_update_is_made_and_told(vernal: Vernal, config: str, store: Path) -> None:
    before = Store(store).champion
    ran = vernal("update", config, "--store", store, "--chunk", "3", "--budget", "2ep")
    assert ran.code == 0, ran.err
    champion = Store(store).champion
    assert f"Update {champion}, from {before}: learned chunk 3 (64 rows); the champion now." in ran.out
    assert re.search(r"^chunk +rows +accuracy before +after +change +flips to worse", ran.out, re.MULTILINE)
    assert [f"chunk {n}" in ran.out for n in (1, 2, 3)] == [True] * 3
    for name in ("average accuracy", "forgetting", "time", "samples", "peak memory", "store", "log", "Next:"):
        assert re.search(rf"^{name}", ran.out, re.MULTILINE)
    assert f"vernal rollback --store {store}" in ran.out


def test_a_model_from_scratch_is_a_new_lineage(vernal: Vernal, config: str, store: Path) -> None:
    before = Store(store).champion
    ran = vernal("update", config, "--store", store, "--chunk", "3", "--budget", "2ep", "--scratch")
    champion = Store(store).champion
    assert f"Update {champion}, from scratch: learned chunk 3 (64 rows); the champion now." in ran.out
    assert f"vernal rollback --store {store}" in ran.out  # There is one to go back to.
    assert Store(store).version("champion") == "2.0"
    assert vernal("rollback", "--store", store).code == 0
    assert Store(store).champion == before


def test_from_scratch_and_from_a_parent_exclude_each_other(vernal: Vernal, config: str, store: Path) -> None:
    ran = vernal("update", config, "--store", store, "--chunk", "3", "--scratch", "--parent", "champion")
    assert (ran.code, "has no parent, and 'champion' is named as one" in ran.err) == (1, True)


def test_files_are_learned_and_recorded_by_their_whole_paths(
    vernal: Vernal, tmp_path: Path, where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windowed, file = write_config(tmp_path / "project", CONFIG), write(tmp_path, 1)
    monkeypatch.chdir(tmp_path)
    record = record_of(vernal, windowed, "--store", where, "--files", "1.parquet", "--budget=1ep")
    assert record["chunk"]["files"] == [file]
    ran = vernal("update", windowed, "--store", where, "--budget=1ep")
    assert (ran.code, "Name the files to learn: --files" in ran.err) == (1, True)
    ran = vernal("update", windowed, "--store", where, "--files", "1.parquet", "1.parquet")
    assert "1.parquet twice, and would learn its rows twice" in ran.err
    ran = vernal("update", windowed, "--store", where, "--files", "2.parquet")
    assert "There is no table" in ran.err


def test_progress_goes_to_standard_error_and_into_a_log(vernal: Vernal, config: str, where: Path) -> None:
    ran = vernal("update", config, "--store", where, "--chunk=1", "--budget=1ep")
    phases = [line[10:] for line in ran.err.splitlines()]
    assert phases[:4] == ["read config", "read data", "evaluate before", "train"]
    (log,) = (where / "scratch" / "logs").iterdir()
    assert str(log) in ran.out
    written = [line[10:] for line in log.read_text().splitlines()]
    assert written == [f"vernal update {config} --store {where} --chunk=1 --budget=1ep", *phases]
    assert written[-1] == f"update {Store(where).champion}"


def test_all_options_reach_the_plan(vernal: Vernal, config: str, where: Path) -> None:
    record = record_of(
        vernal, "--store", where, "--method", "derpp", config, "--chunk", "1", "--hidden=3", "--gated",
        "--memory_size", "20", "--beta=0.25", "--budget", "30st", "--batch_size=16", "--clip-norm", "1",
        "--validation-memory", "10", "--seed=7",
    )  # fmt: skip
    plan = record["plan"]
    assert plan["method"]["name"] == "derpp"
    assert {"memory_size": 20, "beta": 0.25}.items() <= plan["method"]["options"].items()
    assert {"chunk": 1, "hidden": 3, "gated": True}.items() <= plan["arguments"].items()
    assert {"budget": "30st", "batch_size": 16, "clip_norm": 1.0}.items() <= plan["training"].items()
    assert (plan["seed"], plan["validation_memory"]) == (7, 10)
    assert record["training"]["steps"] == 30


def test_json_is_the_record_and_nothing_else(vernal: Vernal, config: str, where: Path) -> None:
    record = record_of(vernal, config, "--store", where, "--chunk=1", "--budget=1ep")
    assert record == Store(where).record("champion")


def test_what_the_config_file_prints_does_not_get_between_json_and_its_reader(vernal: Vernal, tmp_path: Path) -> None:
    file = tmp_path / "loud.py"
    file.write_text(
        "import torch\nfrom vernal import Chunk, DataModule\n\n"
        "def model_fn() -> torch.nn.Module:\n    print('model')\n    return torch.nn.Linear(2, 1)\n\n"
        "def data_module_fn() -> DataModule:\n    print('data')\n"
        "    return DataModule(train=Chunk.from_arrays(torch.zeros(4, 2), torch.zeros(4)))\n\nprint('file')\n"
    )
    ran = vernal("update", file, "--store", tmp_path / "store", "--budget=1st", "--json")
    assert json.loads(ran.out)["number"] == 1
    assert {"file", "model", "data"} <= set(ran.err.split())


def test_the_same_command_again_costs_nothing(vernal: Vernal, config: str, where: Path) -> None:
    words = ["update", config, "--store", where, "--chunk=1", "--budget=1ep"]
    vernal(*words)
    ran = vernal(*words)
    assert ran.code == 0
    assert "was made before, of the same data, plan and code. Nothing was done." in ran.out
    assert len(Store(where).records()) == 1


def test_the_command_line_and_python_make_the_same_update(vernal: Vernal, config: str, tmp_path: Path) -> None:
    import vernal as library

    plan = library.Plan(config, method="er", arguments={"chunk": 1}, training=library.Training(budget="1ep"))
    result = library.update(plan, tmp_path / "python")
    record = record_of(vernal, config, "--store", tmp_path / "shell", "--chunk", "1", "--budget", "1ep")
    assert record["name"] == result.record["name"]
    assert record["artefacts"] == result.record["artefacts"]


def test_a_model_can_be_left_beside_the_champion(vernal: Vernal, config: str, store: Path) -> None:
    before = Store(store).champion
    ran = vernal("update", config, "--store", store, "--chunk=3", "--budget=1ep", "--no-promote")
    assert "kept beside the champion" in ran.out
    assert "make it the champion" in ran.out
    assert Store(store).champion == before


def test_an_update_can_start_from_an_earlier_one(vernal: Vernal, config: str, store: Path) -> None:
    first = Store(store).records()[0]["id"]
    words = [config, "--store", store, "--chunk=3", "--budget=1ep", "--parent", first[:6]]
    assert vernal("update", *words).code == 1
    assert record_of(vernal, *words, "--no-promote")["parent"] == first


def test_another_method_must_be_meant(vernal: Vernal, config: str, store: Path) -> None:
    words = [config, "--store", store, "--chunk=3", "--budget=1ep", "--method=fine_tune"]
    ran = vernal("update", *words)
    assert ran.code == 1
    assert "--change-method" in ran.err
    assert record_of(vernal, *words, "--change-method")["plan"]["method"]["name"] == "fine_tune"


def test_the_file_may_choose_the_method(vernal: Vernal, config: str, where: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    function = "\nfrom vernal.methods import GDumb\ndef method_fn(memory_size: int = 9): return GDumb(memory_size)\n"
    own.write_text(Path(config).read_text() + function)
    words = [own, "--store", where, "--chunk=1", "--budget=1ep"]
    method = record_of(vernal, *words, "--memory-size", "8")["plan"]["method"]
    assert (method["name"], method["options"]["memory_size"]) == ("gdumb", 8)
    assert "method_fn chooses the method" in vernal("update", own, "--help").out


def test_terms_reach_the_record(vernal: Vernal, config: str, where: Path) -> None:
    words = [config, "--store", where, "--chunk=1", "--budget=1ep"]
    terms = record_of(vernal, *words, "--term", "compatible", "--term=distil:weight=0.5")["plan"]["terms"]
    assert [(term["name"], term["options"]["weight"]) for term in terms] == [("compatible", 1.0), ("distil", 0.5)]
    assert re.search(r"^terms +compatible\(elsewhere=0", vernal("show", "--store", where).out, re.MULTILINE)


# What it refuses


def test_everything_wrong_with_values_is_told_at_once(vernal: Vernal, config: str, where: Path) -> None:
    ran = vernal(
        "update", config, "--store", where, "--chunk=x", "--alpha=-1", "--budget=5", "--seed=-1", "--memory-batch=1"
    )
    assert ran.code == 1
    for part in ("4 problems", "chunk: must be int", "method: `alpha` must be", "training: '5' is not", "plan: `seed`"):
        assert part in ran.err
    assert not where.exists()


def test_an_unknown_option_is_refused_with_a_suggestion(vernal: Vernal, config: str, where: Path) -> None:
    ran = vernal("update", config, "--store", where, "--chnk", "1", "--memory-sze=3")
    assert ran.code == 2
    assert "has no option --chnk and no --memory-sze. Did you mean --chunk and --memory-size?" in ran.err


def test_options_of_another_method_are_unknown(vernal: Vernal, config: str, where: Path) -> None:
    ran = vernal("update", config, "--store", where, "--chunk=1", "--method=fine_tune", "--memory-size=5")
    assert ran.code == 2
    assert "has no option --memory-size" in ran.err


def test_an_unknown_method_is_refused_with_a_suggestion(vernal: Vernal, config: str) -> None:
    ran = vernal("update", config, "--method", "derp")
    assert ran.code == 1
    assert "No method is called 'derp'. Did you mean 'derpp' or 'der'?" in ran.err


def test_an_unknown_term_and_an_unknown_option_are_refused_with_suggestions(
    vernal: Vernal, config: str, where: Path
) -> None:
    words = ["update", config, "--store", where, "--chunk=1"]
    ran = vernal(*words, "--term=distill", "--term=compatible:wieght=2,temperature=hot", "--term", "distil:weight")
    assert ran.code == 1
    assert "terms: No term is called 'distill'. Did you mean 'distil'? Available: compatible, distil." in ran.err
    assert "term compatible: has no option 'wieght'. Did you mean 'weight'?" in ran.err
    assert "term compatible(temperature): must be float, got 'hot'." in ran.err
    assert "terms: 'distil:weight' is not spelled like a term: NAME[:OPTION=VALUE,...]" in ran.err


def test_missing_values_are_asked_for(vernal: Vernal, config: str, where: Path) -> None:
    ran = vernal("update", config, "--store", where)
    assert ran.code == 2
    assert "drift.py needs a value for --chunk INT (of data_module_fn)." in ran.err


def test_a_missing_file_is_asked_for(vernal: Vernal, where: Path) -> None:
    ran = vernal("update", "--store", where)
    assert ran.code == 2
    assert "Name the config file" in ran.err


def test_a_missing_store_is_asked_for(vernal: Vernal, config: str) -> None:
    ran = vernal("update", config, "--chunk=1")
    assert ran.code == 2
    assert "--store DIR_OR_URL" in ran.err


@pytest.mark.parametrize("name", ["parent", "batch_size", "alpha", "term", "range", "trial_workers", "help", "debug"])
def test_an_argument_that_is_spelled_like_an_option_is_refused(
    name: str, vernal: Vernal, config: str, where: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.py"
    own.write_text(Path(config).read_text() + f"\ndef loss_fn({name}: int = 1): ...\n")
    ran = vernal("update", own, "--store", where, "--chunk=1")
    assert ran.code == 1
    option = "--" + name.replace("_", "-")
    assert f"loss_fn({name}): cannot be set from the command line: {option} is an option of vernal" in ran.err
    assert f"Rename the argument, e.g. `my_{name}`." in ran.err


def test_an_error_on_the_way_is_in_the_log(vernal: Vernal, config: str, where: Path) -> None:
    ran = vernal("update", config, "--store", where, "--chunk=1", "--rows=0")
    assert ran.code == 1
    (log,) = (where / "scratch" / "logs").iterdir()
    assert f"Log: {log}" in ran.err
    assert "Traceback" in log.read_text()
    assert "Traceback" not in ran.err
    assert Store(where).champion is None


# Help


def test_help_shows_the_options_of_file_method_and_training(vernal: Vernal, config: str) -> None:
    ran = vernal("update", config, "--method", "der", "--help")
    words = " ".join(ran.out.split())
    assert ran.code == 0
    for group in ("drift.py:", "method der:", "training:", "plan:"):
        assert f"\n{group}\n" in ran.out
    assert "--hidden INT width of the hidden layer. [default: 4]" in words
    assert "--chunk INT of data_module_fn [required]" in words
    assert "--batch-size INT new rows a step, over all devices; replayed rows come on top. [default: 64]" in words


def test_help_without_a_file_shows_the_default_method(vernal: Vernal) -> None:
    ran = vernal("update", "--help")
    assert ran.code == 0
    assert "\nmethod er:\n" in ran.out


def test_help_teaches_the_terms(vernal: Vernal) -> None:
    told = vernal("update", "--help").out
    assert "--term NAME[:OPTION=VALUE,...]" in told
    assert "for example: --term distil:weight=0.5,temperature=4" in told
    assert re.search(r"^ +weight=1\.0  w, at least 0\.", told, re.MULTILINE)


def test_help_teaches_the_ranges(vernal: Vernal) -> None:
    told = vernal("update", "--help").out
    words = " ".join(told.split())
    assert "\ntuning:\n" in told
    assert "--lr 'loguniform(1e-4, 1e-1)' --alpha 'uniform(0, 1)'" in told
    assert "--range NAME=RANGE choose this from a range, see tuning below" in words
    for option in ("--scheduler STR", "--max-trials INT", "--max-minutes FLOAT", "--trial-workers INT"):
        assert f"\n  {option}" in told
    assert re.search(r"--constraint STR bounds on what is measured, .* \[may be given several times\]", words)


def test_help_offers_the_options_of_several_methods_once(vernal: Vernal) -> None:
    told = vernal("update", "--method", "choice(er, derpp)", "--help").out
    assert told.count("--alpha FLOAT") == told.count("--memory-batch INT") == 1
    er, derpp = told.index("\nmethod er:\n"), told.index("\nmethod derpp:\n")
    assert er < told.index("--alpha FLOAT") < derpp < told.index("--beta FLOAT")
    assert "one option, and sets both: --memory-size [default: 500]" in " ".join(told.split())
