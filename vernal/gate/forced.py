"""A promotion that the gate did not grant, and a person answers for."""

from __future__ import annotations

from vernal.base import ConfigError, Decision, did_you_mean


def force(decision: Decision, reason: str, version: str | None = None) -> Decision:
    """Promote a challenger whatever the gate said; what it said stays in the evidence.

    For the day when the champion cannot be evaluated any more, or is known to be broken.

    Args:
        decision: of a gate.
        reason: for the record; no decision is forced without one.
        version: the challenger; None if there is only one.

    Raises:
        ConfigError: no reason, or no challenger of this name.

    Examples:
        >>> judged = Decision("inconclusive", "Nothing can be judged.", {"challengers": [{"version": "fraud:2.0"}]})
        >>> forced = force(judged, "the old model reads a column that is gone")
        >>> forced.outcome, forced.evidence["chosen"], forced.why
        ('promote', 'fraud:2.0', 'fraud:2.0 is forced: the old model reads a column that is gone')
        >>> forced.evidence["forced"]["outcome"]
        'inconclusive'
    """
    if not reason.strip():
        raise ConfigError("A promotion cannot be forced without a `reason`. Say why, for those who read the history.")
    versions = [one["version"] for one in decision.evidence.get("challengers", [])]
    chosen = versions[0] if version is None and len(versions) == 1 else version
    if chosen is None or chosen not in versions:
        raise ConfigError(f"No challenger is called {chosen!r}. {did_you_mean(chosen or '', versions)}")
    said = {"reason": reason.strip(), "outcome": decision.outcome, "why": decision.why}
    evidence = {**decision.evidence, "chosen": chosen, "forced": said}
    return Decision("promote", f"{chosen} is forced: {reason.strip()}", evidence)
