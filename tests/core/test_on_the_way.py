from random import Random

from streams.core.on_the_way import FORGOTTEN_SECONDS, OnTheWay


def test_beginnings_and_ends_may_be_seen_in_any_order():
    chance, way = Random(3), OnTheWay()
    seen = [(kind, f"raw-0-{number}") for number in range(200) for kind in ("came", "ended")]
    chance.shuffle(seen)
    for moment, (kind, origin) in enumerate(seen):
        getattr(way, kind)(origin, moment / 100)
    assert way.many(4.0) == 0


def test_what_came_and_has_not_ended_is_on_its_way_until_it_is_forgotten():
    way = OnTheWay()
    way.came("raw-0-1", 0.0)
    way.came("raw-0-2", 5.0)
    assert way.many(FORGOTTEN_SECONDS) == 2
    assert way.many(FORGOTTEN_SECONDS + 1) == 1
    way.ended("raw-0-1", FORGOTTEN_SECONDS + 2)
    assert way.many(FORGOTTEN_SECONDS + 2) == 1


def test_a_second_end_of_the_same_record_is_forgotten_and_takes_nothing_away():
    way = OnTheWay()
    way.came("raw-0-1", 0.0)
    for _ in range(2):
        way.ended("raw-0-1", 1.0)
    way.came("raw-0-2", 2.0)
    assert way.many(2.0) == 1
