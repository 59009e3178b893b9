"""Schema: valid itself, true of what can be used and of what cannot, and a help to whoever writes."""

from typing import Any

import pytest
import yaml
from jsonschema_rs import Draft202012Validator

from crisis.playbooks.schema import schema
from tests.crisis.playbooks.sample import KNOWN, TEXT, changed

SCHEMA = schema(KNOWN)


def objections(text: str) -> list[str]:
    """What an editor would say. It reads YAML as YAML is: a date and a number that begins with 0 must be in quotes for it."""
    quoted = text.replace("2027-06-01", '"2027-06-01"').replace("0301", '"0301"')
    return [each.message for each in Draft202012Validator(SCHEMA).iter_errors(yaml.safe_load(quoted))]


def test_the_sample_is_as_the_schema_says() -> None:
    assert objections(TEXT) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("owner:", "ovner:"),
        ("via: phone", "via: phon"),
        ("hazard: landslide", "hazard: slide"),
        ("channels: [website, f", "channels: [web, f"),
        ("optional: [nn]", "optional: [sv]"),
        ("        contact: Sentralbordet, 74", "        kontakt: Sentralbordet, 74"),
        ("{nb: AVBRYT ØVELSEN}", "{sv: AVBRYT}"),
        ("duration: PT2H", "duration: 2 timer"),
    ],
)
def test_it_objects_to_a_mistake(before: str, after: str) -> None:
    assert objections(changed((before, after)))


def test_every_part_is_described_and_every_name_is_an_enum() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "playbook/1"
    undescribed = [name for name, part in SCHEMA["$defs"].items() if not part.get("description")]
    assert undescribed == []
    assert "website" in SCHEMA["properties"]["channels"]["items"]["enum"]
    assert "landslide" in SCHEMA["$defs"]["Scenario"]["properties"]["hazard"]["enum"]
    assert not [each for each in _all(SCHEMA) if each.startswith("x-")]


def _all(part: Any) -> list[str]:
    """Every key of it, at any depth."""
    if isinstance(part, list):
        return [key for each in part for key in _all(each)]
    return [key for name, each in part.items() for key in (name, *_all(each))] if isinstance(part, dict) else []
