"""An import as a whole: counts, interruption, notes that are right, wrong or lost."""

from __future__ import annotations

import io
import os
import signal
import threading
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from schemas.errors import InvalidInput, UnavailableError
from services.importing.client import Receipt
from services.importing.mapping import Mapping
from services.importing.notebook import SUFFIX
from services.importing.report import Outcome
from services.importing.run import Import, Job, nowhere
from services.importing.shipment import MOST_FACTS, Group
from tests.support.clock import SettableClock

ROWS = 5 * MOST_FACTS + 7


class Server:
    """Keeps facts by id, tells copies, and breaks down when it is told to."""

    def __init__(self, *, breaks_at: int | None = None, ends_at: int | None = None) -> None:
        self.facts: dict[str, bytes] = {}
        self.asked: list[int] = []
        self.breaks_at = breaks_at
        self.ends_at = ends_at
        self._lock = threading.Lock()

    def __call__(self, group: Group, *, dry_run: bool) -> Receipt:
        with self._lock:
            if self.breaks_at is not None and group.number >= self.breaks_at:
                raise UnavailableError("The server is gone.")
            if group.number == self.ends_at:
                self.ends_at = None
                os.kill(os.getpid(), signal.SIGINT)
            kept = dict(self.facts)
            receipt = self._take(orjson.loads(group.body()))
            if dry_run:
                self.facts = kept
            else:
                self.asked.append(group.number)
            return receipt

    def _take(self, events: list[dict[str, object]]) -> Receipt:
        receipt = Receipt(accepted=0, duplicates=0, rejected=[])
        for index, event in enumerate(events):
            name, content = str(event["id"]), orjson.dumps(event["data"])
            if b"Refused" in content:
                receipt.rejected.append({"index": index, "detail": "No such person."})
            elif name not in self.facts:
                self.facts[name] = content
                receipt.accepted += 1
            else:
                receipt.duplicates += 1
                if self.facts[name] != content:
                    receipt.conflicted.append(index)
        return receipt


@pytest.fixture
def csv(tmp_path) -> Path:
    return write(tmp_path / "people.csv", [f"{number},Person {number}" for number in range(ROWS)])


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(["id,last_name", *lines]) + "\n", "utf-8")
    return path


def make(csv: Path, server: object, *, dry_run: bool = False, batch: str | None = None) -> Import:
    job = Job(
        kind="contacts", csv=csv, mapping=Mapping(), batch=batch, target="here", dry_run=dry_run,
        rejected=csv.with_name("rejected.csv"),
    )  # fmt: skip
    return Import(job, server, threading.Event(), io.StringIO(), SettableClock())  # type: ignore[arg-type]


def counts(outcome: Outcome) -> tuple[int, int, int, int, int]:
    return (outcome.accepted, outcome.duplicates, outcome.repeated, outcome.conflicts,
            outcome.wrong)  # fmt: skip


def notes_of(csv: Path) -> Path:
    return csv.with_name(csv.name + SUFFIX)


def test_import_sends_every_row_once_and_leaves_no_notes(csv):
    server = Server()
    assert counts(make(csv, server).run()) == (ROWS, 0, 0, 0, 0)
    assert counts(make(csv, server).run()) == (0, ROWS, 0, 0, 0)
    assert len(server.facts) == ROWS
    assert not notes_of(csv).exists()
    assert not csv.with_name("rejected.csv").exists()


def test_import_that_broke_off_goes_on_after_the_last_answer(csv):
    server = Server(breaks_at=3)
    with pytest.raises(UnavailableError):
        make(csv, server).run()
    assert notes_of(csv).exists()
    server.breaks_at, server.asked = None, []
    assert counts(make(csv, server).run()) == (ROWS, 0, 0, 0, 0)
    assert sorted(server.asked) == [3, 4, 5]
    assert len(server.facts) == ROWS


def test_import_that_was_interrupted_goes_on_without_a_gap(csv):
    server = Server(ends_at=3)
    with pytest.raises(KeyboardInterrupt):
        make(csv, server).run()
    before = list(server.asked)
    outcome = make(csv, server).run()
    assert outcome.accepted + outcome.duplicates == len(server.facts) == ROWS
    assert 0 in before
    assert 0 not in server.asked[len(before) :]


def test_notes_about_another_server_are_not_believed(csv):
    with pytest.raises(UnavailableError):
        make(csv, Server(breaks_at=3)).run()
    other = Server()
    assert counts(make(csv, other).run()) == (ROWS, 0, 0, 0, 0)
    assert len(other.facts) == ROWS


def test_notes_are_proved_by_a_group_that_has_facts(tmp_path):
    # After 500 facts come 10,000 rows that say nothing new, and then a new one.
    lines = [f"{number},x" for number in range(MOST_FACTS)] + ["0,x"] * 10_000 + ["new,x"]
    csv = write(tmp_path / "people.csv", lines)
    with pytest.raises(UnavailableError):
        make(csv, Server(breaks_at=3)).run()
    other = Server()
    make(csv, other).run()
    assert len(other.facts) == MOST_FACTS + 1


@pytest.mark.parametrize("damage", [b"", b"{", b'{"name": 7}', b'{"name": "another"}'])
def test_damaged_notes_are_forgotten(csv, damage):
    server = Server(breaks_at=3)
    with pytest.raises(UnavailableError):
        make(csv, server).run()
    notes_of(csv).write_bytes(damage)
    server.breaks_at = None
    assert counts(make(csv, server).run()) == (ROWS - 3 * MOST_FACTS, 3 * MOST_FACTS, 0, 0, 0)


def test_changed_file_does_not_go_on_from_old_notes(csv):
    server = Server(breaks_at=3)
    with pytest.raises(UnavailableError):
        make(csv, server).run()
    write(csv, ["first,new", *csv.read_text("utf-8").splitlines()[1:]])
    server.breaks_at = None
    outcome = make(csv, server).run()
    assert (outcome.accepted + outcome.duplicates, len(server.facts)) == (ROWS + 1, ROWS + 1)


def test_folder_that_cannot_be_written_only_costs_the_resuming(csv, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr("services.importing.notebook.replace", refuse)
    assert counts(make(csv, Server()).run()) == (ROWS, 0, 0, 0, 0)


def mixed(tmp_path: Path) -> Path:
    return write(tmp_path / "people.csv", [
        "1,A", "2,Refused", "3,C", "3,C", "3,D", "4", "known,new words", *(
            f"n{number},x" for number in range(2 * MOST_FACTS)
        ), "9,Refused",
    ])  # fmt: skip


def test_every_row_is_counted_once_and_rejected_rows_are_written(tmp_path):
    csv, server = mixed(tmp_path), Server()
    make(write(tmp_path / "before.csv", ["known,old words"]), server).run()
    outcome = make(csv, server).run()
    assert counts(outcome) == (2 + 2 * MOST_FACTS, 0, 1, 2, 3)
    assert outcome.rows == sum(counts(outcome))
    assert outcome.rejected is not None
    lines = outcome.rejected.read_text("utf-8-sig").splitlines()
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["2", "Refused", "3"], ["3", "D", "6"], ["4", "", "7"], ["known", "new words", "8"],
        ["9", "Refused", str(9 + 2 * MOST_FACTS)],
    ]  # fmt: skip
    assert [line for line, _ in outcome.told] == [3, 6, 7, 8, 9 + 2 * MOST_FACTS]
    assert "No such person." in outcome.faults(csv)[0]


def test_what_the_server_said_before_a_break_is_in_the_outcome_after_it(tmp_path):
    csv, server = mixed(tmp_path), Server(breaks_at=2)
    make(write(tmp_path / "before.csv", ["known,old words"]), server).run()
    with pytest.raises(UnavailableError):
        make(csv, server).run()
    server.breaks_at = None
    outcome = make(csv, server).run()
    assert counts(outcome) == (2 + 2 * MOST_FACTS, 0, 1, 2, 3)
    assert outcome.rejected is not None
    assert len(outcome.rejected.read_text("utf-8-sig").splitlines()) == 6


def test_mended_rows_are_imported_with_the_same_mapping(tmp_path):
    csv, server = mixed(tmp_path), Server()
    rejected = make(csv, server).run().rejected
    assert rejected is not None
    text = rejected.read_text("utf-8-sig").replace("Refused", "Taken").replace("4,,", "4,Fourth,")
    mended = tmp_path / "mended.csv"
    mended.write_text(text, "utf-8")
    # Only the row whose first copy was taken before is still at odds with it.
    assert counts(make(mended, server).run()) == (3, 0, 0, 1, 0)


def test_dry_run_without_a_server_counts_what_the_file_alone_tells(tmp_path):
    csv = mixed(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    job = make(csv, nowhere, dry_run=True)
    assert counts(job.run())[2:] == (1, 1, 1)
    left = {path: path.read_bytes() for path in tmp_path.iterdir() if path.name != "rejected.csv"}
    assert left == before


def test_batch_is_named_or_follows_from_the_content(csv, tmp_path):
    own = UUID(int=4)
    assert make(csv, nowhere, batch=str(own)).batch == own
    assert make(csv, nowhere, batch="fair").batch == make(csv, nowhere, batch="fair").batch
    assert make(csv, nowhere).batch == make(csv, nowhere).batch
    other = write(tmp_path / "other.csv", ["1,x"])
    assert make(csv, nowhere).batch != make(other, nowhere).batch


def test_rejected_rows_cannot_go_into_the_file_itself(tmp_path):
    csv = write(tmp_path / "rejected.csv", ["1,x"])
    with pytest.raises(InvalidInput, match="the very file"):
        make(csv, nowhere).run()
    assert csv.read_text("utf-8").startswith("id,last_name")
