"""Mappings: what they may say, and one sentence for what they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import InvalidInput
from services.importing.fields import RECIPES
from services.importing.mapping import Mapping, read_mapping
from services.importing.plan import Plan, Told


def saved(tmp_path: Path, text: str, name: str = "m.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def plan(header: str, **columns: object) -> Plan:
    mapping = Mapping.model_validate({"columns": columns})
    return Plan(RECIPES["contacts"], mapping, header.split(","))


def test_toml_and_json_say_the_same(tmp_path):
    toml = 'source = "crm"\n[columns]\nid = "No"\nattributes.size = { constant = 3 }\n'
    json = (
        '{"source": "crm", "columns": {"id": {"column": "No"},'
        ' "attributes": {"size": {"constant": "3"}}}}'
    )
    first = read_mapping(saved(tmp_path, toml), "contacts")
    assert first == read_mapping(saved(tmp_path, json, "m.json"), "contacts")
    assert first.columns["attributes.size"].constant == "3"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("columns = \nid = 3", "cannot be read: .*line 1"),
        ('kind = "orders"', "is a mapping of orders, not of contacts"),
        ('sorce = "crm"', "sorce: Extra inputs are not permitted"),
        ('time_zone = "Mars/Crater"', "time_zone: Give an IANA name"),
        ('decimal = ","\nthousands = ","', "decimal and thousands must differ"),
        ('currency = "euro"', "currency: String should match"),
        ('delimiter = ""', "delimiter: "),
        ("[columns]\nid = {}", "columns.id: Name either a column or a constant"),
        ('[columns]\nid = { column = "a", constant = "b" }', "columns.id: Name either"),
        ('[columns]\nid = { column = "a", format = "b" }', "columns.id.format: Extra"),
        ('[columns.id]\ncolumn = "a"\nvalues = [1]', "columns.id.values: "),
        ("[columns]\nid = 5", "columns.id: "),
    ],
)
def test_wrong_mapping_is_told_in_one_sentence_with_its_place(tmp_path, text, words):
    with pytest.raises(InvalidInput, match=words) as told:
        read_mapping(saved(tmp_path, text), "contacts")
    assert str(told.value).startswith(str(tmp_path / "m.toml"))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("text", "name"), [("[1]", "m.json"), ("null", "m.json"), ("{", "m.json")])
def test_mapping_that_is_no_mapping_is_refused(tmp_path, text, name):
    with pytest.raises(InvalidInput):
        read_mapping(saved(tmp_path, text, name), "contacts")


@pytest.mark.parametrize(
    ("header", "columns", "words"),
    [
        ("a,b", {"id": "c"}, "names the column 'c', which the file does not have; it has a, b"),
        (
            "a,b",
            {"id": "a", "colour": "b"},
            "columns.colour in the mapping is no field",
        ),
        ("a,b", {"city": "a"}, "No column is given for id of contacts"),
        ("a,b", {}, "No column is given for id of contacts. The file's columns are a, b"),
        ("a,id", {"attributes.": "a", "id": "id"}, "is no field"),
    ],
)
def test_mapping_that_does_not_fit_the_file_is_refused(header, columns, words):
    with pytest.raises(InvalidInput, match=words):
        plan(header, **columns)


def test_headers_that_are_fields_need_no_mapping():
    made = plan("id,city,attributes.size,other")
    values, told = made.values(["7", " Kraków ", "", "x"])
    assert (values["city"], "attributes.size" in values, told) == ("Kraków", False, [])
    assert made.unused(["id", "city", "attributes.size", "other"]) == ["other"]


def test_values_default_and_constant_fill_a_field():
    made = plan(
        "No,Land",
        id="No",
        country={"column": "Land", "values": {"Polen": "PL", "-": ""}, "default": "DE"},
        city={"constant": "Kraków"},
        **{"attributes.n": {"column": "No", "reads": "integer"}},
    )
    for land, country in (("Polen", "PL"), ("", "DE"), ("-", "DE"), ("FR", "FR")):
        values, told = made.values(["7", land])
        assert not told
        assert (values["country"], values["city"], values["attributes.n"]) == (country, "Kraków", 7)


def test_value_that_cannot_be_read_is_told_with_its_field():
    made = plan("No,Since", id="No", occurred_at="Since")
    values, told = made.values(["", "soon"])
    assert [one.field for one in told] == ["id", "occurred_at"]
    assert told[0] == Told("id", "It is empty: fill it in.")
    assert values == {}
    assert made.place("occurred_at") == "column Since"
    assert made.place("city") == "field city"
