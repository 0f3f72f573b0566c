from vernal import metrics


def test_every_exported_name_is_there_and_in_order():
    assert metrics.__all__ == sorted(metrics.__all__)
    assert "forgetting" in metrics.__all__
    assert all(callable(getattr(metrics, name)) for name in metrics.__all__)
