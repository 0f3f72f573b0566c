"""What every test can rely on: one thread, a restored environment, honest skips, calm Hypothesis."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import settings

from tests.databases import database_url, postgresql_server, postgresql_url

__all__ = ["database_url", "postgresql_server", "postgresql_url"]  # Fixtures for the tests of all rooms.

# Sums over several threads are not bit-identical from run to run. Set before torch is imported, and
# inherited by the processes that tests start.
os.environ["OMP_NUM_THREADS"] = "1"

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Set by pytest around each phase, by torch when its compiler is first imported, by scikit-learn, which Optuna imports.
NOT_OURS = {
    "PYTEST_CURRENT_TEST",
    "TORCHINDUCTOR_CACHE_DIR",
    "PYTORCH_NVML_BASED_CUDA_CHECK",
    "KMP_DUPLICATE_LIB_OK",
    "KMP_INIT_AT_FORK",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests marked `slow`")


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        _skip(_marked(items, "slow"), "runs only with --slow")
    needing_gpu = _marked(items, "gpu")
    if needing_gpu and not _has_accelerator():
        _skip(needing_gpu, "there is no accelerator")


def _marked(items: Sequence[pytest.Item], marker: str) -> list[pytest.Item]:
    return [item for item in items if item.get_closest_marker(marker)]


def _skip(items: Sequence[pytest.Item], reason: str) -> None:
    for item in items:
        item.add_marker(pytest.mark.skip(reason=reason))


def _has_accelerator() -> bool:
    import torch  # a second or more, so only where a test asks

    return torch.accelerator.is_available()


@pytest.fixture(autouse=True)
def _environment_is_left_as_found() -> Iterator[None]:
    """Restore the working directory and the environment, and fail the test that changed the latter."""
    folder, before = os.getcwd(), _environment()
    yield
    os.chdir(folder)
    after = _environment()
    changed = sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))
    for name in changed:
        os.environ.pop(name, None)
        if name in before:
            os.environ[name] = before[name]
    if changed:
        pytest.fail(
            f"The test left the environment changed: {', '.join(changed)}. Set variables with `monkeypatch.setenv`.",
            pytrace=False,
        )


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in NOT_OURS}
