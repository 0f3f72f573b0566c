"""The method of an earlier update."""

from __future__ import annotations

import copy

from vernal.config import make_method
from vernal.methods import Method, method_name, method_names
from vernal.transaction.parent import Parent


def former_name(parent: Parent) -> str:
    """What the method of an update is called."""
    return str(parent.record["plan"]["method"]["name"])


def former_method(parent: Parent, own: Method) -> Method | None:
    """The method of an update with its state: one of vernal's with the recorded options, or a user's own.

    Args:
        parent: the update.
        own: what the user brings; it is left as it is.

    Returns:
        None if the method is neither one of vernal's nor what the user brings.
    """
    name = former_name(parent)
    if name in method_names():
        method = make_method(name, parent.record["plan"]["method"]["options"])
    elif name == method_name(own):
        method = copy.deepcopy(own)
    else:
        return None
    method.load_state_dict(parent.method_state)
    return method
