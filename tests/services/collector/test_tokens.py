from __future__ import annotations

import base64
from uuid import UUID

import pytest

from events.vault import TokenKeys
from schemas.errors import InvalidInput
from services.collector.tokens import LENGTH, Purpose, Token, sign, unpack

KEYS = TokenKeys(7, {7: bytes(range(32))})
TOKEN = Token(
    workspace=1,
    recipient=UUID("00112233-4455-6677-8899-aabbccddeeff"),
    about=UUID("ffeeddcc-bbaa-9988-7766-554433221100"),
    expiry=2_000_000_000,
    link=0xFEDCBA9876543210,
)
BODY = (
    "0107" "77359400" "00000001" "00112233445566778899aabbccddeeff"
    "ffeeddccbbaa99887766554433221100" "fedcba9876543210"
)  # fmt: skip
# Made by another program's HMAC over the purpose byte and the body.
MACS = {
    Purpose.OPEN: "a824a38a6e8859690555798d1e09db15",
    Purpose.CLICK: "08aae56c534841bc78071c3240c3122c",
    Purpose.UNSUBSCRIBE: "f912c42374579ad8bbd8f1fcd7ba16d6",
    Purpose.CONFIRM: "35f452dbcb0c7ff552d1328f9085f07f",
    Purpose.FORM: "1c0c2ca3d027e7eaf8263a0b8fc94af0",
}


@pytest.mark.parametrize("purpose", Purpose)
def test_sign_writes_the_layout_of_version_1(purpose: Purpose) -> None:
    text = sign(purpose, TOKEN, KEYS)
    assert len(text) == LENGTH
    assert base64.urlsafe_b64decode(text).hex() == BODY + MACS[purpose]


@pytest.mark.parametrize("purpose", Purpose)
def test_unpack_reads_what_sign_wrote(purpose: Purpose) -> None:
    signed = unpack(sign(purpose, TOKEN, KEYS))
    assert signed is not None
    assert signed.token == TOKEN
    assert signed.is_genuine(purpose, KEYS)


def test_a_token_of_one_purpose_is_not_genuine_for_another() -> None:
    for made in Purpose:
        signed = unpack(sign(made, TOKEN, KEYS))
        assert signed is not None
        assert [p for p in Purpose if signed.is_genuine(p, KEYS)] == [made]


def test_a_token_with_any_bit_changed_is_not_genuine() -> None:
    raw = base64.urlsafe_b64decode(sign(Purpose.OPEN, TOKEN, KEYS))
    for place in range(len(raw) * 8):
        bits = bytearray(raw)
        bits[place // 8] ^= 1 << place % 8
        signed = unpack(base64.urlsafe_b64encode(bytes(bits)).decode())
        assert signed is None or not signed.is_genuine(Purpose.OPEN, KEYS)


def test_an_old_key_of_the_ring_still_verifies() -> None:
    ring = TokenKeys(8, {7: bytes(range(32)), 8: b"n" * 32})
    old, new = unpack(sign(Purpose.OPEN, TOKEN, KEYS)), unpack(sign(Purpose.OPEN, TOKEN, ring))
    assert old is not None
    assert new is not None
    assert (old.key_id, new.key_id) == (7, 8)
    assert old.is_genuine(Purpose.OPEN, ring)
    assert new.is_genuine(Purpose.OPEN, ring)
    assert not new.is_genuine(Purpose.OPEN, KEYS)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("A" * (LENGTH - 1), id="one character short"),
        pytest.param("A" * (LENGTH + 4), id="too long"),
        pytest.param("!" * LENGTH, id="not base64"),
        pytest.param("+" * LENGTH, id="the other base64"),
        pytest.param("é" * LENGTH, id="not ASCII"),
        pytest.param("AA" + "A" * (LENGTH - 2), id="version 0"),
    ],
)
def test_unpack_answers_nothing_for_rubbish(text: str) -> None:
    assert unpack(text) is None


@pytest.mark.parametrize("wrong", [{"expiry": 2**32}, {"workspace": -1}, {"link": 2**64}])
def test_sign_refuses_numbers_that_do_not_fit(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        sign(Purpose.OPEN, TOKEN._replace(**wrong), KEYS)
