"""Whose an address or a record is by now, as the rows of clusters say."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from projections.folds.identity import ClusterDoc
from projections.stores.rows import CLUSTER, CONTACT
from schemas.errors import NotFound


def root_of(connection: sa.Connection, generation: int, workspace: str, subject: str) -> str:
    """The record that stands for a subject; itself where nothing is known."""
    doc = _doc(connection, generation, workspace, subject)
    return subject if doc is None else doc.cluster


def records_of(
    connection: sa.Connection, generation: int, workspace: str, people: Iterable[str]
) -> dict[str, set[str]]:
    """By record, all that are the same person by now, itself among them."""
    mine = (CLUSTER.c.generation == generation, CLUSTER.c.workspace == workspace)
    names = sorted(set(people))
    asked = sa.select(CLUSTER.c.subject, CLUSTER.c.cluster).where(*mine)
    roots = dict(list(connection.execute(asked.where(CLUSTER.c.subject.in_(names)))))
    same: dict[str, set[str]] = {}
    standing = sorted({roots.get(name, name) for name in names})
    for subject, root in connection.execute(asked.where(CLUSTER.c.cluster.in_(standing))):
        same.setdefault(root, set()).add(subject)
    return {
        name: {name, roots.get(name, name), *same.get(roots.get(name, name), ())} for name in names
    }


def owner_of(connection: sa.Connection, generation: int, workspace: str, subject: str) -> bytes:
    """The document of the contact that an address is of. Raises ``NotFound``.

    Of a record that stands for others nothing may be known but that: then it is the address's own.
    """
    doc = _doc(connection, generation, workspace, subject)
    names = [name for name in (doc.cluster, doc.record) if name] if doc is not None else []
    query = sa.select(CONTACT.c.id, CONTACT.c.doc).where(
        CONTACT.c.generation == generation,
        CONTACT.c.workspace == workspace,
        CONTACT.c.id.in_(names),
    )
    found = dict(list(connection.execute(query))) if names else {}
    owners = [found[name] for name in names if name in found]
    if not owners:
        raise NotFound("No contact is known by this address.")
    return bytes(owners[0])


def _doc(
    connection: sa.Connection, generation: int, workspace: str, subject: str
) -> ClusterDoc | None:
    query = (
        sa.select(CLUSTER.c.doc)
        .where(
            CLUSTER.c.generation == generation,
            CLUSTER.c.workspace == workspace,
            CLUSTER.c.subject == subject,
        )
        .order_by(CLUSTER.c.since.desc())
        .limit(1)
    )
    doc = connection.execute(query).scalar_one_or_none()
    return None if doc is None else ClusterDoc.model_validate_json(doc)
