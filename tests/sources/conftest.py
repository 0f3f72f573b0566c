from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sources.servers import MockKafka, nats_server


@pytest.fixture(scope="session")
def kafka() -> MockKafka:
    return MockKafka()


@pytest.fixture(scope="session")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with nats_server(tmp_path_factory.mktemp("nats")) as url:
        yield url
