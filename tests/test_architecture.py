"""The structure of the program, held by tests: who may import whom, how long things may be, and
that what is said in the documentation is there and complete.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from schemas import errors
from tests.support.source import FOLDERS, ROOT, Module, length, modules

PROGRAM = modules(*FOLDERS)
EVERYTHING = (*PROGRAM, *modules("tests"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
# Modules that implement a port. Add a new backend here; only bootstrap, tests and other backends of
# this list may import it.
BACKENDS = frozenset({
    "events.hot_ids",
    "events.kafka",
    "events.kafka.broker",
    "events.kafka.filling",
    "events.kafka.known_ids",
    "events.kafka.log",
    "events.kafka.pages",
    "events.kafka.producing",
    "events.kafka.reading",
    "events.kafka.reading_log",
    "events.kafka.records",
    "events.kafka.topics",
    "events.memory",
    "events.raw_sqlite",
    "events.spool",
    "events.spool_file",
    "events.sqlite",
    "events.sqlite_file",
    "events.sqlite_follower",
    "events.sqlite_gate",
    "events.sqlite_snapshot",
    "events.sqlite_upgrade",
    "events.vault_memory",
    "events.vault_sqlite",
    "projections.stores.chdb",
    "projections.stores.chdb_definitions",
    "projections.stores.chdb_parts",
    "projections.stores.chdb_snapshot",
    "projections.stores.clickhouse",
    "projections.stores.clickhouse_connections",
    "projections.stores.clickhouse_values",
    "services.access_sql",
    "services.access_sqlite",
    "services.stream.membership",
    "services.passes",
})  # fmt: skip
# Benches measure a backend, or its driver, alone: these open one without the rest of the program.
BENCHED = frozenset({
    "services.bench.alone",
    "services.bench.bare_chdb",
    "services.bench.bare_kafka",
    "services.bench.bare_sqlite",
    "services.bench.kafka_append",
    "services.bench.kafka_readers",
    "services.bench.worker",
})  # fmt: skip
# Drivers of stores, and the words by which an unlisted backend would show.
DRIVERS = frozenset({"sqlite3", "chdb", "clickhouse_driver", "kafka", "aiokafka", "faust"})
BACKEND_WORDS = frozenset({"memory", "sqlite", "chdb", "clickhouse", "kafka", "postgres"})
# By these a projection could reach somebody; what it concludes it only puts into the outbox (R2).
WAYS_OUT = frozenset({
    "asyncio", "ftplib", "http", "httpx", "multiprocessing", "requests", "smtplib", "socket", "ssl",
    "subprocess", "urllib", "webbrowser",
})  # fmt: skip
COMPOSITION_ROOTS = frozenset({
    "services.bootstrap", "services.back.bootstrap", "services.distributed.behind",
    "services.distributed.carrying", "services.distributed.connecting",
    "services.distributed.fronts", "services.distributed.making",
    "services.distributed.reading",
    "services.distributed.sharing",
})  # fmt: skip
MAY_PRINT = ("services.cli", "services.commandline", "services.demo")


Check = Callable[[Module], None]


def of_each(among: Sequence[Module]) -> Callable[[Check], Callable[[], None]]:
    """One test of a rule that holds for each of some modules; it names all that break it.

    A test for each of them were six thousand, which take longer to collect than to run.
    """

    def whole(check: Check) -> Callable[[], None]:
        def test() -> None:
            broken: dict[str, str] = {}
            for module in among:
                try:
                    check(module)
                except AssertionError as error:
                    broken[module.name] = str(error)
            assert broken == {}

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return whole


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_is_imported_from_this_repository(folder: str) -> None:
    found = importlib.import_module(folder)
    assert found.__file__ is not None
    assert Path(found.__file__).parent == ROOT / folder


@of_each(PROGRAM)
def test_module_imports_only_from_its_folder_and_those_to_the_left(module: Module) -> None:
    allowed = FOLDERS[: FOLDERS.index(module.folder) + 1]
    tops = {name.partition(".")[0] for name in module.imports()}
    assert tops & {*FOLDERS, "tests"} <= set(allowed)
    assert module.relative_imports() == []


@of_each(PROGRAM)
def test_backends_are_named_by_the_composition_root_alone(module: Module) -> None:
    if module.name in COMPOSITION_ROOTS or module.name in BACKENDS | BENCHED:
        return
    named = set(module.imports())
    assert named & BACKENDS == set()
    assert {name.partition(".")[0] for name in named} & DRIVERS == set()


@of_each(modules("projections"))
def test_a_projection_knows_no_way_out(module: Module) -> None:
    if module.name not in BACKENDS:
        assert {name.partition(".")[0] for name in module.imports()} & WAYS_OUT == set()


def test_the_list_of_backends_is_complete() -> None:
    suspects = {
        module.name for module in PROGRAM if BACKEND_WORDS & set(re.split(r"[._]", module.name))
    }
    assert suspects <= BACKENDS | BENCHED
    assert {module.name for module in PROGRAM} >= BACKENDS


@of_each(modules("services"))
def test_the_mode_is_read_by_the_composition_root_alone(module: Module) -> None:
    if module.name not in COMPOSITION_ROOTS:
        assert [node.lineno for node in ast.walk(module.tree) if reads_mode(node)] == []


def reads_mode(node: ast.AST) -> bool:
    """Whether this is ``settings.mode`` or ``something.settings.mode``."""
    if not isinstance(node, ast.Attribute) or node.attr != "mode":
        return False
    owner = node.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return str(name).strip("_") == "settings"


@of_each(EVERYTHING)
def test_file_is_not_too_long(module: Module) -> None:
    assert len(module.text.splitlines()) <= LONGEST_FILE


@of_each(EVERYTHING)
def test_functions_are_not_too_long(module: Module) -> None:
    long = {f.name: length(f) for f in module.functions() if length(f) > LONGEST_FUNCTION}
    assert long == {}


@of_each(PROGRAM)
def test_only_the_command_line_prints(module: Module) -> None:
    if module.name.startswith(MAY_PRINT):
        return
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    names = {node.func.id for node in calls if isinstance(node.func, ast.Name)}
    assert "print" not in names


@of_each(EVERYTHING)
def test_every_exception_from_a_rule_has_a_reason(module: Module) -> None:
    bare = [
        line
        for line in module.text.splitlines()
        if re.search(r"# noqa(?!: [A-Z0-9]+(, ?[A-Z0-9]+)* - \w)", line.replace('r"# noqa', ""))
    ]
    assert bare == []


@of_each(PROGRAM)
def test_names_are_not_of_the_kind_that_says_nothing(module: Module) -> None:
    words = ("Manager", "Helper", "Util", "Utils", "Base")
    classes = [n.name for n in ast.walk(module.tree) if isinstance(n, ast.ClassDef)]
    assert [name for name in classes if name.endswith(words) or name.startswith("Base")] == []


# Errors


def error_classes() -> dict[str, str]:
    """Every error and the one above it."""
    return {
        name: kind.__mro__[1].__name__
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.AnswerbackError)
    }


def drawn_tree() -> dict[str, str]:
    """The same, as the docstring of ``schemas.errors`` draws it."""
    tree, path = {}, ["Exception"]
    for line in str(errors.__doc__).splitlines():
        match = re.match(r"([│ ]*)(?:[├└]── )?([A-Z]\w+)(?: {2,}|$)", line)
        if match and (match[2] == "AnswerbackError" or "──" in line):
            depth = 1 if match[2] == "AnswerbackError" else 2 + len(match[1]) // 4
            path = [*path[:depth], match[2]]
            tree[match[2]] = path[depth - 1]
    return tree


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    assert drawn_tree() == error_classes()


@of_each(PROGRAM)
def test_errors_are_declared_in_one_file(module: Module) -> None:
    if module.name == "schemas.errors":
        return
    exceptions = {*error_classes(), *(name for name in vars(builtins) if name.endswith("Error"))}
    exceptions |= {"Exception", "BaseException"}
    declared = [
        node.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in exceptions for base in node.bases)
    ]
    assert declared == []


@pytest.mark.parametrize("name", sorted(set(error_classes()) - {"AnswerbackError"}))
def test_an_error_says_when_it_is_raised(name: str) -> None:
    assert str(getattr(errors, name).__doc__).startswith("Raised when ")


# Documentation


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_every_setting_is_documented() -> None:
    settings = importlib.import_module("services.settings").Settings
    text = page("settings.md")
    assert settings.model_fields
    for name, field in settings.model_fields.items():
        assert f"ANSWERBACK_{name.upper()}`" in text, name
        assert field.description, name


def test_every_metric_is_documented() -> None:
    (module,) = (m for m in PROGRAM if m.name == "services.metrics")
    names = {
        node.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"answerback(_[a-z]+)+", node.value)
    }
    text = page("metrics.md")
    assert names
    assert {name for name in names if f"`{name}`" not in text} == set()


PAGES = sorted((ROOT / "docs").rglob("*.md"))
TEXTS = [*PAGES, *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_the_documentation_lead_somewhere(text: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", text.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (text.parent / link).exists()] == []


@pytest.mark.parametrize("text", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_page_is_in_the_index(text: Path) -> None:
    index = ROOT / "docs" / "README.md"
    if text != index:
        linked = {
            (index.parent / link).resolve()
            for link in re.findall(r"\]\(([^)#]+)", page("README.md"))
        }
        assert text.resolve() in linked
