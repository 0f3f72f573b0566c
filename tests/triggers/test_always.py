from tests.triggers.doubles import fires, looks, run
from vernal.triggers import Always


def test_it_fires_whenever_rows_came():
    assert fires(Always(), looks(0, 1, 500, 0)) == [0, 1, 1, 0]


def test_it_says_how_many():
    assert run(Always(), looks(1500))[1][0].why == "1,500 rows came."
