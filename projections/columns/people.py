"""Clusters in the column store: who belongs together, as the copies of the identity folds say."""

from __future__ import annotations

from projections.columns.arrow import names_table
from projections.stores.columns import Columns
from projections.stores.tables import latest_copy


def clusters_of(columns: Columns, workspace: str, generation: int, subjects: set[str]) -> set[str]:
    """Every cluster the subjects belong to, or have belonged to in any version; and themselves."""
    if not subjects:
        return set()
    found = columns.query(
        "SELECT DISTINCT cluster FROM cluster_copy WHERE generation = {generation:UInt32} "
        "AND workspace = {workspace:String} AND subject IN (SELECT name FROM $given)",
        {"workspace": workspace, "generation": generation},
        names_table(name=sorted(subjects)),
    )
    return subjects | set(found.column("cluster").to_pylist())


def members_by_subject(
    columns: Columns, workspace: str, generation: int, subjects: set[str]
) -> dict[str, set[str]]:
    """Who may be the same person as each subject, by what is known now; itself included.

    What a row is computed from must not depend on versions that are gone: a rebuild has none.
    """
    here: dict[str, str | int] = {"workspace": workspace, "generation": generation}
    found = columns.query(
        f"SELECT DISTINCT subject, cluster FROM {latest_copy('cluster')} "
        "WHERE subject IN (SELECT name FROM $given)",
        here,
        names_table(name=sorted(subjects)),
    ).to_pylist()
    clusters = {subject: {subject} for subject in subjects}
    for row in found:
        clusters[row["subject"]].add(row["cluster"])
    rows = columns.query(
        f"SELECT DISTINCT cluster, subject FROM {latest_copy('cluster')} "
        "WHERE cluster IN (SELECT name FROM $given)",
        here,
        names_table(name=sorted(set().union(*clusters.values()))),
    ).to_pylist()
    members: dict[str, set[str]] = {}
    for row in rows:
        members.setdefault(row["cluster"], set()).add(row["subject"])
    return {
        subject: some.union(*(members.get(cluster, set()) for cluster in some))
        for subject, some in clusters.items()
    }


def members_of(columns: Columns, workspace: str, generation: int, clusters: set[str]) -> set[str]:
    """Every subject of the clusters; and the clusters themselves, which are subjects too."""
    if not clusters:
        return set()
    found = columns.query(
        f"SELECT DISTINCT subject FROM {latest_copy('cluster')} "
        "WHERE cluster IN (SELECT name FROM $given)",
        {"workspace": workspace, "generation": generation},
        names_table(name=sorted(clusters)),
    )
    return clusters | set(found.column("subject").to_pylist())
