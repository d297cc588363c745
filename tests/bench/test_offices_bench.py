"""The measure of the registry: on a small one, made here. All people are invented."""

import json

from streams.bench.offices import cases, measure
from streams.core.offices.rows import Row
from streams.offices import sources


def write(path):
    titles = ("President", "Prime Minister", "Minister of Foreign Affairs", "Minister of Finance")
    rows = [
        {"person": {"name": f"Ivo Marek{letter}", "qid": f"Q9000{at}{n}"}, "position": {"title": title, "country": country},
         "start": f"{2001 + 4 * n}-02-03", "end": f"{2005 + 4 * n}-02-02"}
        for at, (title, country) in enumerate((title, country) for title in titles for country in ("NO", "SE", "DE"))
        for n, letter in enumerate(f"{chr(97 + at)}{end}" for end in ("ova", "ek", "in"))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_what_is_right_is_read_from_the_rows_and_the_product_finds_it(tmp_path):
    figures = {found.name: found for found in measure(write(tmp_path / "small.jsonl"), tmp_path / "state", 60)}
    assert figures["right, inside"].value == 1.0
    assert figures["right, before"].value == 1.0
    assert figures["consistent that is right"].value == 1.0
    assert figures["look-up of a name, µs"].value > 0


def test_the_same_seed_makes_the_same_sentences(tmp_path):
    rows = [row for row in sources.read(write(tmp_path / "small.jsonl"), "jsonl") if isinstance(row, Row)]
    assert cases(rows, 30, 7) == cases(rows, 30, 7) != cases(rows, 30, 8)
