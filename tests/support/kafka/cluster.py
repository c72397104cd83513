"""Kafka nodes in KRaft mode, each broker and controller in one process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.served import free_port

_CLUSTER_ID = "AnswerbackTestsOnly1AA"
_START_SECONDS = 90.0


@dataclass
class Node:
    """One broker in a folder of its own."""

    number: int
    folder: Path
    jars: Path
    port: int = field(default_factory=free_port)
    control: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where clients find it."""
        return f"127.0.0.1:{self.port}"

    def format(self, voters: str, replicas: int) -> None:
        """Make its folder and settings."""
        self.folder.mkdir(parents=True)
        self._settings.write_text(_SETTINGS.format(node=self, voters=voters, replicas=replicas))
        self._java("kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c").wait(60)

    def start(self) -> None:
        """Start it and return at once; see ``wait``."""
        self.process = self._java("kafka.Kafka")

    def wait(self) -> None:
        """Wait until it listens."""
        ends = time.monotonic() + _START_SECONDS
        while not _listens(self.port):
            assert self.process is not None
            assert self.process.poll() is None, self._output.read_text()
            assert time.monotonic() < ends, f"Node {self.number} does not start: {self.folder}"
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Keep it from doing anything, while its connections stay open."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)
            os.waitpid(self.process.pid, os.WUNTRACED)  # its threads stop one by one

    def go_on(self) -> None:
        """The end of a pause."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def _end(self, by: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(by)
            self.process.wait(60)
            self.process = None

    @property
    def _settings(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _output(self) -> Path:
        return self.folder / "output.txt"

    def _java(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self._output.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - the broker's own program
                [  # noqa: S607 - whichever Java the machine has
                    "java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                    "-cp", f"{self.jars}/*", program, *arguments, str(self._settings),
                ],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip


_SETTINGS = """\
process.roles=broker,controller
node.id={node.number}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{node.port},CONTROLLER://127.0.0.1:{node.control}
advertised.listeners=PLAINTEXT://127.0.0.1:{node.port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={node.folder}/log
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
controlled.shutdown.enable=true
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
"""


@dataclass
class Cluster:
    """Nodes that belong together."""

    nodes: list[Node]

    @property
    def bootstrap(self) -> str:
        """All addresses, as clients want them."""
        return ",".join(node.address for node in self.nodes)


@contextmanager
def running(folder: Path, jars: Path, nodes: int = 1) -> Iterator[Cluster]:
    """A cluster that is up, and is gone afterwards."""
    cluster = Cluster([Node(n, folder / f"node-{n}", jars) for n in range(1, nodes + 1)])
    voters = ",".join(f"{node.number}@127.0.0.1:{node.control}" for node in cluster.nodes)
    try:
        for node in cluster.nodes:
            node.format(voters, nodes)
        for node in cluster.nodes:
            node.start()
        for node in cluster.nodes:
            node.wait()
        yield cluster
    finally:
        for node in cluster.nodes:
            node.go_on()
            node.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
