"""State folders: what a job goes on from, and what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from typing import Any

from vernal.base import ConflictError, StateError, StateNotFound
from vernal.renate import defaults
from vernal.renate.checkpoint import checkpoint_bytes
from vernal.renate.history import history_csv
from vernal.state import unpack
from vernal.store import Files, Store, open_files
from vernal.tuning import Past

MARKER, JOURNAL, BLOBS = "vernal.json", "journal", "blobs"  # what a store is made of
RENATE_STATE = "learner.ckpt"
COPYING = "copy"  # name of the scratch folder


def open_state(input_url: str | None, output_url: str) -> tuple[Store, str | None]:
    """The store that a job works in, and the id of the update that it goes on from.

    The input is never changed, unless it is the output as well. Otherwise the output becomes a copy of it first;
    a copy that was interrupted is completed.

    Args:
        input_url: where the state of the earlier jobs lies; None for a first job.
        output_url: where the state is to lie afterwards.

    Raises:
        StateNotFound: there is no state at the input.
        ConflictError: the output holds the state of other jobs.
    """
    if input_url is None:
        return _opened(open_files(output_url)), None
    source = open_files(input_url)
    if not source.exists(MARKER) and source.exists(RENATE_STATE):
        raise StateError(
            f"{input_url} was written by Renate. Its state is a pickle, which vernal never reads. Run a first job "
            "(no `input_state_url`); its `model_fn` may load weights that you exported."
        )
    earlier = Store(source, create=False)
    champion = earlier.champion
    if champion is None:
        raise StateNotFound(f"{input_url} holds no model yet: its first job was not finished. Run that one again.")
    target = open_files(output_url)
    store = _opened(target)
    if _address(source) != _address(target):
        _check_copied(earlier)
        _check_copied(store)
        _copy(source, target, store)
    return store, champion


def export(store: Store, output_url: str) -> None:
    """Write what people look for beside the store: the champion's checkpoint, and the table of all updates."""
    files, lineage = open_files(output_url), store.lineage("champion")
    model = unpack(store.blobs.get(store.resolve(lineage[-1]["artefacts"]["model"]["blob"])))
    files.write(defaults.MODEL_FILE, checkpoint_bytes(model))
    searches = {record["id"]: _search(record, store) for record in lineage if "tuning" in record["artefacts"]}
    files.write(defaults.HISTORY_FILE, history_csv(lineage, searches).encode())


def _search(record: Mapping[str, Any], store: Store) -> Past:
    return Past.from_json(json.loads(store.blobs.get(store.resolve(record["artefacts"]["tuning"]["blob"]))))


def _opened(files: Files) -> Store:
    """The store at a place; a new one has its history in files, which can be copied one by one."""
    return Store(files, ledger=None if files.exists(MARKER) else "files")


def _check_copied(store: Store) -> None:
    if store.history != "files":
        raise StateError(
            f"The history of {store.url} lies in a database, which is not copied. Go on in place (the same folder for "
            "`input_state_url` and `output_state_url`), or use `vernal update`."
        )


def _address(files: Files) -> str:
    return os.path.realpath(files.url) if files.is_local else files.url.rstrip("/")


def _copy(source: Files, target: Files, store: Store) -> None:
    """Copy what is not there yet; the journal comes last and in order, so that what it names is there at any time."""
    there = set(target.list(JOURNAL))
    entries = list(source.list(JOURNAL))
    if any(target.read(entry) != source.read(entry) for entry in entries if entry in there):
        raise ConflictError(
            f"{target.url} holds the state of other updates than {source.url}. Give an empty folder as "
            "`output_state_url`, or go on in place (the same folder for both)."
        )
    for blob in source.list(BLOBS):
        if not target.exists(blob):
            copy = store.scratch(COPYING) / "blob"
            shutil.copyfile(source.local(blob), copy)
            target.put_file(blob, copy)
    store.discard_scratch(COPYING)
    for entry in entries:
        if entry not in there:
            target.create(entry, source.read(entry))
