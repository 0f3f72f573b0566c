"""Write the model of an update into a plain folder, to be used without vernal.

The folder gets model.safetensors (the weights), record.json (everything about the update), config.py (the config
file as it was), and method.safetensors where the method predicts by more than the model. It must be empty, or not
there yet.

Examples:
  vernal export champion exported/gas --store runs/gas
  vernal export gas:3.2 exported/gas --store runs/gas
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from vernal.base import StateError
from vernal.cli.address import add_store, open_store
from vernal.cli.parser import Parser
from vernal.cli.terminal import say

LOADING = """\
Load it anywhere:
  from safetensors.torch import load_model
  model = model_fn(...)   # of config.py, with the arguments in record.json: plan, arguments
  load_model(model, "{file}")"""

LOADING_MORE = """\
The method makes predictions by something on top of the model, which method.safetensors holds. Load both by vernal:
  model = vernal.load_model("{store}", "config.py", "{id}")"""


def run(words: Sequence[str]) -> int:
    """Export one model."""
    parser = Parser("export", __doc__, "ID DIR")
    parser.add_argument("id", metavar="ID", help="a version, an id or its beginning, or an alias")
    parser.add_argument("folder", metavar="DIR", type=Path, help="where to; an empty folder, or a new one")
    add_store(parser)
    values = parser.parse(words)
    store = open_store(values)
    record = store.record(values.id)
    blobs = {name: store.resolve(record["artefacts"][name]["blob"]) for name in ("model", "config")}
    files = {
        "record.json": json.dumps(record, indent=2, ensure_ascii=False).encode(),
        "config.py": store.blobs.get(blobs["config"]),
        "model.safetensors": store.blobs.get(blobs["model"]),
    }
    loading = LOADING
    if _predicts_by_more(record["plan"]["method"]["name"]):
        files["method.safetensors"] = store.blobs.get(store.resolve(record["artefacts"]["method"]["blob"]))
        loading = LOADING_MORE
    _write(values.folder, files)
    say(f"Wrote the model of {record['id']} to {values.folder}: {', '.join(files)}.")
    say(loading.format(file=values.folder / "model.safetensors", store=store.url, id=record["id"]))
    return 0


def _predicts_by_more(name: str) -> bool:
    from vernal.methods import Method, method_class, method_names

    return name in method_names() and method_class(name).predictor is not Method.predictor


def _write(folder: Path, files: dict[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise StateError(f"{folder} is not empty. Name a new folder, or empty this one.")
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise StateError(f"{folder} could not be written: {error}. Check rights and room, or name another.") from error
