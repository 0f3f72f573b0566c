"""Updaters by their shorthands."""

from __future__ import annotations

from vernal.base import ConfigError, did_you_mean
from vernal.methods import method_name
from vernal.renate.updaters.avalanche import AvalancheER, AvalancheEWC, AvalancheICaRL, AvalancheLwF
from vernal.renate.updaters.distilling import CLSER, PODER, RepeatedDistillation, SuperExperienceReplay
from vernal.renate.updaters.settings import DER, ER, FineTuning, GDumb, Joint, OfflineER, Updater

UPDATERS: dict[str, type[Updater]] = {
    "ER": ER,
    "DER": DER,
    "POD-ER": PODER,
    "CLS-ER": CLSER,
    "Super-ER": SuperExperienceReplay,
    "RD": RepeatedDistillation,
    "Offline-ER": OfflineER,
    "GDumb": GDumb,
    "Joint": Joint,
    "FineTuning": FineTuning,
    "Avalanche-ER": AvalancheER,
    "Avalanche-EWC": AvalancheEWC,
    "Avalanche-LwF": AvalancheLwF,
    "Avalanche-iCaRL": AvalancheICaRL,
}
LATER = (
    "LearningToPrompt",
    "LearningToPromptReplay",
    "S-Prompts",
    "SPeft",
)


def updater_class(name: str) -> type[Updater]:
    """Look an updater up.

    Raises:
        ConfigError: there is none of that name, or not yet.

    Examples:
        >>> updater_class("Offline-ER").__name__
        'OfflineER'
        >>> updater_class("DER++")
        Traceback (most recent call last):
        ...
        vernal.base.errors.ConfigError: No updater is called 'DER++'. Did you mean 'DER'? Available: \
Avalanche-ER, Avalanche-EWC, Avalanche-LwF, Avalanche-iCaRL, CLS-ER, DER, ER, FineTuning, GDumb, Joint, Offline-ER, \
POD-ER, RD, Super-ER.
    """
    if name in LATER:
        raise ConfigError(
            f"The updater {name!r} is not there yet; it comes with a later version. Available: "
            f"{', '.join(sorted(UPDATERS))}."
        )
    if name not in UPDATERS:
        raise ConfigError(f"No updater is called {name!r}. {did_you_mean(name, UPDATERS)}")
    return UPDATERS[name]


def shorthand(method: str) -> str:
    """The shorthand of the updater that a method stands for; the method's own name if it is none of these.

    Examples:
        >>> shorthand("offline_er"), shorthand("derpp")
        ('Offline-ER', 'derpp')
    """
    return next((name for name, updater in UPDATERS.items() if method_name(updater.kind) == method), method)
