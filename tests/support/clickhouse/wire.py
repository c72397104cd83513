"""Packets of the native protocol from the server's side, as of a revision that has no extras."""

from __future__ import annotations

import io
import socket
import struct
from dataclasses import dataclass
from typing import Any

from clickhouse_driver.bufferedreader import BufferedSocketReader
from clickhouse_driver.columns.service import read_column
from clickhouse_driver.context import Context
from clickhouse_driver.reader import read_binary_str, read_binary_uint8
from clickhouse_driver.varint import read_varint, write_varint

REVISION = 54440  # before secrets, tracing, parameters and sparse columns
HELLO, QUERY, DATA, CANCEL, PING = range(5)
SAID_HELLO, SAID_DATA, SAID_EXCEPTION, SAID_PONG, SAID_END = 0, 1, 2, 4, 5


class Server:
    """What the driver's readers want to know of the other side."""

    used_revision = REVISION

    def get_timezone(self) -> str:
        """The engine's."""
        return "UTC"


def context() -> Context:
    """The driver's context for reading blocks."""
    made = Context()
    made.server_info = Server()
    made.client_settings = {
        "strings_as_bytes": True, "strings_encoding": "utf-8", "use_numpy": False,
        "input_format_null_as_default": False, "namedtuple_as_json": True,
        "server_side_params": False, "use_arrow": False,
    }  # fmt: skip
    return made


class Recorder:
    """A reader that keeps what it has read, so that a block can be handed on byte for byte."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.taken = bytearray()

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        found = self._reader.read(size)
        self.taken += found
        return found

    def read_one(self) -> int:
        """One byte."""
        found = self._reader.read_one()
        self.taken.append(found)
        return found

    def read_strings(self, count: int, encoding: Any = None) -> tuple[bytes, ...]:
        """So many texts with their lengths before them."""
        return tuple(self.read(self._length()) for _ in range(count))

    def read_fixed_strings(self, count: int, length: int, encoding: Any = None) -> bytes:
        """So many texts of one length."""
        return self.read(count * length)

    def _length(self) -> int:
        length = shift = 0
        while True:
            byte = self.read_one()
            length |= (byte & 0x7F) << shift
            if byte < 0x80:
                return length
            shift += 7


class Bytes:
    """Reads from bytes, as the driver reads from a socket."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        found = self.data[self.at : self.at + size]
        if len(found) < size:
            raise EOFError
        self.at += size
        return found

    def read_one(self) -> int:
        """One byte."""
        return self.read(1)[0]


@dataclass
class Block:
    """A block as the engine's format Native has it; ``structure`` is names and types."""

    table: str
    rows: int
    structure: list[tuple[str, str]]
    native: bytes


def blocks_of(native: bytes) -> list[bytes]:
    """The engine's answer block by block."""
    source, found = Bytes(native), []
    while source.at < len(native):
        start = source.at
        _read_columns(Recorder(source))
        found.append(native[start : source.at])
    return found


def _read_columns(reader: Recorder) -> tuple[int, list[tuple[str, str]]]:
    columns, rows = _varint(reader), _varint(reader)
    structure = []
    told = context()
    for _ in range(columns):
        name = reader.read(_varint(reader)).decode()
        kind = reader.read(_varint(reader)).decode()
        structure.append((name, kind))
        if rows:
            read_column(told, kind, rows, reader)
    return rows, structure


def _varint(reader: Any) -> int:
    return int(read_varint(reader))


class Wire:
    """One client's connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._in = BufferedSocketReader(connection, 1 << 20)

    def packet(self) -> int:
        """The kind of the next packet. Raises ``EOFError`` when the client has gone."""
        return _varint(self._in)

    def hello(self) -> str:
        """Greet; answers the database asked for."""
        self.text(), self.number(), self.number(), self.number()
        database = self.text()
        self.text(), self.text()
        out = io.BytesIO()
        _write_varint(SAID_HELLO, out)
        _write_text("Answerback tests", out)
        for number in (26, 9, REVISION):
            _write_varint(number, out)
        _write_text("UTC", out)
        _write_text("tests", out)
        _write_varint(1, out)
        self._socket.sendall(out.getvalue())
        return database

    def query(self) -> tuple[str, dict[str, str]]:
        """A query's text and settings."""
        self.text()
        read_binary_uint8(self._in)
        for _ in range(3):
            self.text()
        read_binary_uint8(self._in)
        for _ in range(3):
            self.text()
        for _ in range(3):
            self.number()
        self.text()  # quota key
        self.number()  # patch
        settings = {}
        while name := self.text():
            read_binary_uint8(self._in)
            settings[name] = self.text()
        self.number(), self.number()
        return self.text(), settings

    def block(self) -> Block:
        """A block that the client sends."""
        kind = self.packet()
        if kind != DATA:
            raise EOFError(f"packet {kind} instead of data")
        table = self.text()
        _read_info(self._in)
        reader = Recorder(self._in)
        rows, structure = _read_columns(reader)
        return Block(table, rows, structure, bytes(reader.taken))

    def text(self) -> str:
        """A text."""
        return str(read_binary_str(self._in))

    def number(self) -> int:
        """A number of variable length."""
        return _varint(self._in)

    def say_data(self, native: bytes) -> None:
        """Send one block."""
        out = io.BytesIO()
        _write_varint(SAID_DATA, out)
        _write_text("", out)
        out.write(b"\x01\x00\x02" + struct.pack("<i", -1) + b"\x00")
        self._socket.sendall(out.getvalue() + native)

    def say_header(self, structure: list[tuple[str, str]]) -> None:
        """Send a block without rows."""
        out = io.BytesIO()
        _write_varint(len(structure), out)
        _write_varint(0, out)
        for name, kind in structure:
            _write_text(name, out)
            _write_text(kind, out)
        self.say_data(out.getvalue())

    def say_error(self, code: int, words: str) -> None:
        """Send an exception."""
        out = io.BytesIO()
        _write_varint(SAID_EXCEPTION, out)
        out.write(struct.pack("<i", code))
        for text in ("DB::Exception", f"DB::Exception: {words}", ""):
            _write_text(text, out)
        out.write(b"\x00")
        self._socket.sendall(out.getvalue())

    def say(self, kind: int) -> None:
        """Send a packet without content."""
        out = io.BytesIO()
        _write_varint(kind, out)
        self._socket.sendall(out.getvalue())


def _read_info(reader: Any) -> None:
    while field := _varint(reader):
        reader.read(1 if field == 1 else 4)


def _write_varint(number: int, out: io.BytesIO) -> None:
    write_varint(number, _Out(out))


def _write_text(text: str, out: io.BytesIO) -> None:
    raw = text.encode()
    _write_varint(len(raw), out)
    out.write(raw)


class _Out:
    """What the driver's writer takes for a socket."""

    def __init__(self, out: io.BytesIO) -> None:
        self.write = out.write
