"""What comes out of the log, and how often."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO

import pytest

from streams.observe.logging import HELD_SECONDS, OnceInAWhile, configure
from streams.settings import Settings

AWAY = "Unable connect to node with id %s: %s"


@pytest.fixture
def out() -> Iterator[StringIO]:
    """All logging as text; what was configured before comes back."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    client = logging.getLogger("aiokafka")
    muted = client.level
    client.setLevel(logging.NOTSET)
    stream = StringIO()
    configure(Settings().observe, stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    client.setLevel(muted)


def record(name: str, template: str, *args: object, at: float = 0.0) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, "", 0, template, args, None)
    made.created = at
    return made


def test_a_message_repeated_by_aiokafka_comes_out_once(out: StringIO) -> None:
    for node in range(200):
        logging.getLogger("aiokafka").error(AWAY, node, "refused")
        logging.getLogger("aiokafka.consumer.group_coordinator").error("Group Coordinator Request failed: %s", node)
    assert len(out.getvalue().splitlines()) == 2


def test_it_comes_out_again_after_a_while_with_how_many_were_held_back() -> None:
    once = OnceInAWhile()
    assert [once.filter(record("aiokafka", AWAY, n, "refused", at=n)) for n in range(3)] == [True, False, False]
    again = record("aiokafka", AWAY, 1, "refused", at=HELD_SECONDS)
    assert once.filter(again)
    assert again.getMessage() == "Unable connect to node with id 1: refused (2 more of these were held back)"
    third = record("aiokafka", AWAY, 1, "refused", at=2 * HELD_SECONDS)
    assert once.filter(third)
    assert third.getMessage() == "Unable connect to node with id 1: refused"


def test_what_others_say_is_never_held_back(out: StringIO) -> None:
    for _ in range(3):
        logging.getLogger("guard").warning("buried")
    assert len(out.getvalue().splitlines()) == 3


def test_a_library_that_never_repeats_a_template_is_remembered_in_bounded_memory() -> None:
    once = OnceInAWhile()
    assert all(once.filter(record("aiokafka", f"number {n}")) for n in range(1000))
    assert len(once.said) <= 256


def test_a_rebalance_is_no_warning(out: StringIO) -> None:
    log = logging.getLogger("aiokafka.consumer.group_coordinator")
    log.warning("Heartbeat failed for group %s because it is rebalancing", "communique-clean")
    assert out.getvalue() == ""


def test_what_is_said_where_nobody_configured_anything_goes_to_stderr():
    program = "from streams.observe import logging; logging.get('bus').warning('expired unread', first=3)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, "expired unread" in done.stderr) == ("", True)
