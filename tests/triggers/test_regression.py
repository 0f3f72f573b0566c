"""The small regression against the textbook, and its forecasts against what comes."""

import numpy as np
import pytest
from scipy import stats

from vernal.triggers.regression import forecast_sum


def test_the_forecast_is_the_textbooks():
    # The prior as pseudo-observations: one row for each coefficient, which says that it is 0.
    rng = np.random.default_rng(0)
    x, ahead = rng.random((12, 2)) * 5, rng.random((3, 2)) * 5
    y = 1 + x @ [0.3, -0.2] + rng.normal(0, 0.1, 12)
    scale = np.ptp(x, axis=0).max()
    known, coming = ((z - x.mean(axis=0)) / scale for z in (x, ahead))
    design = np.vstack([np.column_stack([np.ones(12), known]), [[0, 1, 0], [0, 0, 1]]])
    coefficients, [rss], *_ = np.linalg.lstsq(design, np.append(y, [0, 0]), rcond=None)
    total = np.column_stack([np.ones(3), coming]).sum(axis=0)
    spread = rss / 11 * (3 + total @ np.linalg.inv(design.T @ design) @ total)
    found = forecast_sum(x, y, ahead)
    assert found.mean == pytest.approx(total @ coefficients)
    assert found.scale == pytest.approx(np.sqrt(spread))
    assert found.quantile(0.95) == pytest.approx(found.mean + stats.t.ppf(0.95, 11) * found.scale)


@pytest.mark.law
def test_forecasts_are_as_sure_as_they_say():
    # Coefficients as the prior has them, noise of deviation 0.05, eight steps seen and five to come.
    rng, held, trials = np.random.default_rng(1), 0, 1000
    times = np.arange(13.0)
    ages = times % 4
    x = np.stack([times, ages], axis=1)
    for _ in range(trials):
        y = 0.3 + (x / 7) @ rng.normal(0, 0.05, 2) + rng.normal(0, 0.05, 13)
        found = forecast_sum(x[:8], y[:8], x[8:])
        held += found.quantile(0.05) <= y[8:].sum() <= found.quantile(0.95)
    assert held / trials == pytest.approx(0.9, abs=0.04)


def test_without_noise_it_is_sure():
    found = forecast_sum(np.arange(5.0)[:, None], np.full(5, 0.3), np.arange(5.0, 8.0)[:, None])
    assert found.mean == pytest.approx(0.9)
    assert found.quantile(0.999) == pytest.approx(0.9)
