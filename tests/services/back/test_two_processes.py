"""The front and the back as two processes: each may be killed, and neither is left behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.served import Served, make_key
from tests.support.small_disk import small_disk

pytestmark = [pytest.mark.slow]


class Asker:
    """Asks a served installation with its key."""

    def __init__(self, served: Served, key: str) -> None:
        self.served = served
        self._headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str) -> httpx.Response:
        return httpx.get(
            self.served.address + path, headers=self._headers, timeout=30, trust_env=False
        )


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[Asker]:
    served = Served(tmp_path)
    key = make_key(served, "demo")
    served.start()
    yield Asker(served, key)
    served.stop()


def eventually(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_killed_back_is_started_again(asker: Asker) -> None:
    assert asker.get("/api/v1/kpis").status_code == 200
    before = asker.served.back()
    os.kill(before, signal.SIGKILL)
    eventually(lambda: asker.get("/api/v1/kpis").status_code == 200)
    assert asker.served.back() != before
    assert "SIGKILL" in asker.served.told()


def test_a_back_that_is_killed_again_while_it_starts_comes_up(asker: Asker) -> None:
    killed: set[int] = set()
    for _ in range(3):
        eventually(lambda: _kills_a_new_back(asker, killed))
    eventually(lambda: asker.get("/api/v1/kpis").status_code == 200)
    assert asker.served.back() not in killed
    assert "Traceback" not in asker.served.told()


def _kills_a_new_back(asker: Asker, killed: set[int]) -> bool:
    back = asker.served.found_back()  # asked once: it may be gone by a second question
    if back is None or back in killed:
        return False
    killed.add(back)
    os.kill(back, signal.SIGKILL)
    return True


def test_a_back_that_is_killed_on_a_full_disk_waits_for_room(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with small_disk(served.data, 96) as disk:
        if disk is None:
            pytest.skip("No disk can be mounted here.")
        key = make_key(served, "demo")
        served.start()
        asker = Asker(served, key)
        try:
            disk.fill()
            served.kill_back()
            eventually(lambda: "waits for room" in served.told())
            time.sleep(3)  # it has been tried again meanwhile
            assert asker.get("/livez").status_code == 200
            assert asker.get("/api/v1/kpis").status_code == 503
            disk.free()
            eventually(lambda: asker.get("/api/v1/kpis").status_code == 200)
            assert served.told().count("waits for room") == 1
        finally:
            assert served.stop() == 0


def test_while_the_back_is_away_the_doors_answer(asker: Asker) -> None:
    back = asker.served.back()
    os.kill(back, signal.SIGSTOP)
    assert asker.get("/livez").status_code == 200
    assert asker.get("/o/x.gif").status_code == 200
    os.kill(back, signal.SIGKILL)
    answer = asker.get("/api/v1/kpis")
    if answer.status_code != 200:
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"]


def test_a_killed_front_leaves_no_back_behind(asker: Asker) -> None:
    back = asker.served.back()
    asker.served.kill()
    eventually(lambda: not is_running(back))
    asker.served.start()
    assert asker.get("/api/v1/kpis").status_code == 200


def test_a_server_that_ends_in_good_order_ends_its_back(asker: Asker) -> None:
    back = asker.served.back()
    assert asker.served.stop() == 0
    assert not is_running(back)
