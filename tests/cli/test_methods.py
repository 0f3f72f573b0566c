from __future__ import annotations

from tests.cli.conftest import Vernal
from vernal.methods import method_names, term_names


def test_every_method_is_listed_with_its_options(vernal: Vernal) -> None:
    ran = vernal("methods")
    assert ran.code == 0
    listed = [line.split()[0] for line in ran.out.splitlines()[2:] if line]
    assert [name for name in method_names() if name not in listed] == []
    assert "memory_size=500, memory_batch=64, alpha=0.1, beta=0.5" in ran.out
    assert "[1]_" not in ran.out
    assert "The default is er." in ran.out


def test_every_term_is_listed_beside_the_methods(vernal: Vernal) -> None:
    _, terms = vernal("methods").out.split("\nterm ")
    assert [name for name in term_names() if f"\n{name} " not in terms] == []
