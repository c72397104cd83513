"""The format of a data folder: upgrades step by step, done again after a kill, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import FormatUnknown
from services.formats import Upgrade, bring_up, format_of, newest


class Killed(BaseException):
    """The process ends here."""


def _double(folder: Path) -> None:
    """A step that may find its work half done: every line is brought to its new form once."""
    path = folder / "log.db"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line if line.startswith("2:") else f"2:{line}" for line in lines))


def _killed_in_the_middle(folder: Path) -> None:
    path = folder / "log.db"
    first, *others = path.read_text().splitlines()
    path.write_text("\n".join([f"2:{first}", *others]))
    raise Killed


STEP = Upgrade(2, "two marks", _double, rewrites=("log.db",))


@pytest.fixture
def old(tmp_path) -> Path:
    """A folder of format 1."""
    (tmp_path / "format").write_text("1\n")
    (tmp_path / "lock").touch()
    (tmp_path / "log.db").write_text("a\nb\nc")
    return tmp_path


def _up(folder: Path, *steps: Upgrade) -> list[str]:
    told: list[str] = []
    bring_up(folder, steps, told.append)
    return told


def test_a_new_folder_gets_the_newest_format(tmp_path):
    assert _up(tmp_path, STEP) == []
    assert format_of(tmp_path) == newest((STEP,)) == 2
    assert newest(()) == 1


def test_an_old_folder_is_brought_up_and_kept_aside(old):
    told = _up(old, STEP)
    assert format_of(old) == 2
    assert (old / "log.db").read_text() == "2:a\n2:b\n2:c"
    assert (old / "before-format-2" / "log.db").read_text() == "a\nb\nc"
    assert any("two marks" in line for line in told)
    assert _up(old, STEP) == []


def test_an_upgrade_that_was_killed_is_done_again(old):
    with pytest.raises(Killed):
        _up(old, Upgrade(2, "two marks", _killed_in_the_middle, rewrites=("log.db",)))
    assert format_of(old) == 1
    _up(old, STEP)
    assert (old / "log.db").read_text() == "2:a\n2:b\n2:c"
    # The copy is the one from before the first try.
    assert (old / "before-format-2" / "log.db").read_text() == "a\nb\nc"


def test_steps_are_taken_in_their_order(old):
    third = Upgrade(3, "an end", lambda folder: (folder / "end").touch())
    _up(old, STEP, third)
    assert format_of(old) == 3
    assert (old / "end").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [("3", "format 3; this version knows formats up to 2"), ("0", "format 0"),
     ("", "cannot be read"), ("one", "cannot be read"), ("\u00b2", "cannot be read")],
    ids=["newer", "none there ever was", "empty", "a word", "a digit of another kind"],
)  # fmt: skip
def test_what_is_not_known_is_refused_untouched(old, text, words):
    (old / "format").write_text(text)
    with pytest.raises(FormatUnknown, match=words):
        _up(old, STEP)
    assert (old / "log.db").read_text() == "a\nb\nc"


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "letter").touch()
    with pytest.raises(FormatUnknown, match="no data folder"):
        _up(tmp_path, STEP)
    assert not (tmp_path / "format").exists()
