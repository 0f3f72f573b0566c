"""An update because something other than the data has changed."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.base import ConfigError, Decision
from vernal.triggers.trigger import Facts, State, Trigger


@dataclass(frozen=True, init=False)
class Changed(Trigger):
    """Fires when the code, the config or the schema of the data is another than at the look before.

    What is not known at a look is compared when it is known again. The first look only takes note.

    Args:
        names: of the digests that are watched; without any, ``"config"``, ``"code"`` and ``"schema"``.

    Examples:
        >>> from datetime import UTC, datetime
        >>> trigger, now = Changed("code"), datetime(2026, 1, 1, tzinfo=UTC)
        >>> state, _ = trigger.look(trigger.start(), Facts(now, digests={"code": "1a2b"}))
        >>> trigger.look(state, Facts(now, digests={"code": "3c4d"}))[1].why
        'What has changed: code (1a2b to 3c4d).'
    """

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names or ("config", "code", "schema"))
        if not all(isinstance(name, str) and name for name in self.names):
            raise ConfigError(f"Changed() watches digests by name, got {self.names!r}. Write e.g. 'code', 'schema'.")

    def __str__(self) -> str:
        return f"changed({', '.join(map(repr, self.names))})"

    def start(self) -> State:
        """Nothing is known yet."""
        return {"digests": {}}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Fire if a digest is another one."""
        before = state["digests"]
        now = {name: facts.digests[name] for name in self.names if name in facts.digests}
        changed = [name for name in now if before.get(name, now[name]) != now[name]]
        evidence = {"before": dict(before), "now": now, "changed": changed}
        reached = {"digests": {**before, **now}}
        if not changed:
            return reached, Decision("keep", f"Nothing has changed of {', '.join(self.names)}.", evidence)
        what = ", ".join(f"{name} ({before[name][:8]} to {now[name][:8]})" for name in changed)
        return reached, Decision("update", f"What has changed: {what}.", evidence, fires=1)
