"""peer_quix: the same hop by quixstreams, run by a Python that has it; it is in no lock of ours.

Called as `python peer_quix.py --broker HOST:PORT --into TOPIC --out TOPIC --group NAME --folder DIR`.
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module


def main() -> None:
    """Run until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("broker", "into", "out", "group", "folder"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    app = import_module("quixstreams").Application(
        broker_address=given.broker, consumer_group=given.group, state_dir=given.folder,
        auto_offset_reset="earliest", commit_interval=0.5, loglevel="ERROR", auto_create_topics=False,
        producer_extra_config={"linger.ms": 5, "compression.type": "zstd", "batch.size": 262144},
    )
    into = app.topic(given.into, value_deserializer="bytes", key_deserializer="bytes")
    out = app.topic(given.out, value_serializer="bytes", key_serializer="bytes")
    frame = app.dataframe(into)
    frame = frame.apply(lambda value: json.dumps({**json.loads(value), "seen": True}).encode())
    frame.to_topic(out)
    app.run()


if __name__ == "__main__":
    main()
