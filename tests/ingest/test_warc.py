"""What a web archive gives, whole and damaged."""

from __future__ import annotations

import gzip
import io
import zlib

import brotli
import pytest

from streams.core.outcome import CommuniqueError
from streams.ingest import fields
from streams.ingest.found import Article, Bad, Passed, Reading
from streams.ingest.warc import warc_file
from tests.ingest.archives import Archive, answer, page, record

LIMIT = 10_000


def read(whole: bytes, **how) -> list:
    return list(warc_file(io.BytesIO(bytes(whole)), "a.warc", None, Reading(how.pop("limit", LIMIT), **how)))


def contents(found: list) -> list[str]:
    return [each.article.content for each in found if isinstance(each, Article)]


@pytest.mark.parametrize("packed", [True, False])
def test_a_page_has_its_address_time_headers_and_place(packed: bool) -> None:
    archive = Archive.of(page("one"), page("two", "http://a.example/straße".encode(), b'ETag: "x"', b"Last-Modified: yesterday"), packed=packed)
    one, two = read(archive.whole)
    assert two.where == f"a.warc@{archive.at[1]}"
    article = two.article.model_dump(mode="json", exclude_none=True)
    assert article.pop("source_id").startswith("urn:uuid:")
    assert article == {
        "content": "<p>two</p>", "content_type": "text/html", "url": "http://a.example/straße", "authors": [], "via": "warc",
        "fetched_at": "2018-02-14T12:00:00Z", "http": {"status": 200, "etag": '"x"', "last_modified": "yesterday"},
    }
    assert (one.done, two.done) == (1, 2)


@pytest.mark.parametrize(
    ("made", "what"),
    [
        (record("request", b"GET / HTTP/1.1\r\n\r\n"), "request"),
        (record("revisit", answer(b"")), "revisit"),
        (record("metadata", b"x"), "metadata"),
        (record("warcinfo", b"x"), "warcinfo"),
        (record("response", answer(b"", status=b"301 Moved")), "status 301"),
        (record("response", answer(b"", status=b"404 No")), "status 404"),
        (record("response", answer(b"x", content_type=b"image/png")), "image/png"),
        (record("response", b"no http at all"), "status None"),
        (record("resource", b"x", b"file:///a", b"Content-Type: text/css"), "text/css"),
    ],
)
def test_what_is_no_page_is_passed_over_by_what_it_is(made: bytes, what: str) -> None:
    found = read(Archive.of(made, page(), packed=True).whole)
    assert (type(found[0]), found[0].what, contents(found)) == (Passed, what, ["<p>hello</p>"])


def test_text_of_a_wet_file_is_an_article() -> None:
    (found,) = read(record("conversion", b"Plain words.", b"http://a.example/", b"Content-Type: text/plain"))
    assert (found.article.content, found.article.content_type, found.article.http) == ("Plain words.", "text/plain", None)


WORD = "Привет, мир: здравствуйте"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (WORD.encode("cp1251"), b"text/html; charset=windows-1251"),
        (WORD.encode(), b"text/html"),
        (b"\xef\xbb\xbf" + WORD.encode(), b"text/html; charset=windows-1251"),
        (WORD.encode("utf-16"), b"text/html"),
        (b'<meta charset="koi8-r">' + WORD.encode("koi8-r"), b"text/html"),
        (b'<meta charset="koi8-r">' + WORD.encode(), b"text/html; charset=UTF8"),
        (WORD.encode(), b"text/html; charset=none-such"),
        (b"<p>" + 20 * WORD.encode("cp1251"), b"text/plain"),
    ],
    ids=["header", "utf-8", "mark before header", "utf-16 mark", "meta", "header before meta", "unknown", "detected"],
)
def test_letters_are_right_by_mark_header_page_or_their_looks(body: bytes, content_type: bytes) -> None:
    (content,) = contents(read(record("response", answer(body, content_type=content_type))))
    assert WORD in content
    assert not content.startswith("\ufeff")


def test_latin_1_means_windows_1252_as_on_the_web() -> None:
    assert contents(read(record("response", answer(b"\x93x\x94", content_type=b"text/html; charset=iso-8859-1")))) == ["“x”"]


PLAIN = b"<p>packed</p>"
RAW_DEFLATE = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize(
    ("body", "heads"),
    [
        (gzip.compress(PLAIN), [b"Content-Encoding: gzip"]),
        (zlib.compress(PLAIN), [b"Content-Encoding: deflate"]),
        (RAW_DEFLATE.compress(PLAIN) + RAW_DEFLATE.flush(), [b"Content-Encoding: deflate"]),
        (brotli.compress(PLAIN), [b"Content-Encoding: br"]),
        (PLAIN, [b"Content-Encoding: gzip"]),
        (PLAIN, [b"Content-Encoding: br"]),
        (PLAIN, [b"Content-Encoding: deflate"]),
        (b"6\r\n<p>pac\r\n7;x=y\r\nked</p>\r\n0\r\n\r\n", [b"Transfer-Encoding: chunked"]),
        (PLAIN, [b"Transfer-Encoding: chunked"]),
        (b"%x\r\n" % len(gzip.compress(PLAIN, mtime=0)) + gzip.compress(PLAIN, mtime=0) + b"\r\n0\r\n\r\n", [b"Transfer-Encoding: chunked", b"Content-Encoding: gzip"]),
        (brotli.compress(gzip.compress(PLAIN)), [b"Content-Encoding: gzip, br"]),
    ],
    ids=["gzip", "deflate", "raw deflate", "br", "not gzip", "not br", "not deflate", "chunks", "no chunks", "gzip in chunks", "br of gzip"],
)
def test_a_body_is_unpacked_when_it_is_packed_as_its_headers_say(body: bytes, heads: list[bytes]) -> None:
    assert contents(read(record("response", answer(body, *heads)))) == ["<p>packed</p>"]


@pytest.mark.parametrize(
    ("body", "encoding"), [(gzip.compress(b"x" * 5_000_000, 1), b"gzip"), (brotli.compress(b"x" * 5_000_000, quality=1), b"br"), (zlib.compress(b"x" * 5_000_000, 1), b"deflate"), (b"x" * 100_000, b"identity")]
)
def test_a_bomb_is_bad_and_the_next_page_goes_in(body: bytes, encoding: bytes) -> None:
    found = read(Archive.of(record("response", answer(body, b"Content-Encoding: " + encoding)), page(), packed=False).whole)
    assert [type(each) for each in found] == [Bad, Article]
    assert "COMMUNIQUE_CLEANING__MAX_CONTENT_BYTES" in found[0].why


@pytest.mark.parametrize("body", [gzip.compress(PLAIN)[:-9], gzip.compress(PLAIN)[:12] + b"\xff\xff\xff" + gzip.compress(PLAIN)[15:]])
def test_a_body_that_cannot_be_unpacked_is_bad(body: bytes) -> None:
    (bad,) = read(record("response", answer(body, b"Content-Encoding: gzip")))
    assert "cannot be unpacked" in bad.why


def test_what_the_crawler_cut_off_is_bad() -> None:
    (bad,) = read(record("response", answer(PLAIN), b"http://a.example/", b"WARC-Truncated: length"))
    assert "WARC-Truncated: length" in bad.why


FIVE = [page(f"number {number}" + " and more" * 40) for number in range(5)]


def numbers(found: list) -> list[int]:
    return [int(content.split()[1]) for content in contents(found)]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    ("spoil", "left"),
    [
        (lambda whole, at: whole[: at[4] + 200], [0, 1, 2, 3]),
        (lambda whole, at: whole[: at[4] + 3], [0, 1, 2, 3]),
        (lambda whole, at: whole[: at[2]] + b"\0" * 5000 + whole[at[2] :], [0, 1, 2, 3, 4]),
        (lambda whole, at: whole[: at[2]] + b"XXXXX" + whole[at[2] + 5 :], [0, 1, 3, 4]),
        (lambda whole, at: b"XXXX" + whole[4:], [1, 2, 3, 4]),
        (lambda whole, at: whole[: at[2] + 4] + b"\xff" * 40 + whole[at[2] + 44 :], [0, 1, 3, 4]),
    ],
    ids=["cut", "cut in a header", "zeros between", "no header", "bad beginning", "garbage inside"],
)
def test_damage_is_told_with_its_place_and_the_rest_goes_in(packed: bool, spoil, left: list[int]) -> None:
    archive = Archive.of(*FIVE, packed=packed)
    found = read(spoil(bytes(archive.whole), archive.at))
    assert numbers(found) == left
    assert [each for each in found if isinstance(each, Bad)]
    assert [each.done for each in found] == sorted(each.done for each in found)


def test_a_length_that_is_wrong_costs_one_record() -> None:
    short, long = FIVE[1].replace(b"Content-Length: 4", b"Content-Length: 3"), FIVE[1].replace(b"Content-Length: 4", b"Content-Length: 94")
    for wrong in (short, long):
        found = read(b"".join([FIVE[0], wrong, *FIVE[2:]]))
        assert set(numbers(found)) >= {0, 2, 3, 4}
        assert any(isinstance(each, Bad) for each in found)


def test_an_archive_packed_as_a_whole_is_read_too() -> None:
    assert numbers(read(gzip.compress(b"".join(FIVE)))) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("packed", [True, False])
def test_reading_goes_on_behind_what_is_over_with_the_same_places(packed: bool) -> None:
    archive = Archive.of(*FIVE, packed=packed)
    whole = archive.whole[: archive.at[1]] + b"XX" + archive.whole[archive.at[1] + 2 :]
    everything = read(whole)
    for done in range(7):
        assert read(whole, after=done) == [each for each in everything if each.done > done]


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        (b"<http://a.example/x>", "http://a.example/x"),
        (b"http://a.example/\xe9t\xe9", "http://a.example/%E9t%E9"),
        ("http://пример.example/я".encode(), "http://пример.example/я"),
        (b"http://a.example/a b", "http://a.example/a%20b"),
    ],
)
def test_addresses_are_kept_as_they_are_or_percent_encoded(uri: bytes, url: str) -> None:
    (found,) = read(page("x", uri))
    assert found.article.url == url


def test_a_map_adds_to_what_a_page_has() -> None:
    mapped = fields.parse({"content": "content", "outlet": {"constant": "Daily"}, "language": "http_headers.content-language"}, "m")
    (found,) = read(page("x", b"http://a.example/", b"Content-Language: de"), fields=mapped)
    assert (found.article.outlet, found.article.language, found.article.url) == ("Daily", "de", "http://a.example/")


def test_a_pipe_is_read_and_damage_ends_it() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    found = list(warc_file(Pipe(b"".join([*FIVE[:2], b"garbage\r\n\r\n", *FIVE[2:]])), "-", None, Reading(LIMIT)))
    assert (numbers(found), "nothing behind it can be read" in found[-1].why) == ([0, 1], True)


def test_hostile_bytes_never_raise_and_never_hang() -> None:
    from random import Random

    draw, sources = Random(7), [Archive.of(*FIVE, packed=packed).whole for packed in (True, False)]
    for _ in range(1500):
        whole = bytearray(draw.choice(sources))
        for _ in range(draw.randrange(1, 5)):
            at = draw.randrange(len(whole))
            whole[at : at + draw.choice((0, 1, 100))] = draw.randbytes(draw.randrange(0, 30))
        try:
            found = read(whole)
        except CommuniqueError as error:  # pragma: no cover  # printed with its bytes
            pytest.fail(f"{error} on {bytes(whole)!r}")
        assert len(found) < 40
