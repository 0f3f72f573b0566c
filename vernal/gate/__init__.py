"""Whether a challenger takes the champion's place: statistics of frozen answers. Knows no models and no stores."""

from vernal.gate.case import Case, Scored

__all__ = ["Case", "Scored"]
