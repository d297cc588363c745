"""python -m streams.deliver: what `communique run` starts. Exit 0 stopped, 2 wrong set-up, 75 again."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from streams.core.outcome import CommuniqueError, Usage
from streams.deliver.clock import clock_from
from streams.deliver.config import load
from streams.deliver.process import Works, open_channels, run
from streams.observe import logging, metrics
from streams.settings import SettingsError, load_settings
from streams.stages import DELIVER


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("python -m streams.deliver", description="Send alerts to channels.")
    parser.add_argument("--ordinal", type=int, default=0, help="always 0: one process has the outbox")
    parser.parse_args(arguments)
    try:
        settings = load_settings()
        logging.configure(settings.observe, stage=DELIVER, ordinal=0)
        config = load(settings.deliver.channels_file)
        now = clock_from(settings.run.now)
        works = Works(settings, config, open_channels(config, now, os.environ), now)
        metrics.serve(settings.observe.metrics_host, settings.observe.metrics_port)
        return asyncio.run(run(works, _say))
    except (SettingsError, Usage) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except CommuniqueError as error:
        logging.get(DELIVER).error("fatal", why=str(error))
        return 75


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the supervisor reads it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
