"""rewriting: an archive without what was taken back: its records become stubs, the rest stays as it is.

For each file that has such a record, in this order: a new file beside it, written and synced under a
temporary name, then renamed; a chained manifest entry that says which file it takes the place of, which
offsets became stubs and why; then the old file is deleted, durably. Killed anywhere, running it again
finishes it: a new file without an entry is deleted, an old one with a successor too, and what is a stub
already is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from streams.archive import manifest, places
from streams.archive.manifest import Entry, Kind
from streams.archive.parquet import FileWriter, read_records
from streams.archive.writing import Draft, open_sink, settle
from streams.bus.blank import blanked, taken_down


def blank(folder: Path, topic: str, takedown: str, origins: Iterable[str]) -> int:
    """Blank the records at these places (topic-partition-offset); return how many were not stubs before.

    Nothing when there is no archive; a manifest may be missing where the first file was just written. Raises
    `ArchiveBusy` while another process writes it, `ArchiveError`.
    """
    if not folder.exists():
        return 0
    wanted = _offsets(topic, origins)
    with places.written_by_us(folder):
        open_sink(folder, topic, 1, lambda: 0.0)  # puts in order what a crash left
        entries = manifest.read(folder)
        head, count = manifest.head(entries), 0
        for entry in list(manifest.standing(entries).values()):
            inside = (each for each in wanted.get(entry.partition, ()) if entry.start <= each < entry.end)
            if offsets := sorted(inside):
                found = _rewrite(folder, entry, takedown, offsets, head)
                if found is not None:
                    head, count = found.hash, count + len(found.offsets)
        return count


def holds(folder: Path, topic: str, origins: Iterable[str]) -> int:
    """Return how many of these records the archive has whole."""
    wanted, count = _offsets(topic, origins), 0
    for entry in manifest.standing(manifest.read(folder)).values():
        offsets = {each for each in wanted.get(entry.partition, ()) if entry.start <= each < entry.end}
        if offsets:
            records = read_records(folder / entry.path)
            count += sum(each.offset in offsets and taken_down(each) is None for each in records)
    return count


def _offsets(topic: str, origins: Iterable[str]) -> Mapping[int, set[int]]:
    found: dict[int, set[int]] = {}
    for origin in origins:
        name, partition, offset = origin.rsplit("-", 2)
        if name == topic and partition.isdigit() and offset.isdigit():
            found.setdefault(int(partition), set()).add(int(offset))
    return found


def _rewrite(folder: Path, entry: Entry, takedown: str, offsets: list[int], head: str) -> Entry | None:
    """Return the new entry, None when there was nothing left to blank."""
    done = [each.offset for each in read_records(folder / entry.path)
            if each.offset in offsets and taken_down(each) is None]
    old = places.name_of(entry.path)
    if not done or old is None:
        return None
    path = f"{entry.path.rpartition('/')[0]}/" + places.relative_path(
        old._replace(rewrites=old.rewrites + 1), 0).rpartition("/")[2]
    writer, draft = FileWriter(folder / (path + places.PART)), Draft()
    for record in read_records(folder / entry.path):
        kept = blanked(record, takedown) if record.offset in done else record
        writer.add(kept)
        draft.add(kept)
    sha256, size = writer.finish()
    settle(folder, writer.path, path)
    made = replace(
        draft.entry(old, path, sha256, size), kind=Kind.REWRITTEN, end=entry.end, replaces=entry.path,
        offsets=tuple(done), why=f"takedown {takedown}")
    added = manifest.append(folder, made, head)
    (folder / entry.path).unlink()
    places.sync_folder((folder / entry.path).parent)
    return added
