"""The bus under test: each test that asks for `yard` runs on the embedded log and on Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.bus.conformance import Yard


@pytest.fixture(params=["sqlite", "kafka"])
def backend(request) -> str:
    return request.param


@pytest.fixture
async def yard(backend, request, tmp_path) -> AsyncIterator[Yard]:
    url = f"sqlite://{tmp_path}/log.db" if backend == "sqlite" else request.getfixturevalue("kafka").url
    async with Yard(url, request.node.name) as opened:
        yield opened
