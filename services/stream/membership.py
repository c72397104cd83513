"""Faust below its streams: it keeps the group, hands out partitions, fetches, and is supervised.

What it fetches goes to a ``Delivery`` as it is, a batch at a time: a stream's machinery would take
some 70 microseconds for each event. Faust commits nothing and is asked for no commits: where a
sink stands is stored with what it wrote, and each place is fetched from there.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import faust
from faust.transport.drivers.aiokafka import Consumer, Transport

from events.cursor import Place
from events.kafka.broker import Broker
from events.kafka.records import stored_of
from events.kafka.topics import Layout
from schemas.envelope import Position
from services.stream.delivery import Delivery

_FETCH_SECONDS = 0.2
_PAUSE_SECONDS = 0.01
_FETCH_BYTES = 1 << 20
# A worker that was killed is missed after so long, and its places are given to others.
_SESSION_SECONDS = 10.0

Drain = Callable[[], None]


class Membership(faust.App):
    """One sink's membership of its group."""

    def __init__(
        self,
        group: str,
        broker: Broker,
        layout: Layout,
        delivery: Delivery,
        drain: Drain,
    ) -> None:
        """``drain`` waits until the page under way is stored; called before places are given up.

        To be made in the loop it is to live in.
        """
        super().__init__(
            group,
            broker=[f"kafka://{address}" for address in broker.addresses.split(",")],
            broker_credentials=_credentials(broker),
            broker_session_timeout=_SESSION_SECONDS,
            broker_heartbeat_interval=_SESSION_SECONDS / 3,
            autodiscover=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            consumer_max_fetch_size=_FETCH_BYTES,
            web_enabled=False,
        )
        self.delivery = delivery
        self.layout = layout
        self._drain = drain
        self.transport = _Transport(self.conf.broker_consumer, self)
        for name in layout.topics:
            self.topics.add(self.topic(name, acks=False))
        signals: Any = self  # a signal's type leaves no room for methods of ours
        signals.on_partitions_assigned.connect(self._take)
        signals.on_partitions_revoked.connect(self._give_up)

    def _create_directories(self) -> None:
        """Nothing: there are no tables, and a worker writes nothing where it was started."""

    async def _take(self, _app: Any, assigned: Any, **_named: Any) -> None:
        self.delivery.assign([self.place_of(tp) for tp in assigned])

    async def _give_up(self, _app: Any, _revoked: Any, **_named: Any) -> None:
        # All are given up at each change of the group; what is held on to is given again.
        self.delivery.assign(())
        await asyncio.get_running_loop().run_in_executor(None, self._drain)

    def place_of(self, tp: Any) -> Place:
        """The place that a partition of Kafka's is."""
        return self.layout.topics[tp.topic], tp.partition


def _credentials(broker: Broker) -> Any:
    """What Faust is told of a broker with guards; ``None`` for one without."""
    secure = broker.protocol.endswith("SSL")
    context = ssl.create_default_context(cafile=broker.authority) if secure else None
    if broker.mechanism is not None:
        return faust.SASLCredentials(
            username=broker.user, password=broker.password, ssl_context=context,
            mechanism=broker.mechanism,
        )  # fmt: skip
    return faust.SSLCredentials(context) if secure else None


class _Consumer(Consumer):
    """Faust's consumer, whose fetched batches go to the delivery."""

    app: Membership

    async def perform_seek(self) -> None:
        """Nothing: each place is fetched from where its sink asks for it."""

    async def _drain_messages(self, fetcher: Any) -> None:
        delivery = self.app.delivery
        while not (self.should_stop or fetcher.should_stop):
            if not self.flow_active:
                await self.wait(self.can_resume_flow.wait())
            await self._go_to_wanted(delivery)
            await self._fetch(delivery)

    async def _go_to_wanted(self, delivery: Delivery) -> None:
        held = self._get_active_partitions()
        seeks = self._partitions(delivery.seeks())
        # What is not held any longer is asked for anew by whoever gets it.
        wanted = {tp: offset for tp, offset in seeks.items() if tp in held}
        if not wanted:
            return
        firsts = await self._thread.earliest_offsets(*wanted)
        delivery.begin_at({self.app.place_of(tp): first for tp, first in firsts.items()})
        if there := {tp: at for tp, at in wanted.items() if at >= firsts[tp]}:
            await self._thread.seek_wait(there)

    async def _fetch(self, delivery: Delivery) -> None:
        wanted = set(self._partitions(dict.fromkeys(delivery.wanted(), 0)))
        wanted &= self._get_active_partitions()
        if not wanted:
            await asyncio.sleep(_PAUSE_SECONDS)
            return
        for tp, messages in (await self._getmany(wanted, _FETCH_SECONDS)).items():
            place = self.app.place_of(tp)
            delivery.bring(place, [_stored(place, message) for message in messages])

    def _partitions(self, places: Mapping[Place, int]) -> dict[Any, int]:
        name = self.app.layout.name
        return {
            self._new_topicpartition(name(topic), partition): offset
            for (topic, partition), offset in places.items()
        }


class _Transport(Transport):
    """Faust's transport over aiokafka, with this consumer."""

    Consumer = _Consumer


def _stored(place: Place, message: Any) -> Any:
    return stored_of(
        Position(*place, message.offset), message.timestamp, message.key, message.value,
        message.headers,
    )  # fmt: skip
