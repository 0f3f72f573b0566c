"""Formulas as plain text, for a terminal."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

EM, GAP = "\u2003", "   "
_SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "theta": "θ",
    "lambda": "λ", "mu": "μ", "xi": "ξ", "sigma": "σ", "varphi": "φ", "omega": "ω", "Delta": "Δ", "Lambda": "Λ",
    "Sigma": "Σ", "Omega": "Ω", "ell": "ℓ", "sum": "∑", "partial": "∂", "top": "⊤", "cup": "∪", "in": "∈", "ge": "≥",
    "le": "≤", "ne": "≠", "sim": "~", "propto": "∝", "leftarrow": "←", "lVert": "‖", "rVert": "‖", "ldots": "…",
    "dots": "…", "log": "log", "max": "max", "min": "min", "arg": "arg ", "cos": "cos", "quad": EM, "qquad": EM,
    "\\": " ", ",": " ", ";": " ",
}  # fmt: skip
_ACCENTS = {"bar": "\u0304", "hat": "\u0302", "tilde": "\u0303"}
_FRACTIONS = ("frac", "tfrac", "dfrac")
_FONTS = ("text", "mathrm", "mathbb", "mathcal")
_ENVIRONMENTS = ("begin", "end")
_SIZES = ("big", "Big", "bigl", "bigr", "Bigl", "Bigr", "left", "right")
_RAISED = str.maketrans("0123456789-⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_TOKEN = re.compile(r"\\([A-Za-z]+|.)|(\s+)|(.)", re.DOTALL)


def plain_formula(latex: str) -> str:
    r"""A formula as it would be typed: Greek letters, powers and indices where Unicode has them.

    Knows the commands that the docstrings of vernal use; any other is left as it stands.

    Examples:
        >>> plain_formula(r"\frac{\ell(f(x), y) + \alpha \, \ell(f(x'), y')}{1 + \alpha}")
        "(ℓ(f(x), y) + α ℓ(f(x'), y')) / (1 + α)"
        >>> plain_formula(r"\lVert f(x') - z' \rVert_2^2, \quad \theta_{k,i}, \tfrac12 \bar g^\top \Sigma^{-1}")
        "‖f(x') - z'‖₂²,   θ_(k,i), 1/2 ḡᵀ Σ⁻¹"
    """
    text = "".join(_Reader(latex).all()).replace("&", " ")
    text = re.sub(r" +", " ", text).replace(" " + EM, EM).replace(EM + " ", EM)
    text = re.sub(r"(?<=[‖(\[]) +| +(?=‖[₀-₉²,.]|[)\],.])", "", text).replace(EM, GAP)
    return unicodedata.normalize("NFC", text.strip())


@dataclass
class _Reader:
    """Reads a formula from left to right."""

    latex: str
    place: int = 0

    def all(self) -> list[str]:
        parts = []
        while self._goes_on():
            parts.append(self.next())
        return parts

    def next(self) -> str:
        """The next thing: a group, a command with its arguments, or a character; empty at the end."""
        match = _TOKEN.match(self.latex, self.place)
        if not match:
            return ""
        self.place = match.end()
        command, space, character = match.groups()
        if command:
            return self._command(command)
        if character == "{":
            return self._group()
        if character in ("^", "_"):
            return _script(character, self._argument())
        return " " if space else character

    def _command(self, name: str) -> str:
        if name in _FRACTIONS:
            above, below = self._argument(), self._argument()
            return f"{above}/{below}" if len(above + below) == 2 else f"{_closed(above)} / {_closed(below)}"
        if name in _ACCENTS:
            under = self._argument()
            return under[:1] + _ACCENTS[name] + under[1:]
        if name in _FONTS:
            return self._argument()
        if name in _ENVIRONMENTS:
            self._argument()
            return ""
        return "" if name in _SIZES else _SYMBOLS.get(name, f"\\{name}")

    def _argument(self) -> str:
        while self._goes_on() and self.latex[self.place].isspace():
            self.place += 1
        return self.next()

    def _group(self) -> str:
        parts = []
        while self._goes_on() and self.latex[self.place] != "}":
            parts.append(self.next())
        self.place += 1
        return "".join(parts)

    def _goes_on(self) -> bool:
        return self.place < len(self.latex)


def _closed(text: str, alone: str = r"\w+|\|[^|]*\|") -> str:
    """In brackets, if it is not one thing already."""
    return text if re.fullmatch(rf"{alone}|\([^()]*\)", text) else f"({text})"


def _script(mark: str, text: str) -> str:
    table = _RAISED if mark == "^" else _LOWERED
    if all(ord(character) in table for character in text):
        return text.translate(table)
    return text if text == "*" else mark + _closed(text, alone=r"[^\W_]+|…")
