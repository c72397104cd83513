"""What comes and goes on a connection, at the first revision that carries parameters."""

from __future__ import annotations

import re
import socket
from typing import Any, NamedTuple

from clickhouse_driver.bufferedreader import BufferedSocketReader
from clickhouse_driver.bufferedwriter import BufferedSocketWriter
from clickhouse_driver.protocol import ServerPacketTypes
from clickhouse_driver.reader import read_binary_str, read_binary_uint8, read_binary_uint64
from clickhouse_driver.varint import read_varint, write_varint
from clickhouse_driver.writer import write_binary_int32, write_binary_str, write_binary_uint8

from tests.support.clickhouse.blocks import Block, read_block, write_block

REVISION = 54459
_VERSION = (26, 9, 2)
_SIZE = 1 << 20
_CODE = re.compile(r"Code: (\d+)\.")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SIGNS = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "a": "\a", "v": "\v"}


class Query(NamedTuple):
    """A statement with its settings and parameters, these as text with escapes."""

    text: str
    settings: dict[str, str]
    parameters: dict[str, str]


class Packets:
    """Reads and writes the packets of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._in = BufferedSocketReader(connection, _SIZE)
        self._out = BufferedSocketWriter(connection, _SIZE)

    # What a client sends

    def kind(self) -> int:
        """The kind of the next packet; ``EOFError`` when the client has gone."""
        number: int = read_varint(self._in)
        return number

    def hello(self) -> str:
        """The database that a client wants; who it is does not matter."""
        read_binary_str(self._in)
        for _ in range(3):
            read_varint(self._in)
        database, _user, _password = (self._text() for _ in range(3))
        return database

    def addendum(self) -> None:
        """What a client adds to its hello."""
        self._text()

    def query(self) -> Query:
        """A query, up to the tables beside it."""
        self._text()
        self._client()
        settings = self._settings()
        self._text()  # a secret between servers
        for _ in range(2):
            read_varint(self._in)  # up to which stage, compressed or not
        text = self._text()
        return Query(text, settings, {n: _dumped(v) for n, v in self._settings().items()})

    def data(self) -> tuple[str, Block]:
        """A block, under the name of the table it is for."""
        return self._text(), read_block(self._in, wire=True)

    # What a server answers

    def send_hello(self) -> None:
        """Say who this is."""
        self._send(ServerPacketTypes.HELLO)
        write_binary_str("ClickHouse", self._out)
        for number in (*_VERSION[:2], REVISION):
            write_varint(number, self._out)
        write_binary_str("UTC", self._out)
        write_binary_str("tests", self._out)
        write_varint(_VERSION[2], self._out)
        self._out.flush()

    def send_block(self, block: Block) -> None:
        """Answer a block."""
        self._block(ServerPacketTypes.DATA, block)

    def send_taken(self) -> None:
        """Say that a block of an insert has come; a server tells what it cost, this one nothing."""
        self._block(ServerPacketTypes.PROFILE_EVENTS, Block([], []))

    def send_pong(self) -> None:
        """Answer a ping."""
        self._end(ServerPacketTypes.PONG)

    def send_end(self) -> None:
        """End an answer."""
        self._end(ServerPacketTypes.END_OF_STREAM)

    def send_error(self, message: str) -> None:
        """Answer an error of the engine's, which begins with its code."""
        code = _CODE.search(message)
        self._send(ServerPacketTypes.EXCEPTION)
        write_binary_int32(int(code[1]) if code else 1002, self._out)
        for text in ("DB::Exception", message, ""):
            write_binary_str(text, self._out)
        write_binary_uint8(0, self._out)
        self._out.flush()

    def _send(self, kind: int) -> None:
        write_varint(kind, self._out)

    def _end(self, kind: int) -> None:
        self._send(kind)
        self._out.flush()

    def _block(self, kind: int, block: Block) -> None:
        self._send(kind)
        write_binary_str("", self._out)
        write_block(block, self._out, wire=True)
        self._out.flush()

    def _text(self) -> str:
        text: str = read_binary_str(self._in)
        return text

    def _client(self) -> None:
        """What a client says of itself with each query."""
        read_binary_uint8(self._in)
        for _ in range(3):
            self._text()
        read_binary_uint64(self._in)  # when the query began
        read_binary_uint8(self._in)
        for _ in range(3):
            self._text()
        for _ in range(3):
            read_varint(self._in)
        self._text()
        for _ in range(2):
            read_varint(self._in)
        if read_binary_uint8(self._in):
            raise ValueError("The test server reads no traces.")
        for _ in range(3):
            read_varint(self._in)

    def _settings(self) -> dict[str, str]:
        found = {}
        while name := self._text():
            read_binary_uint8(self._in)
            found[name] = self._text()
        return found


def _dumped(value: Any) -> str:
    """A parameter's text from within its quotes; one level of escapes goes with them."""
    return _ESCAPED.sub(lambda found: _SIGNS.get(found[1], found[1]), value[1:-1])
