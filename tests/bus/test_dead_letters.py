"""Dead letters read back: nothing that the buried record's producer wrote into its headers is believed."""

from __future__ import annotations

from datetime import UTC, datetime

from streams import topics
from streams.audit.dead import letter_of
from streams.bus.burial import PREFIX, dead_letter, death_of
from streams.bus.interface import Record
from streams.core.outcome import Permanent

AT = datetime(2018, 2, 14, tzinfo=UTC)


def test_a_raw_record_is_its_own_origin_and_its_death_is_ours_whatever_its_headers_say() -> None:
    headers = (("ce_origin", b"news.articles.raw.v1-0-1"), (PREFIX + "topic", b"elsewhere"), (PREFIX + "code", b"FINE"))
    record = Record(topics.RAW.name, 2, 9, 0, b"k", b"v", headers)
    death = death_of(Permanent("SCHEMA", "no"), "SCHEMA", attempts=1, first_failure=AT)
    buried = dead_letter(record, death, "clean", topics.RAW.dead_letters)
    letter = letter_of(Record(buried.topic, 2, 0, 0, buried.key, buried.value, buried.headers))
    assert letter.id == letter.origin == record.at
    assert (letter.code, letter.topic, letter.record.headers[:3]) == ("SCHEMA", topics.RAW.name, headers)
