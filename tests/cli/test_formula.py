from __future__ import annotations

import re

import pytest

from vernal.cli.cards import entries
from vernal.cli.formula import plain_formula


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"\theta_{k,i}^2", "θ_(k,i)²"),
        (r"F_{C_y}", "F_(C_y)"),
        (r"R^\top f(x)", "Rᵀ f(x)"),
        (r"\Sigma^{-1}", "Σ⁻¹"),
        (r"t^{1/a - 1}", "t^(1/a - 1)"),
        (r"\mathbb{E}_{(x, y)} \big[ g \big]", "E_(x, y) [g]"),
        (r"\frac{1}{2 C} \sum_{c=1}^{C} z_c", "1 / (2 C) ∑_(c=1)^C z_c"),
        (r"\tfrac12 \dfrac{g^\top r}{r^\top r} \, r", "1/2 (gᵀ r) / (rᵀ r) r"),
        (r"\bar\theta \leftarrow s\,\hat f", "θ̄ ← s f̂"),
        (r"\mu \propto \frac{1}{|P_c|}", "μ ∝ 1 / |P_c|"),
        (r"[f^*(x) \text{ is right}]", "[f*(x) is right]"),
        (r"a, \qquad b", "a,   b"),
        (r"\begin{cases} a & \text{if } b, \\ c & \text{else} \end{cases}", "a if b, c else"),
        (r"\unheard_{of}", r"\unheard_of"),
    ],
)
def test_formulas_read_as_they_would_be_typed(latex: str, plain: str) -> None:
    assert plain_formula(latex) == plain


@pytest.mark.parametrize("latex", [r"\frac{a", r"x^", "}", "{", r"\bar", ""])
def test_half_a_formula_does_no_harm(latex: str) -> None:
    assert isinstance(plain_formula(latex), str)


def test_no_command_is_left_in_any_formula_of_a_method() -> None:
    formulas = [text for entry in entries() for text, is_formula in entry.text if is_formula]
    assert len(formulas) >= 20
    assert [text for text in formulas if re.search(r"[\\{}&]", text)] == []
