"""Whether an update is what a plan asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vernal.config import Plan, resolve
from vernal.store import Store
from vernal.transaction.new_data import read_data
from vernal.transaction.situation import Situation


def answers(record: Mapping[str, Any], plan: Plan, store: Store) -> bool:
    """Whether an update was made by a plan, from the data that the plan reads now, whatever its parent was.

    Args:
        record: of the update.
        plan: the plan; its data is read.
        store: where the update lies.

    Raises:
        ConfigError: something is wrong with the plan or the config file.
        DataError: the data cannot be used as it is.
    """
    resolved = resolve(plan)
    data = read_data(resolved, lambda prepare: prepare())
    return Situation(resolved, store, None, data).request == str(record["request"])
