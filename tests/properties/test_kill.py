"""Kill -9 at random moments: nothing acknowledged is lost or doubled, tables equal a rebuild."""

from __future__ import annotations

import itertools
import random
import time

import pytest

from tests.support.load import Sender, stored_ids
from tests.support.served import Served, make_key

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
KILLS = 20


def test_nothing_acknowledged_is_lost_or_doubled(tmp_path):
    moments = random.Random(20)  # noqa: S311 - the moments are to be the same in every run
    served = Served(tmp_path)
    key = make_key(served, "demo")
    numbers = itertools.count()
    acknowledged: list[str] = []
    for _ in range(KILLS):
        served.start()
        sender = Sender(served, key, numbers)
        time.sleep(moments.uniform(0.05, 1.5))
        served.kill()
        sender.stop()
        acknowledged += sender.acknowledged
    stored = stored_ids(served.data)
    assert len(acknowledged) > KILLS
    wanted = set(acknowledged)
    assert {name: stored[name] for name in wanted} == dict.fromkeys(wanted, 1)
    assert set(stored.values()) == {1}
    compared = served.run("verify")
    assert compared.returncode == 0, compared.stdout + compared.stderr
    assert compared.stdout.count(" equal") > 15
