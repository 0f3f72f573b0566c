from vernal.data import scenarios


def test_every_exported_name_is_there_and_in_order():
    assert scenarios.__all__ == sorted(scenarios.__all__)
    assert "ClassIncremental" in scenarios.__all__
    assert all(callable(getattr(scenarios, name)) for name in scenarios.__all__)
