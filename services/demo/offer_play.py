"""The live campaign goes out, and its people and machines come to the server's doors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from schemas.errors import InvalidInput
from services.demo.agents import (
    BROWSERS,
    LINK_CHECKER,
    MAIL_SCANNER,
    SEARCH_ENGINE,
    Origin,
    address_of,
)
from services.demo.notebook import Notebook
from services.demo.offer_facts import LANDING_PAGE, OfferFacts, Sent
from services.demo.offer_setup import ALL_LINKS, CONTENT_LINKS, HONEYPOT, ORIGIN
from services.demo.people import Machine, Person, all_people
from services.demo.steps import API
from services.importing.client import Client
from services.importing.cloudevent import CloudEvent
from services.importing.groups import in_groups

AT_ONCE = 50
SPAMMERS = 3


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in somebody's inbox."""

    person: Person
    sent: Sent
    picture: str
    links: dict[str, str]


class Play:
    """Plays the campaign group by group, and remembers after each how far it came."""

    def __init__(self, client: Client, notebook: Notebook) -> None:
        self._client = client
        self._notebook = notebook
        self._ids = notebook.notes.ids
        self._facts = OfferFacts(notebook.notes.started_at)

    def run(self) -> None:
        """Everybody who has not had their turn."""
        notes = self._notebook.notes
        rest = (p for p in all_people() if p.number > notes.offer_people)
        for group in in_groups(rest, AT_ONCE):
            self._play(group)
            notes.offer_people = group[-1].number
            self._notebook.save()
        self._spam()
        self._notebook.mark("offer played")

    def _play(self, people: list[Person]) -> None:
        self._client.send([self._facts.contact(person) for person in people])
        mails = self._mails(people)
        texts = self._texts(people)
        self._client.send([fact for mail in mails for fact in self._told_of(mail)])
        self._client.send([
            fact
            for person, text in zip(people, texts, strict=True)
            for fact in self._facts.text_notices(person, text)
        ])  # fmt: skip
        for mail in mails:
            self._client.check_stop()
            self._machines(mail)
            self._reader(mail)
        if facts := list(self._afterwards(people)):
            self._client.send(facts)

    def _told_of(self, mail: Mail) -> Iterator[CloudEvent]:
        yield from self._facts.mail_notices(mail.person, mail.sent)
        yield from self._facts.mail_answers(mail.person, mail.sent)

    def _afterwards(self, people: list[Person]) -> Iterator[CloudEvent]:
        for person in people:
            yield from self._facts.text_back(person)
            if person.visits_form:
                yield from self._facts.form_visit(person, self._ids["offer form"])
            yield from self._facts.call(person)

    def _mails(self, people: list[Person]) -> list[Mail]:
        made = self._made("offer mail", [(p, p.email) for p in people])
        return [
            Mail(person, self._sent(item, "mail"), _path(item["pixel_url"]), item["links"])
            for person, item in zip(people, made, strict=True)
        ]

    def _texts(self, people: list[Person]) -> list[Sent]:
        made = self._made("offer text", [(p, p.mobile) for p in people])
        return [self._sent(item, "text") for item in made]

    def _made(self, activity: str, to: list[tuple[Person, str]]) -> list[dict[str, Any]]:
        """Ask for the messages of some people; asking again gives the same ones."""
        body = [{"recipient": str(p.contact_id), "address": address} for p, address in to]
        key = f"demo-{activity}-{to[0][0].number}".replace(" ", "-")
        path = f"{API}/activities/{self._ids[activity]}/messages"
        items: list[dict[str, Any]] = self._client.command(path, body, key)["data"]
        return items

    def _sent(self, item: dict[str, Any], name: str) -> Sent:
        return Sent(
            metadata=item["metadata"],
            message_id=item["message_id"],
            activity_id=self._ids[f"offer {name}"],
            content_version_id=self._ids[f"{name} content"],
        )

    def _machines(self, mail: Mail) -> None:
        """Machines look first."""
        number = mail.person.number
        match mail.person.machine:
            case Machine.LINK_CHECKER:
                origin = Origin(address_of(1000 + number), LINK_CHECKER)
                for label in ALL_LINKS:
                    self._follow("GET", mail, label, origin)
            case Machine.HEAD_SCANNER:
                origin = Origin(address_of(2000 + number), LINK_CHECKER)
                self._see("HEAD", mail, origin)
                self._follow("HEAD", mail, "offer", origin)
            case Machine.MAIL_SCANNER:
                origin = Origin(address_of(3000 + number), MAIL_SCANNER)
                self._see("GET", mail, origin)
                self._follow("GET", mail, "prices", origin)
            case Machine.SEARCH_ENGINE:
                origin = Origin(address_of(4000 + number), SEARCH_ENGINE)
                self._follow("GET", mail, "offer", origin)

    def _reader(self, mail: Mail) -> None:
        """Then the person, if they care."""
        person = mail.person
        if person.reader is not None:
            self._see("GET", mail, person.reader)
        for index in person.clicks:
            self._follow("GET", mail, CONTENT_LINKS[index], person.browser)
        if person.sends_form:
            self._submit(person)

    def _see(self, method: str, mail: Mail, origin: Origin) -> None:
        reply = self._client.ask(method, mail.picture, headers=origin.headers())
        _expect(reply, 200)

    def _follow(self, method: str, mail: Mail, label: str, origin: Origin) -> None:
        path = _path(mail.links[label])
        _expect(self._client.ask(method, path, headers=origin.headers()), 302)

    def _submit(self, person: Person) -> None:
        self._post_form(person.browser, {
            "name": f"{person.first_name} {person.last_name}",
            "email": person.email,
            "country": person.country,
            HONEYPOT: "",
            "ab_visitor": str(person.visitor_id),
            "ab_submission": f"spring-{person.number}",
        })  # fmt: skip

    def _spam(self) -> None:
        """Programs that fill every field they find, also the one people do not see."""
        for number in range(1, SPAMMERS + 1):
            self._post_form(Origin(address_of(5000 + number), BROWSERS[0]), {
                "name": "Cheap Watches",
                "email": f"spam.{number}@example.com",
                HONEYPOT: "https://watches.example.com",
                "ab_submission": f"spam-{number}",
            })  # fmt: skip

    def _post_form(self, origin: Origin, fields: dict[str, str]) -> None:
        headers = {"Origin": ORIGIN, "Referer": LANDING_PAGE, "Accept": "text/html"}
        path = f"/f/{self._ids['offer form']}"
        reply = self._client.ask("POST", path, headers=origin.headers() | headers, data=fields)
        _expect(reply, 303)


def _path(url: str) -> str:
    """Where on this very server a public address leads, whatever name the server has outside."""
    return urlsplit(url).path


def _expect(reply: httpx.Response, status: int) -> None:
    if reply.status_code != status:
        raise InvalidInput(
            f"{reply.request.method} {reply.request.url.path[:12]}... was answered with"
            f" {reply.status_code} instead of {status}: {reply.text[:300]}"
        )
