"""communique offices: import, show, list, reset, on a state folder of its own. All people are invented."""

from __future__ import annotations

import gzip
import json
from datetime import date

import pytest

from streams.cli import exits
from streams.offices import store

MAREK = {
    "person": {"name": "Ivo Marek", "aliases": ["I. V. Marek"], "qid": "Q90000001"},
    "position": {"title": "Minister of Foreign Affairs", "country": "NO", "qid": "Q90000011"},
    "start": "2014-06-01", "end": None, "as_of": "2020-01-01", "source": "test",
}
LIND = {"person": {"name": "Ada Lind"}, "position": {"title": "President", "country": "NO"}, "start": "2010", "end": "2016-05"}
FTM = [
    {"id": "occ", "schema": "Occupancy", "last_seen": "2020-01-01T00:00:00", "properties": {
        "holder": ["Q90000001"], "post": ["pos"], "startDate": ["2014-06-01"], "status": ["current"]}},
    {"id": "Q90000001", "schema": "Person", "properties": {"name": ["Ivo Marek"], "alias": ["I. V. Marek"]}},
    {"id": "pos", "schema": "Position", "properties": {"name": ["Minister of Foreign Affairs"], "country": ["no"], "wikidataId": ["Q90000011"]}},
    {"id": "x", "schema": "Company", "properties": {"name": ["Acme"]}},
]
CSV = """name,title,aliases,qid,position_qid,country,start,end,as_of,acting,source
Ivo Marek,Minister of Foreign Affairs,I. V. Marek,Q90000001,Q90000011,NO,2014-06-01,,2020-01-01,,test
"""
SPARQL_CSV = """person,personLabel,aliases,position,positionLabel,country,start,startPrecision,end,endPrecision
http://www.wikidata.org/entity/Q90000001,Ivo Marek,I. V. Marek,http://www.wikidata.org/entity/Q90000011,Minister of Foreign Affairs,NO,2014-06-01T00:00:00Z,11,,
"""
SPARQL = {"head": {"vars": []}, "results": {"bindings": [{
    "person": {"type": "uri", "value": "http://www.wikidata.org/entity/Q90000001"}, "personLabel": {"value": "Ivo Marek"},
    "aliases": {"value": "I. V. Marek"}, "position": {"value": "http://www.wikidata.org/entity/Q90000011"},
    "positionLabel": {"value": "Minister of Foreign Affairs"}, "country": {"value": "NO"},
    "start": {"value": "2014-06-01T00:00:00Z"}, "startPrecision": {"value": "11"},
}]}}


def lines(*objects):
    return "".join(json.dumps(each) + "\n" for each in objects)


KINDS = {
    "ours.jsonl": lines(MAREK), "ftm.json": lines(*FTM), "own.csv": CSV, "query.csv": SPARQL_CSV,
    "query.json": json.dumps(SPARQL), "flat.json": json.dumps([{name: value["value"] for name, value in SPARQL["results"]["bindings"][0].items()}]),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_gives_the_same_tenure(line, tmp_path, name, packed):
    path = tmp_path / (name + ".gz" if packed else name)
    path.write_bytes(gzip.compress(KINDS[name].encode()) if packed else KINDS[name].encode())
    done = line("offices", "import", str(path), "--as-of", "2020-01-01", "--json")
    assert (done.code, done.objects[0]["bad"]) == (exits.DONE, 0)
    [found] = line("offices", "show", "Ivo Marek", "--on", "2018-02-14", "--json").objects
    assert {key: found[key] for key in ("qid", "position_id", "office", "country", "start", "end", "as_of", "held")} == {
        "qid": "Q90000001", "position_id": "Q90000011", "office": "foreign_minister", "country": "NO",
        "start": "2014-06-01", "end": None, "as_of": "2020-01-01", "held": "yes",
    }
    assert [each["name"] for each in line("offices", "show", "I. V. Marek", "--json").objects] == ["Ivo Marek"]


def test_what_ships_is_known_without_any_import_and_stays_after_one(line, tmp_path):
    before = line("offices", "show", "Sergei Lavrov", "--on", "2018-02-14")
    assert (before.code, "2004-03-09" in before.out) == (exits.DONE, True)
    (tmp_path / "a.jsonl").write_text(lines(MAREK))
    assert line("offices", "import", str(tmp_path / "a.jsonl")).code == exits.DONE
    assert line("offices", "show", "Sergei Lavrov", "--on", "2018-02-14").out == before.out


def test_importing_again_or_in_another_order_changes_nothing(line, tmp_path):
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text(lines(MAREK))
    two.write_text(lines(LIND, {**MAREK, "as_of": "2021-01-01"}))
    compiled = line.settings.offices_folder / "registry.bin"
    line("offices", "import", str(one), str(two))
    first = compiled.read_bytes()
    line("offices", "import", str(one))
    assert compiled.read_bytes() == first
    line("offices", "reset")
    line("offices", "import", str(two))
    line("offices", "import", str(one))
    assert compiled.read_bytes() == first


@pytest.mark.parametrize(("bad", "why"), [
    ("{", "no JSON"), ('{"person": 1}', "person is no object"), (json.dumps({**MAREK, "start": "soon"}), "start is no date"),
    (json.dumps({**MAREK, "person": {"name": " "}}), "no name"), (json.dumps({**MAREK, "person": {"name": "A B", "qid": "42"}}), "Wikidata id"),
    ("[1]", "no JSON object"), (json.dumps({**MAREK, "person": {"name": "A" * 500}}), "400 characters"),
])
def test_a_bad_line_is_told_with_its_place_and_the_others_are_taken(line, tmp_path, bad, why):
    path = tmp_path / "some.jsonl"
    path.write_text(lines(MAREK) + bad + "\n" + lines(LIND))
    done = line("offices", "import", str(path), "--json")
    assert (done.code, done.objects[0]["bad"]) == (exits.DOES_NOT_HOLD, 1)
    assert f"{path}:2: " in done.err
    assert why in done.err
    assert line("offices", "show", "Ada Lind").code == exits.DONE


@pytest.mark.parametrize("words", [
    ["import", "nowhere.jsonl"], ["import", "here.jsonl", "--format", "xml"], ["show", "Ivo Marek", "--on", "yesterday"],
    ["import", "empty.bin"], ["import", "here.jsonl", "--as-of", "2020"], ["import", "cut.jsonl.gz"],
])
def test_wrong_usage_says_what_to_do(line, tmp_path, words):
    (tmp_path / "here.jsonl").write_text(lines(MAREK))
    (tmp_path / "empty.bin").write_bytes(b"")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(lines(MAREK).encode() * 50)[:60])
    done = line("offices", *words)
    assert done.code == exits.WRONG_USAGE
    assert done.err.strip()


def test_nobody_is_found_is_a_check_that_does_not_hold(line):
    assert line("offices", "show", "Nemo Nobody").code == exits.DOES_NOT_HOLD
    done = line("offices", "show", "Angela Merkel", "--on", "1990-01-01")
    assert (done.code, "no office" in done.err) == (exits.DOES_NOT_HOLD, True)


def test_a_day_after_the_last_known_one_is_unsure(line):
    assert "(unsure)" in line("offices", "show", "Sergei Lavrov", "--on", "2040-01-01").out


def test_list_is_narrowed_by_country_office_and_day(line):
    found = line("offices", "list", "--country", "de", "--office", "head_of_government", "--on", "2018-02-14", "--json").objects
    assert [each["name"] for each in found] == ["Angela Merkel"]


def test_a_registry_that_is_broken_or_old_says_how_to_mend_it_and_an_import_does(line, tmp_path):
    folder = line.settings.offices_folder
    folder.mkdir(parents=True)
    (folder / "registry.bin").write_bytes(b"COFFICE0" + b"\0" * 100)
    done = line("offices", "show", "Angela Merkel")
    assert done.code == exits.DOES_NOT_HOLD
    assert "communique offices import" in done.err
    assert line("offices", "import").code == exits.DONE
    assert line("offices", "show", "Angela Merkel").code == exits.DONE


def test_a_crash_while_compiling_leaves_the_old_registry(line, tmp_path):
    (tmp_path / "a.jsonl").write_text(lines(MAREK))
    line("offices", "import", str(tmp_path / "a.jsonl"))
    folder = line.settings.offices_folder
    before = (folder / "registry.bin").read_bytes()

    def crash():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.compile_all(folder, crash)
    assert (folder / "registry.bin").read_bytes() == before
    assert store.load(folder).people("Ivo Marek")
    assert line("offices", "import").code == exits.DONE
    assert (folder / "registry.bin").read_bytes() == before


def test_a_reader_keeps_the_registry_it_has_while_another_is_written(line, tmp_path):
    folder = line.settings.offices_folder
    (tmp_path / "a.jsonl").write_text(lines(MAREK))
    store.keep(folder, tmp_path / "a.jsonl", "jsonl", date(2020, 1, 1))
    held = store.compile_all(folder, lambda: None)
    (tmp_path / "b.jsonl").write_text(lines(LIND))
    store.keep(folder, tmp_path / "b.jsonl", "jsonl", date(2020, 1, 1))
    assert store.compile_all(folder, lambda: None).people("Ada Lind")
    assert held.people("Ivo Marek")
    assert not held.people("Ada Lind")
