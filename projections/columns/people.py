"""Clusters in the column store: who belongs together, as the copies of the identity folds say."""

from __future__ import annotations

from projections.columns.arrow import names_table
from projections.stores.columns import Columns
from projections.stores.tables import latest_copy

_GIVEN = "subject IN (SELECT name FROM $given)"
_CLUSTERS = (
    "SELECT subject AS name, groupUniqArray(cluster) AS found FROM cluster_copy "
    "WHERE generation = {generation:UInt32} AND workspace = {workspace:String} "
    "AND subject IN (SELECT name FROM $given) GROUP BY subject"
)
# Those that ever belonged to it, of which the newest version says whether they still do: so only
# these are sorted by version, and not everybody.
_EVER = (
    "id IN (SELECT id FROM cluster_copy WHERE generation = {generation:UInt32} "
    "AND workspace = {workspace:String} AND cluster IN (SELECT name FROM $given))"
)
_MEMBERS = (
    "SELECT cluster AS name, groupUniqArray(subject) AS found "
    f"FROM {latest_copy('cluster', _EVER)} "
    "WHERE cluster IN (SELECT name FROM $given) GROUP BY cluster"
)


class People:
    """Who belongs together in one workspace and generation; asked for nobody a second time.

    It is meant for one step: what it has been told stays as it was.
    """

    def __init__(self, columns: Columns, workspace: str, generation: int) -> None:
        self._columns = columns
        self._here: dict[str, str | int] = {"workspace": workspace, "generation": generation}
        self._clusters: dict[str, set[str]] = {}
        self._members: dict[str, set[str]] = {}

    def clusters(self, subjects: set[str]) -> set[str]:
        """Every cluster they belong to, or have belonged to in any version; and themselves."""
        self._learn(_CLUSTERS, self._clusters, subjects)
        return subjects.union(*(self._clusters[subject] for subject in subjects))

    def members(self, clusters: set[str]) -> set[str]:
        """Every subject of the clusters; and the clusters themselves, which are subjects too."""
        self._learn(_MEMBERS, self._members, clusters)
        return clusters.union(*(self._members[cluster] for cluster in clusters))

    def members_by_subject(self, subjects: set[str]) -> dict[str, set[str]]:
        """Who may be the same person as each subject, by what is known now; itself included.

        What a row is computed from must not depend on versions that are gone: a rebuild has none.
        """
        found = self._columns.query(
            f"SELECT DISTINCT subject, cluster FROM {latest_copy('cluster', _GIVEN)}",
            self._here,
            names_table(name=sorted(subjects)),
        ).to_pylist()
        clusters = {subject: {subject} for subject in subjects}
        for row in found:
            clusters[row["subject"]].add(row["cluster"])
        self._learn(_MEMBERS, self._members, set().union(*clusters.values()))
        return {
            subject: some.union(*(self._members[cluster] for cluster in some))
            for subject, some in clusters.items()
        }

    def _learn(self, text: str, known: dict[str, set[str]], names: set[str]) -> None:
        if new := names - known.keys():
            known |= {name: set() for name in new}
            rows = self._columns.query(text, self._here, names_table(name=sorted(new)))
            known |= {row["name"]: set(row["found"]) for row in rows.to_pylist()}
