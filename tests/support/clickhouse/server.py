"""Listens on a port of this machine, and serves each connection in a thread of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

from clickhouse_driver.protocol import ClientPacketTypes

from tests.support.clickhouse.blocks import Block
from tests.support.clickhouse.packets import Packets, Query
from tests.support.clickhouse.session import Session

HOST = "127.0.0.1"


class ClickHouse:
    """A server over one folder of the engine, until it is closed."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._listening = socket.create_server((HOST, port))
        self.port: int = self._listening.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Listen no more and leave every client."""
        _shut(self._listening)
        self._accepting.join()
        self._listening.close()
        with self._lock:
            threads = dict(self._open)
        for connection, thread in threads.items():
            _shut(connection)
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                with self._lock:
                    self._open[connection] = thread
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, EOFError), connection:
            Conversation(Packets(connection), self._folder).hold()
        with self._lock:
            del self._open[connection]


class Conversation:
    """All that one client says, and the answers."""

    def __init__(self, packets: Packets, folder: Path) -> None:
        self._packets = packets
        self._folder = folder

    def hold(self) -> None:
        """Answer until the client goes."""
        self._packets.kind()
        database = self._packets.hello()
        try:
            session = Session(self._folder, database)
        except RuntimeError as error:
            self._packets.send_error(str(error))
            return
        with contextlib.closing(session):
            self._packets.send_hello()
            self._packets.addendum()
            while True:
                self._answer(session)

    def _answer(self, session: Session) -> None:
        match self._packets.kind():
            case ClientPacketTypes.PING:
                self._packets.send_pong()
            case ClientPacketTypes.QUERY:
                self._run(session, self._packets.query(), self._tables())
            case ClientPacketTypes.CANCEL:
                pass
            case other:
                raise EOFError(f"The test server knows no packets of the kind {other}.")

    def _run(self, session: Session, query: Query, tables: dict[str, Block]) -> None:
        try:
            session.configure(query.settings)
            if (sample := session.sample(query.text)) is None:
                for block in session.run(query.text, query.parameters, tables):
                    self._packets.send_block(block)
            else:
                self._packets.send_block(sample)
                session.insert(query.text, self._blocks())
                self._packets.send_taken()
            self._packets.send_end()
        except RuntimeError as error:
            self._packets.send_error(str(error))

    def _tables(self) -> dict[str, Block]:
        """The tables beside a query; an empty block ends them."""
        tables = {}
        while (named := self._block())[1].columns:
            tables[named[0]] = named[1]
        return tables

    def _blocks(self) -> list[Block]:
        """The blocks of an insert; an empty one ends them."""
        blocks = []
        while (block := self._block()[1]).columns:
            blocks.append(block)
            self._packets.send_taken()
        return blocks

    def _block(self) -> tuple[str, Block]:
        if self._packets.kind() != ClientPacketTypes.DATA:
            raise EOFError("A client has broken off in the midst of its blocks.")
        return self._packets.data()


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
