"""A command line on an embedded log of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import orjson
import pytest
from typer.testing import CliRunner

from streams import topics
from streams.bus.connect import connect
from streams.cli import exits, start
from streams.cli.app import build, called, settings_first
from streams.core.outcome import CommuniqueError
from streams.settings import Settings, load_settings


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Line:
    """The command line, and the log behind it."""

    folder: Path

    @property
    def settings(self) -> Settings:
        return load_settings()

    def __call__(self, *words: str) -> Answer:
        """Call a command in this process."""
        arguments = settings_first(words)
        with mock.patch.dict(os.environ):  # flags become the environment of their call
            done = CliRunner().invoke(build(called(arguments)), arguments)
        if isinstance(done.exception, CommuniqueError):
            return Answer(exits.code_of(done.exception), done.stdout, f"{done.stderr}{done.exception}")
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Answer(done.exit_code, done.stdout, done.stderr)

    def process(self, *words: str, given: bytes = b"") -> Answer:
        """Call a command as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "streams.cli.app", *words],
            input=given,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def prepare(self) -> None:
        """Create all topics."""
        asyncio.run(start.ensure_topics(connect(self.settings), self.settings))

    def put(
        self,
        topic: str,
        value: Mapping[str, object] | bytes | None,
        *,
        key: bytes | None = None,
        **headers: str,
    ) -> str:
        """Write one record; return its place."""

        async def send() -> str:
            body = value if isinstance(value, bytes) or value is None else orjson.dumps(dict(value))
            pairs = tuple(
                (name.replace("errors_", "__streams.errors."), each.encode())
                for name, each in headers.items()
            )
            async with connect(self.settings).producer(client_id="test") as producer:
                sent = await (await producer.send(topic, body, key=key, headers=pairs))
            return f"{sent.topic}-{sent.partition}-{sent.offset}"

        return asyncio.run(send())

    def commit(self, group: str, offsets: Mapping[tuple[str, int], int]) -> None:
        """Set what a group has read."""

        async def write() -> None:
            async with connect(self.settings).admin() as admin:
                await admin.commit_offsets(group, offsets)  # type: ignore[arg-type]

        asyncio.run(write())

    def read_all(self, group: str, topic: str) -> None:
        """Let a group have read a topic to its end."""

        async def write() -> None:
            async with connect(self.settings).admin() as admin:
                await admin.commit_offsets(group, await admin.end_offsets([topic]))

        asyncio.run(write())

    def write(self, name: str, content: str | bytes) -> str:
        """Write a file; return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    """One in the test's own folder, with two partitions a topic."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMMUNIQUE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COMMUNIQUE_TOPICS__PARTITIONS", "2")
    monkeypatch.delenv("COMMUNIQUE_BUS", raising=False)
    return Line(tmp_path)


@pytest.fixture
def raw(line: Line) -> Callable[..., str]:
    """Write raw records."""
    line.prepare()
    return lambda value=None, **headers: line.put(
        topics.RAW.name, {"content": "Some text."} if value is None else value, **headers
    )
