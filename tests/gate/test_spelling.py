import pytest

from vernal.base import ConfigError
from vernal.gate import Gate, read_gate


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("not_worse", Gate()),
        (" superior() ", Gate(mode="superior")),
        ("superior(margin=0.0, alpha=0.05)", Gate(mode="superior", margin=0.0, alpha=0.05)),
        ("not_worse(margin='2%', forgetting=0.01)", Gate(margin="2%", forgetting=0.01)),
        ("not_worse(limits={'loads': True, 'size_bytes': '+10%'})", Gate(limits={"loads": True, "size_bytes": "+10%"})),
    ],
)
def test_a_gate_is_its_mode_and_its_options(text, gate):
    assert read_gate(text) == gate


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("superior(", "is no gate"),
        ("better(margin=1)", "No gate is called 'better'"),
        ("superior(0.1)", "is no gate: options have names"),
        ("superior(margn=0.1)", "there is no option 'margn'. Did you mean 'margin'"),
        ("superior(mode='not_worse')", "there is no option 'mode'"),
        ("superior(margin=open('x'))", "`margin` is no number, text in quotes or dictionary"),
        ("superior(margin=-1)", "`margin` must be at least 0"),
        ("superior(**more)", "there is no option"),
        ("a.b", "is no gate"),
    ],
)
def test_what_is_no_gate_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        read_gate(text)
