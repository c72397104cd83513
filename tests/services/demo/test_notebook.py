"""What the demo remembers."""

from __future__ import annotations

from uuid import UUID

import pytest

from schemas.errors import FormatUnknown
from services.demo.notebook import Notebook


def test_notebook_keeps_its_notes_and_the_first_start(tmp_path):
    first = Notebook(tmp_path / "demo", started_at=5)
    first.notes.ids["bank campaign"] = UUID(int=7)
    first.notes.bank_rows = 400
    first.mark("bank set up")
    second = Notebook(tmp_path / "demo", started_at=9)
    assert second.notes.started_at == 5
    assert second.notes.ids == {"bank campaign": UUID(int=7)}
    assert second.notes.bank_rows == 400
    assert second.is_done("bank set up")
    assert not second.is_done("bank imported")


def test_notebook_keeps_the_key_for_this_user_only(tmp_path):
    notebook = Notebook(tmp_path / "demo", started_at=5)
    assert notebook.read_key() is None
    notebook.write_key("ab_secret")
    assert Notebook(tmp_path / "demo", started_at=6).read_key() == "ab_secret"
    assert (tmp_path / "demo" / "key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "demo").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"{", b'{"started_at": "soon"}', b"\xff"])
def test_notebook_refuses_a_file_that_is_not_its_own(tmp_path, content):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "script.json").write_bytes(content)
    with pytest.raises(FormatUnknown, match="Move it away"):
        Notebook(folder, started_at=5)
