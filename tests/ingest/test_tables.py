"""What rows of CSV and Parquet give."""

from __future__ import annotations

import datetime as dt
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streams.core.outcome import Usage
from streams.ingest import fields
from streams.ingest.columns import parquet_rows
from streams.ingest.found import Article, Bad, Reading
from streams.ingest.table import csv_rows

LIMIT = 10_000


def rows(text: str | bytes, **how) -> list:
    raw = text if isinstance(text, bytes) else text.encode()
    return list(csv_rows(io.BytesIO(raw), "a.csv", None, Reading(LIMIT, **how)))


@pytest.mark.parametrize(
    "text",
    [
        "content,headline\nIt rained.,Rain\n",
        "content;headline\r\nIt rained.;Rain\r\n",
        "headline\tcontent\nRain\tIt rained.\n",
        '"content"|"headline"\n"It rained."|"Rain"',
        "\ufeffcontent,headline\nIt rained.,Rain",
        "content,headline\nIt rained.,Rain\n".encode("utf-16"),
    ],
    ids=["comma", "semicolon", "tab", "bar and quotes", "mark", "utf-16"],
)
def test_delimiter_and_encoding_are_found_out(text: str | bytes) -> None:
    (found,) = rows(text)
    assert (found.where, found.article.content, found.article.headline) == ("a.csv:2", "It rained.", "Rain")


def test_letters_of_an_old_file_are_found_out_or_given() -> None:
    text = "content,headline\n" + "Здравствуйте товарищи и друзья,Привет\n" * 20
    assert {each.article.headline for each in rows(text.encode("cp1251"))} == {"Привет"}
    assert rows(text.encode("koi8-r"), encoding="koi8-r")[0].article.headline == "Привет"


def test_a_row_that_is_not_in_the_encoding_is_bad() -> None:
    text = b"content\n" + b"good\n" * 20_000 + b"caf\xe9\n" + b"good\n"
    found = rows(text)
    assert [(each.where, "--encoding" in each.why) for each in found if isinstance(each, Bad)] == [("a.csv:20002", True)]
    assert len(found) == 20_002


def test_bad_rows_are_told_with_the_line_they_begin_on() -> None:
    found = rows('content,url\n"two\nlines",u\nonly one\na,b,c\n\n,u\nlast,u\n')
    assert [(each.where, type(each).__name__) for each in found] == [
        ("a.csv:2", "Article"), ("a.csv:4", "Bad"), ("a.csv:5", "Bad"), ("a.csv:7", "Bad"), ("a.csv:8", "Article")]
    assert found[0].article.content == "two\nlines"


def test_a_field_over_the_limit_is_bad_and_a_quote_never_closed_ends_its_row_only() -> None:
    found = rows("content\n" + "x" * 20_000 + "\nshort\n")
    assert [type(each) for each in found] == [Bad, Article]
    endless = rows('content\n"never closed\n' + "line " * 50 + "\n" + ("line " * 50 + "\n") * 5_000 + "end\n")
    assert "is a quote not closed?" in endless[0].why
    assert endless[-1].article.content == "end"


def test_a_map_takes_columns() -> None:
    mapped = fields.parse({"content": "Text", "authors": "By"}, "m")
    (found,) = rows("Text,By\nHello.,A. B.; C. D.\n", fields=mapped)
    assert found.article.authors == ("A. B.", "C. D.")


@pytest.mark.parametrize(
    ("text", "how", "why"),
    [
        ("content,headline\n,Rain\n", {}, "the column content is empty in this row"),
        ("Text,By\n ,A. B.\n", {"fields": fields.parse({"content": "Text", "authors": "By"}, "m")}, "the column Text is empty in this row"),
        ("body,headline\nIt rained.,Rain\n", {}, "has no content; its fields are body, headline: say with --map"),
    ],
    ids=["empty", "blank by a map", "another column"],
)
def test_a_row_without_a_text_is_told_with_its_line_its_column_and_what_to_do(text: str, how: dict, why: str) -> None:
    (found,) = rows(text, **how)
    assert (found.where, why in found.why, "--map" in found.why) == ("a.csv:2", True, True)


def test_a_delimiter_of_two_characters_and_an_unknown_encoding_are_wrong_usage() -> None:
    for how in ({"delimiter": "ab"}, {"encoding": "none-such"}):
        with pytest.raises(Usage):
            rows("content\nx\n", **how)


def test_rows_go_on_behind_what_is_over() -> None:
    text = 'content\none\n"two\nlines"\nthree,\nfour\n'
    everything = rows(text)
    for done in range(7):
        assert rows(text, after=done) == [each for each in everything if each.done > done]


def table(**columns) -> io.BytesIO:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, row_group_size=3)
    stream.seek(0)
    return stream


def columns(stream, **how) -> list:
    return list(parquet_rows(stream, "a.parquet", None, Reading(LIMIT, **how)))


def test_columns_nested_lists_times_and_bytes_become_fields() -> None:
    mapped = fields.parse({"content": "text", "outlet": "site.name", "authors": "by", "published": "on", "fetched_at": "at", "source_id": "id"}, "m")
    moment = dt.datetime(2018, 2, 14, 12, tzinfo=dt.UTC)
    stream = table(text=[b"Hello."], site=[{"name": "Daily", "n": 1}], by=[["A", "B"]], on=[dt.date(2018, 2, 14)], at=[moment], id=[7], other=[1.5])
    (found,) = columns(stream, fields=mapped)
    assert found.article.model_dump(mode="json", exclude_none=True) == {
        "content": "Hello.", "content_type": "text/plain", "source_id": "7", "authors": ["A", "B"], "published": "2018-02-14",
        "outlet": "Daily", "fetched_at": "2018-02-14T12:00:00Z"}


def test_a_time_without_a_zone_is_utc() -> None:
    (found,) = columns(table(content=["x"], published=[dt.datetime(2018, 2, 14, 12)]))  # noqa: DTZ001  # that is the case
    assert found.article.published == "2018-02-14T12:00:00+00:00"


def test_parquet_goes_on_behind_what_is_over_row_groups_and_rows() -> None:
    content = [f"number {number}" for number in range(10)]
    everything = columns(table(content=content))
    assert [each.article.content for each in everything] == content
    for done in range(11):
        assert columns(table(content=content), after=done) == everything[done:]


def utf8_or_not(*cells: bytes) -> pa.Array:
    """Return a column of text that nobody has looked at, as other writers make it."""
    return pa.Array.from_buffers(pa.string(), len(cells), pa.array(cells, pa.binary()).buffers())


ODD = {
    "no UTF-8": ({"content": utf8_or_not(b"one", b"caf\xe9", b"three")}, "the column content is not UTF-8 (byte 3)"),
    "no UTF-8 in a list": ({"authors": pa.ListArray.from_arrays([0, 1, 2, 3], utf8_or_not(b"A", b"\xff", b"C"))}, "the column authors is not UTF-8 (byte 0)"),
    "no UTF-8 beside": ({"site": pa.StructArray.from_arrays([utf8_or_not(b"A", b"\xff", b"C")], ["name"])}, "the column site is not UTF-8 (byte 0)"),
    "a moment too late": ({"published": pa.array([1, 2**62, 3], pa.timestamp("ms"))}, "the column published cannot be read: OverflowError"),
    "a day too late": ({"published": pa.array([1, 2**31 - 1, 3], pa.date32())}, "the column published cannot be read: OverflowError"),
}


@pytest.mark.parametrize(("given", "why"), ODD.values(), ids=ODD)
def test_a_cell_that_cannot_be_read_is_one_bad_row(given: dict, why: str) -> None:
    stream = table(**({"content": ["one", "two", "three"]} | given))
    found = columns(stream)
    assert [(each.where, type(each)) for each in found] == [("a.parquet:1", Article), ("a.parquet:2", Bad), ("a.parquet:3", Article)]
    assert found[1].why == why
    assert columns(stream, after=2) == found[2:]


def test_a_zone_that_nobody_knows_and_nanoseconds_do_not_end_the_file() -> None:
    at = {"published": pa.array([1_518_566_400_000_000_001] * 2, pa.timestamp("ns", "UTC"))}
    assert {each.article.published for each in columns(table(content=["a", "b"], **at))} == {"2018-02-14T00:00:00+00:00"}
    zoned = {"published": pa.array([None, 1], pa.timestamp("us", "Mars/Olympus"))}
    assert [type(each) for each in columns(table(content=["a", "b"], **zoned))] == [Article, Bad]


def test_a_file_that_is_no_parquet_and_one_that_is_damaged_are_bad() -> None:
    (bad,) = columns(io.BytesIO(b"PAR1 nothing"))
    assert "cannot be read on" in bad.why
    whole = bytearray(table(content=[f"words {number} " * 50 for number in range(9)]).getvalue())
    whole[len(whole) // 3 : len(whole) // 3 + 40] = b"\xff" * 40
    assert isinstance(columns(io.BytesIO(bytes(whole)))[-1], Bad)
