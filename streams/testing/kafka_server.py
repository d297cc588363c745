"""A real Apache Kafka for tests and benchmarks: one KRaft broker, one JVM, loopback only, up in 5 s, 340 MB.

`fetch` copies the jars that `ops/kafka/pom.xml` names into a cache folder by Maven, once
(`COMMUNIQUE_KAFKA_HOME`, else `~/.cache/communique/kafka`). `KafkaServer` formats a folder, starts the broker
on free ports, waits until it answers, and can kill -9 and start it again on the same data. The broker is a
process group of its own, and on Linux it dies with the process that started it.

    python -m streams.testing.kafka_server fetch
    python -m streams.testing.kafka_server run --port 9092 --data /tmp/kafka

Needs Java 17 and Maven; `KafkaMissing` says so when they are not there.
"""

from __future__ import annotations

import argparse
import base64
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from streams.core.outcome import CommuniqueError

POM: Final = Path(__file__).parents[2] / "ops" / "kafka" / "pom.xml"
_PRCTL: Final = getattr(ctypes.CDLL(None), "prctl", None)
READY_SECONDS: Final = 60.0
"""A start takes 5 s on an idle machine; a busy one needs more."""

ENDING: Final = (signal.SIGINT, signal.SIGTERM)

PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=2000
message.max.bytes=8388608
log.cleaner.backoff.ms=500
log.initial.task.delay.ms=500
log.retention.check.interval.ms=500
"""


class KafkaMissing(CommuniqueError):
    """Java or Maven is not there, or the jars could not be fetched."""


def home() -> Path:
    """Return the folder that holds Kafka's jars."""
    named = os.environ.get("COMMUNIQUE_KAFKA_HOME")
    return Path(named) if named else Path.home() / ".cache" / "communique" / "kafka"


def fetch() -> Path:
    """Return the folder of the jars, fetched if need be; others wait for the one. Raises `KafkaMissing`."""
    jars = home() / "lib"
    stamp = jars / ".complete"
    if stamp.exists() and stamp.read_text() == POM.read_text():
        return jars
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise KafkaMissing(f"{program} is not on the PATH: Kafka for tests needs Java 17 and Maven")
    jars.mkdir(parents=True, exist_ok=True)
    with (home() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != POM.read_text():
            _copy_jars(jars)
            stamp.write_text(POM.read_text())
    return jars


def _copy_jars(jars: Path) -> None:
    goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
    command = ["mvn", "-q", "-B", "-f", str(POM), goal, f"-DoutputDirectory={jars}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise KafkaMissing(f"Maven could not fetch Apache Kafka:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class KafkaServer:
    """One broker. `data` is its folder, kept between starts; ports of 0 are chosen once."""

    data: Path
    port: int = 0
    controller: int = 0
    properties: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def bootstrap(self) -> str:
        """Return `host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Return the bus URL."""
        return f"kafka://{self.bootstrap}"

    def start(self) -> Self:
        """Start the broker, formatted if new, and wait until it answers. Raises `CommuniqueError`."""
        jars = fetch()
        self.data.mkdir(parents=True, exist_ok=True)
        config = self.data / "server.properties"
        if not config.exists():
            self._format(jars, config)
        with (self.data / "kafka.log").open("ab") as log:
            self.process = subprocess.Popen(
                _java(jars, "kafka.Kafka", str(config)),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  # one system call, nothing that could deadlock
            )
        self._wait()
        return self

    def _format(self, jars: Path, config: Path) -> None:
        self.port = self.port or free_port()
        self.controller = self.controller or free_port()
        text = PROPERTIES.format(port=self.port, controller=self.controller, data=self.data / "logs")
        config.write_text(text + self.properties)
        cluster = base64.urlsafe_b64encode(b"communique-tests").decode().rstrip("=")  # 16 bytes: any will do
        format_it = _java(jars, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(config))
        done = subprocess.run(format_it, capture_output=True, text=True, check=False)
        if done.returncode:
            config.unlink()
            raise KafkaMissing(f"Kafka could not format {self.data}:\n{(done.stdout + done.stderr)[-2000:]}")

    def _wait(self) -> None:
        """Wait for the first answer: a broker takes no request before it has joined its controller."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
            if _answers(self.port):
                return
            time.sleep(0.05)
        self.kill()
        raise CommuniqueError(f"Kafka did not start: {(self.data / 'kafka.log').read_text()[-2000:]}")

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                os.killpg(self.process.pid, how)
            self.process.wait()
            self.process = None

    def kill(self) -> None:
        """End it with kill -9; the data stays."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Kill -9 and start again on the same ports and data."""
        self.kill()
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.kill()


def _answers(port: int) -> bool:
    """Say whether the broker on this port answers an ApiVersions request (key 18, version 0, no client)."""
    request = struct.pack(">ihhih", 10, 18, 0, 1, -1)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
            probe.sendall(request)
            answer = probe.recv(10)
    except OSError:
        return False
    return len(answer) == 10 and answer[8:] == b"\0\0"


def die_with_parent() -> None:
    """In the child: whoever is killed leaves no process behind (Linux's PR_SET_PDEATHSIG).

    It is the end of the *thread* that started the child which counts: start it from one that lasts.
    """
    if _PRCTL is not None:
        _PRCTL(1, int(signal.SIGKILL))


def _java(jars: Path, program: str, *arguments: str) -> list[str]:
    flags = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    flags.append("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
    return ["java", *flags, "-cp", f"{jars}/*", program, *arguments]


def main() -> int:
    """Fetch the jars, or run a broker until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m streams.testing.kafka_server",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("fetch", "run"))
    parser.add_argument("--port", type=int, default=9092, help="port of the broker on loopback (9092)")
    parser.add_argument("--data", type=Path, default=Path("/tmp/communique-kafka"), help="folder it keeps")  # noqa: S108
    given = parser.parse_args()
    if given.what == "fetch":
        sys.stdout.write(
            f"Apache Kafka is in {fetch()}; a broker on 127.0.0.1:9092:\n"
            f"  {sys.executable} -m streams.testing.kafka_server run --data /tmp/kafka\n"
        )
        return 0
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # the JVM is waited for, not left behind
    with KafkaServer(given.data.resolve(), port=given.port) as server:
        sys.stdout.write(f"ready: COMMUNIQUE_BUS={server.url}  (Ctrl-C ends it)\n")
        sys.stdout.flush()
        signal.sigwait(ENDING)
    return 0


if __name__ == "__main__":
    sys.exit(main())
