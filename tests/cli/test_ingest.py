"""communique ingest, and the sources behind it."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from streams.ingest import fields
from streams.ingest.page import decode
from tests.cli.command_line import Line


def bodies(line: Line) -> list[dict[str, object]]:
    return line("consume", "raw", "--exit-at-end", "--json").objects


def test_a_text_file_goes_in_with_its_name_as_source_id(line: Line) -> None:
    assert line("ingest", line.write("letter.txt", "Good morning.\n"), "--json").objects[0]["sent"] == 1
    assert bodies(line) == [
        {
            "content": "Good morning.\n",
            "content_type": "text/plain",
            "source_id": "letter.txt",
            "authors": [],
            "via": "file",
        }
    ]


def test_a_folder_is_read_in_order_with_paths_inside_it_as_source_ids(line: Line) -> None:
    for name in ("in/b/two.html", "in/a/one.txt", "in/.hidden/x.txt", "in/skip.pdf", "in/z.jsonl"):
        line.write(name, '{"content": "three"}' if name.endswith("jsonl") else name)
    assert line("ingest", str(line.folder / "in"), "--json").objects[0] | {"seconds": 0} == {
        "read": 3,
        "sent": 3,
        "known": 0,
        "bad": 0,
        "undated": 0,
        "left_out": 1,
        "seconds": 0,
    }
    assert {body.get("source_id") for body in bodies(line)} == {"a/one.txt", "b/two.html", None}


def test_files_left_out_of_a_folder_are_told_by_their_kinds(line: Line) -> None:
    for name in ("in/a.txt", "in/b.pdf", "in/c.PDF", "in/notes", "in/.hidden"):
        line.write(name, name)
    done = line("ingest", str(line.folder / "in"))
    assert done.code == 0
    assert "files left out, of no known kind: 3 (.pdf 2, no extension 1)" in done.err


def test_with_a_format_a_folder_is_read_whatever_its_files_are_called(line: Line) -> None:
    for name in ("in/0001", "in/two.eml", "in/.hidden"):
        line.write(name, name)
    assert line("ingest", str(line.folder / "in"), "--format", "txt").code == 0
    assert {body["source_id"] for body in bodies(line)} == {"0001", "two.eml"}


def test_gzip_is_unpacked_whatever_is_inside(line: Line) -> None:
    line.write("a.txt.gz", gzip.compress(b"text"))
    line.write("b.ndjson.gz", gzip.compress(b'{"content": "line"}\n'))
    assert line("ingest", "a.txt.gz", "b.ndjson.gz").code == 0
    assert {body["content"] for body in bodies(line)} == {"text", "line"}


def test_a_second_ingest_adds_nothing(line: Line) -> None:
    path = line.write("a.jsonl", '{"content": "x"}\n{"content": "y"}\n{"content": "x"}\n')
    assert line("ingest", path, "--json").objects[0]["sent"] == 2
    assert line("ingest", path, "--json").objects[0] | {"seconds": 0} == {
        "read": 3,
        "sent": 0,
        "known": 3,
        "bad": 0,
        "undated": 0,
        "left_out": 0,
        "seconds": 0,
    }
    assert len(bodies(line)) == 2


def test_again_sends_again_under_the_same_id(line: Line) -> None:
    path = line.write("a.txt", "x")
    line("ingest", path)
    assert line("ingest", path, "--again", "--json").objects[0]["sent"] == 1
    headers = [each["headers"] for each in line("consume", "raw", "--exit-at-end", "--envelope").objects]
    assert len(headers) == 2
    assert headers[0]["ce_id"] == headers[1]["ce_id"]


def test_bad_lines_are_reported_with_their_numbers_and_the_rest_goes_in(line: Line) -> None:
    path = line.write(
        "a.jsonl",
        b'{"content": "one"}\n{broken\n\n[1]\n{"content": 5}\n{"title": "t"}\n\xff\n{"content": "two"}',
    )
    done = line("ingest", path, "--json")
    assert done.code == 1
    assert (done.objects[0]["sent"], done.objects[0]["bad"]) == (2, 5)
    assert [each.split(": ")[0].rsplit(":", 1)[1] for each in done.err.splitlines()] == [
        "2",
        "4",
        "5",
        "6",
        "7",
    ]
    assert "its fields are title: say with --map" in done.err


@pytest.mark.parametrize(
    "line_",
    [
        b'{"content": "a", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"content": "\\ud800"}',
        b'{"content": "a", "published": 1e999}',
        b'{"content": null}',
        b"\x00",
        b"\x1f\x8b\x08",
    ],
    ids=["deep", "surrogate", "huge number", "null", "nul", "gzip"],
)
def test_a_hostile_line_is_bad_or_goes_in_and_never_stops_the_rest(line: Line, line_: bytes) -> None:
    done = line("ingest", line.write("a.jsonl", line_ + b'\n{"content": "good"}'), "--json")
    assert done.objects[0]["sent"] + done.objects[0]["bad"] == 2
    assert "good" in {body["content"] for body in bodies(line)}


def test_content_over_the_limit_is_refused_with_the_settings_name(line: Line) -> None:
    big = "x" * 900_001
    line.write("a.txt", big)
    line.write("b.jsonl", orjson.dumps({"content": big}) + b"\n" + orjson.dumps({"content": "y" * 900_000}))
    done = line("ingest", "a.txt", "b.jsonl", "--json")
    assert done.code == 1
    assert (done.objects[0]["sent"], done.objects[0]["bad"]) == (1, 2)
    assert done.err.count("COMMUNIQUE_CLEANING__MAX_CONTENT_BYTES") == 2


def test_a_line_longer_than_any_article_is_skipped_in_bounded_memory(line: Line) -> None:
    path = line.write("a.jsonl", b'{"content": "' + b"x" * 15_000_000 + b'"}\n{"content": "next"}\n')
    done = line("ingest", path)
    assert done.code == 1
    assert "a.jsonl:1" in done.err
    assert [body["content"] for body in bodies(line)] == ["next"]


def test_a_map_takes_their_fields_and_constants(line: Line) -> None:
    line.write(
        "m.toml",
        'content = "body.text"\nheadline = "t"\nauthors = "by"\nsource_id = "n"\noutlet = { constant = "Daily" }\n',
    )
    line.write("a.jsonl", '{"body": {"text": "Hello."}, "t": "", "by": "Ann Lee; Bo Ek and Cy", "n": 7}')
    assert line("ingest", "a.jsonl", "--map", "m.toml").code == 0
    assert bodies(line) == [
        {
            "content": "Hello.",
            "content_type": "text/plain",
            "source_id": "7",
            "authors": ["Ann Lee", "Bo Ek", "Cy"],
            "outlet": "Daily",
        }
    ]


def test_a_date_that_is_none_is_a_warning_with_its_place_and_the_article_goes_in(line: Line) -> None:
    line.write("m.toml", 'content = "c"\npublished = "p"\n')
    dates = ["2018-02-14", "yesterday", 1518566400, None, "", "2018", "Wed, 14 Feb 2018 10:00:00 GMT", 20180214]
    line.write("a.jsonl", b"\n".join(orjson.dumps({"c": f"no {n}", "p": p}) for n, p in enumerate(dates)))
    done = line("ingest", "a.jsonl", "--map", "m.toml", "--json")
    assert done.code == 0
    assert (done.objects[0]["sent"], done.objects[0]["undated"]) == (8, 2)
    assert [each.split(": write")[0] for each in done.err.splitlines()] == [
        "a.jsonl:2: warning: published is no date",
        "a.jsonl:3: warning: published looks like a Unix time, which is not read",
    ]


def test_warnings_without_end_are_only_counted(line: Line) -> None:
    line.write("a.jsonl", b"\n".join(b'{"content": "%d", "published": "?"}' % n for n in range(50)))
    done = line("ingest", "a.jsonl")
    assert len(done.err.splitlines()) == 21
    assert "50 with a date that is none" in done.out


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ({"content": "text", "headlin": "t"}, "did you mean headline"),
        ({"text": "content"}, 'write content = "text"'),
        ({"headline": "t"}, "must say where the text is"),
    ],
)
def test_a_wrong_map_says_what_to_write(line: Line, lines: dict[str, str], says: str) -> None:
    line.write("m.json", orjson.dumps(lines))
    done = line("ingest", line.write("a.jsonl", ""), "--map", "m.json")
    assert done.code == 2
    assert says in done.err


def test_a_map_that_is_no_toml_is_wrong_usage(line: Line) -> None:
    assert line("ingest", line.write("a.jsonl", ""), "--map", line.write("m.toml", "[[[")).code == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.txt"], "there is no file or folder nowhere.txt"),
        (["a.pdf"], "give --format"),
        (["a.txt", "--format", "pdf"], "known are"),
    ],
)
def test_a_path_that_cannot_be_read_is_wrong_usage(line: Line, words: list[str], says: str) -> None:
    line.write("a.pdf", b"%PDF")
    line.write("a.txt", b"x")
    done = line("ingest", *words)
    assert done.code == 2
    assert says in done.err


def test_backfill_is_marked_and_live_is_not(line: Line) -> None:
    line("ingest", line.write("a.txt", "a"))
    line("ingest", line.write("b.txt", "b"), "--backfill")
    found = {
        each["body"]["source_id"]: each["headers"].get("ce_deliverymode")
        for each in line("consume", "raw", "--exit-at-end", "--envelope").objects
    }
    assert found == {"a.txt": None, "b.txt": "backfill"}


@pytest.mark.parametrize(
    ("given", "body"),
    [
        (b'{"content": "json"}\n', {"content": "json", "content_type": "text/plain", "authors": []}),
        (
            b"<p>page</p>",
            {"content": "<p>page</p>", "content_type": "text/html", "authors": [], "via": "file"},
        ),
        (
            b"plain words",
            {"content": "plain words", "content_type": "text/plain", "authors": [], "via": "file"},
        ),
    ],
)
def test_stdin_is_known_by_its_first_character(line: Line, given: bytes, body: dict[str, object]) -> None:
    assert line.process("ingest", "-", given=given).code == 0
    assert bodies(line) == [body]


def test_records_of_a_slow_pipe_leave_at_once_and_ctrl_c_ends_it(line: Line) -> None:
    line.prepare()
    process = subprocess.Popen(
        [sys.executable, "-m", "streams.cli.app", "ingest", "-", "--format", "jsonl"], stdin=subprocess.PIPE
    )
    assert process.stdin
    process.stdin.write(b'{"content": "now"}\n')
    process.stdin.flush()
    while not bodies(line):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    process.stdin.close()


def test_text_in_another_encoding_is_refused_until_it_is_named(line: Line) -> None:
    path = line.write("a.txt", "Привет".encode("cp1251"))
    assert "give --encoding" in line("ingest", path).err
    assert line("ingest", path, "--encoding", "cp1251").code == 0
    assert bodies(line)[0]["content"] == "Привет"
    assert line("ingest", path, "--encoding", "klingon").code == 1


@pytest.mark.parametrize(
    ("raw", "html", "text"),
    [
        (b"\xef\xbb\xbfa", False, "a"),
        ("б".encode("utf-16"), False, "б"),
        ("б".encode("utf-32"), False, "б"),
        (b'<meta http-equiv="x" content="text/html; charset=koi8-r">\xc1', True, "а"),
        (b"<meta charset=no-such>\xc3\xa9", True, "é"),
        (b"<p>\x93quoted\x94", True, "“quoted”"),
    ],
)
def test_bytes_become_text_by_mark_by_word_or_by_rule(raw: bytes, html: bool, text: str) -> None:
    assert decode(raw, html=html).endswith(text)


def test_a_record_in_our_fields_needs_no_map() -> None:
    assert fields.AS_IT_IS.apply({"content": "x"}) == {"content": "x"}


def test_a_web_archive_a_table_and_columns_go_in_by_their_names(line: Line) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tests.ingest.archives import Archive, page, record

    line.write("in/a.warc.gz", bytes(Archive.of(page("from a crawl"), record("request", b"GET / HTTP/1.1\r\n\r\n"), packed=True).whole))
    line.write("in/b.csv", "content,outlet\nfrom a table,Daily\n")
    pq.write_table(pa.table({"content": ["from columns"]}), line.folder / "in" / "c.parquet")
    done = line("ingest", str(line.folder / "in"), "--json")
    assert (done.code, done.objects[0]["sent"], done.objects[0]["left_out"]) == (0, 3, 1)
    assert "records left out: 1 (request 1)" in done.err
    assert {body["content"] for body in bodies(line)} == {"<p>from a crawl</p>", "from a table", "from columns"}


def test_a_web_archive_from_stdin_and_in_process(line: Line) -> None:
    from tests.ingest.archives import Archive, page

    archive = bytes(Archive.of(page("A page of some words. " * 30), packed=True).whole)
    assert line.process("ingest", "-", "--json", given=archive).objects[0]["sent"] == 1
    (event,) = line("process", "--until", "clean", line.write("x.warc.gz", archive)).objects
    assert event["url"] == "http://a.example"


def broken_off(line: Line, path: str, lines: int, *words: str) -> None:
    """Load, and kill -9 as soon as a checkpoint is there."""
    import time
    from pathlib import Path

    folder = Path(line.settings.state) / "ingest"
    load = subprocess.Popen([sys.executable, "-m", "streams.cli.app", "ingest", path, *words], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not list(folder.glob("*.json")) and load.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    load.kill()
    load.wait()
    assert list(folder.glob("*.json")), "the load was over before it was killed"


@pytest.fixture
def many(line: Line) -> str:
    return line.write("many.jsonl", "".join(f'{{"content": "article {number} {"x" * 400}"}}\n' for number in range(12_000)))


def test_a_load_that_was_killed_goes_on_where_it_was_and_nothing_is_missing(line: Line, many: str) -> None:
    broken_off(line, many, 12_000)
    done = line("ingest", many, "--json")
    assert "goes on where it broke off" in done.err
    assert done.objects[0]["read"] < 12_000
    assert len({body["content"] for body in bodies(line)}) == 12_000
    assert line("ingest", many, "--json").objects[0]["known"] == 12_000, "a load that ended leaves no checkpoint"


@pytest.mark.parametrize("what", ["file changed", "file of the same size and time", "bus made anew"])
def test_a_load_starts_anew_when_its_checkpoint_no_longer_tells_the_truth(line: Line, many: str, what: str) -> None:
    broken_off(line, many, 12_000)
    if what == "file changed":
        text = (line.folder / "many.jsonl").read_text()
        line.write("many.jsonl", text.replace("article 5 ", "article five "))
    elif what == "file of the same size and time":
        path = line.folder / "many.jsonl"
        times = path.stat().st_atime_ns, path.stat().st_mtime_ns
        line.write("many.jsonl", path.read_text().replace("article 5 ", "article V "))
        os.utime(path, ns=times)
    else:
        for path in line.folder.rglob("log.db*"):
            path.unlink()
    done = line("ingest", many, "--json")
    assert done.objects[0]["read"] == 12_000
    assert len({body["content"].replace("five", "5").replace("V", "5") for body in bodies(line)}) == 12_000


def test_what_a_load_remembers_is_bounded() -> None:
    from streams.ingest.known import Known

    known = Known({"held"}, lately=3)
    for number in range(10):
        known.add(str(number))
    assert [str(number) in known for number in range(10)] == [False] * 7 + [True] * 3
    assert "held" in known


def test_a_file_name_that_is_no_utf_8_and_a_moment_outside_of_all_years_stop_no_load(line: Line) -> None:
    folder = line.folder / "in"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/a\xff.txt")).write_text("The harbour opens again.")
    Path(os.fsdecode(os.fsencode(folder) + b"/b\xff.txt")).write_bytes(b"\xff\xfe\xfd")
    line.write("in/c.jsonl", b'{"content": "x", "fetched_at": "9999-12-31T23:59:59-23:59"}\n{"content": "The port closes."}\n')
    answer = line("ingest", str(folder), "--json")
    assert answer.code == 1
    assert "fetched_at" in answer.err
    assert (answer.objects[0]["sent"], answer.objects[0]["bad"]) == (2, 2)


def test_a_name_that_would_steer_the_terminal_does_not(line: Line) -> None:
    (line.folder / "a\x1b[2J.jsonl").write_text('{"\\u001b]0;owned": 1}\n')
    told = line("ingest", "a\x1b[2J.jsonl").err
    assert "a\ufffd[2J.jsonl:1" in told
    assert "\x1b" not in told
