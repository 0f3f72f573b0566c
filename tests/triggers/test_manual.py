from tests.triggers.doubles import fires, looks
from vernal.triggers import Manual


def test_nothing_makes_it_fire():
    assert fires(Manual(), looks(0, 10**9)) == [0, 0]
