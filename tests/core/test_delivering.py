"""How alerts leave, the pure part: addresses, URLs, pauses, matchers, words."""

from __future__ import annotations

import json
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import AlertKind, AlertRule
from streams.core.delivering.matching import (
    Inhibition,
    check_names,
    group_name,
    inhibited,
    labels_of,
    matcher,
)
from streams.core.delivering.pace import Breaker, due_at, failed, pause_seconds, retry_after
from streams.core.delivering.signature import key_of, signatures
from streams.core.delivering.wording import body_of, told
from streams.core.outcome import Usage
from streams.core.web.addresses import why_closed
from streams.core.web.target import Allowed, TargetRefused, target_of
from streams.testing.builders import alert

CLOSED = ["127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.0.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "100.127.255.255", "192.0.0.192", "168.63.129.16", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:1.1.1.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "64:ff9b::101:101", "2002:7f00:1::", "2002:0a00:0001::1", "2001::1", "2001:0:7f00:1::1", "2001:db8::1", "2001:10::1", "3fff::1", "5f00::1", "100::1", "fc00::1", "fd00:ec2::254", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "2606:4700::1%1"]
OPEN = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::200e"]


@pytest.mark.parametrize("address", CLOSED)
def test_an_address_that_is_not_public_is_closed(address):
    assert why_closed(address)


@pytest.mark.parametrize("address", OPEN)
def test_a_public_address_is_open(address):
    assert why_closed(address) is None


@pytest.mark.parametrize("address", ["", "localhost", "1.1.1", "0x7f000001", "2130706433", "127.1", "1.1.1.1 "])
def test_what_is_no_address_is_closed(address):
    assert why_closed(address) == "no address"


def test_what_the_operator_allows_is_open_as_it_is_written_and_nothing_else():
    nets = [ip_network("127.0.0.0/8"), ip_network("fd00::/8")]
    assert why_closed("127.0.0.1", nets) is None
    assert why_closed("fd00::1", nets) is None
    assert why_closed("::ffff:127.0.0.1", nets)
    assert why_closed("10.0.0.1", nets)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_outside_global_unicast_is_open(address):
    if int(address) >> 125 != 1:
        assert why_closed(str(address))


REFUSED = [
    "", "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org:70/",
    "https://user@example.org/", "https://user:pw@example.org/", "https://example.org@127.0.0.1/",
    "https://example.org:22/", "https://example.org:8443/", "https://example.org:443000/", "https://example.org:/",
    "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://017700000001/", "https://0/", "https://127.0.0.1./",
    "https://127.0.0.01/", "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://[::]/",
    "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[fe80::1%25eth0]/", "https://[::1",
    "https://[127.0.0.1]/", "https://1.2.3.4.5/", "https://999.1.1.1/", "https://a.0x1/", "https://a.1/",
    "https://example.org\\@127.0.0.1/", "https://example.org#@127.0.0.1/", "https://exa mple.org/",
    "https://example.org/\n", "https://example.org/\r\nHost: a", "https://ex%61mple.org/", "https://%31%32%37.0.0.1/",
    "https://①②⑦.0.0.1/", "https://ⓔxample.org/", "https://пример.рф/", "https://example。org/", "https:///x",
    "https:example.org", "https://.example.org/", "https://example..org/", "https://-a.example/", "//example.org/",
    "https://example.org/" + "a" * 3000, " https://example.org/", "HTTPS://example.org/", "https://example.org:0443/x",
]


@pytest.mark.parametrize("url", [url for url in REFUSED if ":0443" not in url])
def test_a_url_that_two_parsers_could_read_differently_or_that_leads_inside_is_refused(url):
    with pytest.raises(TargetRefused) as told_why:
        target_of(url, Allowed())
    assert not url or url not in str(told_why.value)


@pytest.mark.parametrize("url", ["https://example.org", "https://example.org/a/b?c=d&e=@x", "https://1.1.1.1/",
                                 "https://[2606:4700::1111]/", "https://xn--e1afmkfd.example/", "https://example.org:443/"])
def test_a_plain_public_url_is_taken(url):
    assert target_of(url, Allowed()).port == 443


def test_http_ports_and_networks_are_opened_each_for_itself():
    assert target_of("http://example.org/", Allowed(http=True)).port == 80
    assert target_of("https://example.org:8443/", Allowed(ports=frozenset({8443}))).port == 8443
    assert target_of("https://127.0.0.1/", Allowed(networks=(ip_network("127.0.0.0/8"),))).literal
    with pytest.raises(TargetRefused):
        target_of("http://example.org:8443/", Allowed(http=True))


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_of_urls_fail_otherwise(text):
    for url in (text, f"https://{text}", f"https://{text}/"):
        try:
            target_of(url, Allowed())
        except TargetRefused:
            continue


@pytest.mark.parametrize(("value", "seconds"), [
    (None, None), ("", None), ("0", 0), ("120", 120), (" 7 ", 7), ("-5", None), ("1.5", None), ("soon", None),
    ("Thu, 01 Jan 1970 00:02:00 GMT", 20), ("Thursday, 01-Jan-70 00:02:00 GMT", 20), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ("9" * 400, 999999999), ("Thu, 99 Foo 1970", None), ("²", None),
])
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert retry_after(value, 100) == seconds


def test_pauses_spread_from_nothing_to_a_bound_that_doubles_and_keep_to_what_was_asked():
    assert pause_seconds(5, lambda _: 0) == 0
    assert pause_seconds(5, lambda most: most) == 32
    assert pause_seconds(10**6, lambda most: most) == 3600
    assert pause_seconds(1, lambda most: most, asked=90) == 90
    assert pause_seconds(1, lambda most: most, asked=1e9) == 86_400


def test_three_days_are_enough_attempts_and_not_too_many():
    at, attempts = 0.0, 0
    while at < 72 * 3600:
        attempts += 1
        at += pause_seconds(attempts, lambda most: most)
    assert 70 < attempts < 100


def test_a_breaker_opens_at_its_count_and_rests_twice_as_long_each_time():
    breaker = Breaker()
    rests = []
    for _ in range(8):
        breaker = failed(breaker, 0, most=5, open_seconds=10)
        rests.append(breaker.open_until)
    assert rests == [0, 0, 0, 0, 10, 20, 40, 80]
    assert failed(Breaker(), 0, most=5, open_seconds=10, asked=60).open_until == 60


def test_a_group_waits_and_keeps_its_interval():
    assert [due_at(100, 10, sent, 60) for sent in (None, 0, 95)] == [110, 110, 155]


@pytest.mark.parametrize(("text", "holds"), [
    ("rule=rule", True), ("rule=RULE", True), ("rule=ru*", True), ("rule=x", False), ("rule!=x", True),
    ("speaker=Ines Varga", True), ("place=quay", True), ("place!=quay", False), ("none=x", False), ("none!=x", True),
    ("rule=*", True), ("line=VARGA*", True),
])
def test_matchers_compare_labels(text, holds):
    labels = labels_of(alert("a", rule=AlertRule(name="rule", version="1", group={"place": "quay"})))
    assert matcher(text).holds(labels) is holds


@pytest.mark.parametrize("text", ["", "rule", "=x", "rule=", "!=x"])
def test_what_is_no_matcher_is_wrong_usage(text):
    with pytest.raises(Usage, match="no matcher"):
        matcher(text)


def test_a_matcher_on_a_label_that_no_alert_has_is_wrong_usage():
    check_names([matcher("rule=x"), matcher("speech_act!=deny")])
    with pytest.raises(Usage, match=r"no alert has 'rul'.*rule"):
        check_names([matcher("rul=x")])


def test_a_group_is_named_by_its_rule_and_values_in_order():
    group = {"b": "2", "a": "1"}
    assert group_name(alert("x", rule=AlertRule(name="r", version="1", group=group))) == "r a=1 b=2"


def test_inhibition_asks_for_the_same_values_and_a_short_time():
    rule = Inhibition((matcher("severity=critical"),), (matcher("severity=info"),), ("speaker",), 60)
    big = {"severity": "critical", "speaker": "A", "alert": "1"}
    small = {"severity": "info", "speaker": "A", "alert": "2"}
    assert inhibited(small, 100, [(big, 50)], [rule])
    assert not inhibited(small, 200, [(big, 50)], [rule])
    assert not inhibited(small | {"speaker": "B"}, 100, [(big, 50)], [rule])
    assert not inhibited(big, 100, [(big, 100)], [rule])


def test_a_notification_is_json_with_its_alerts_as_they_came():
    first, second = alert('a „quoted“ "thing"'), alert("b")
    bodies = [each.model_dump_json() for each in (first, second)]
    body = json.loads(body_of("key", "desk", "rule", 1, bodies, [first, second]))
    assert body["type"] == "news.alert.notification"
    assert body["timestamp"] == "2018-02-14T00:00:00Z"
    assert body["data"]["alerts"] == [json.loads(each) for each in bodies]
    assert body["data"]["title"] == f"AGAIN: {first.line}"


def test_the_words_of_a_notification_have_line_source_reason_and_what_it_corrects():
    words = told([alert("a"), alert("b", corrects="f" * 32)])
    assert words.title == alert("a").line
    for part in ("“a”", "Harbour Gazette, https://gazette.example/quay", "why: speaker = Ines Varga", alert("b").line, f"corrects {'f' * 32}"):
        assert part in words.text


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "whsec_AAAA", "whsec_" + "A" * 200])
def test_a_secret_that_is_none_is_refused_without_being_told(secret):
    with pytest.raises(ValueError, match="a webhook secret") as told_why:
        key_of(secret)
    assert "!!!" not in str(told_why.value)


def test_each_secret_signs():
    keys = (b"a" * 24, b"b" * 24)
    found = signatures(keys, "id", 1, b"{}").split(" ")
    assert [each[:3] for each in found] == ["v1,", "v1,"]
    assert found[0] != found[1]


def test_a_digest_says_of_how_many_things_it_is():
    digests = [alert(name, kind=AlertKind.DIGEST) for name in ("a", "b")]
    assert told(digests).title == f"DIGEST OF 2: {digests[0].line}"
    assert told(digests[:1]).title == digests[0].line
    assert told(digests, 1).title == f"AGAIN: DIGEST OF 2: {digests[0].line}"
