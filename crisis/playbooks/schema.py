"""Schema: what a playbook may say, as JSON Schema (draft 2020-12), for editors that help whoever writes one.

Made from :mod:`crisis.playbooks.models` and nothing else; descriptions are what stands beside each key there. What only
:mod:`crisis.playbooks.references` can see, no schema says: ``crisis playbook check`` does.
"""

from collections.abc import Mapping
from typing import Any, Final

from crisis.playbooks.known import Known
from crisis.playbooks.models import SCHEMA, Playbook

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema(known: Known) -> dict[str, Any]:
    """The schema, with the hazards, channels and languages that there are here."""
    made = Playbook.model_json_schema(by_alias=True)
    _name(made, {"hazard": known.hazards, "channel": known.channels, "language": known.languages})
    about = {"$schema": DIALECT, "title": SCHEMA}
    return about | {key: value for key, value in made.items() if key not in about}


def _name(part: Any, words: Mapping[str, Any]) -> None:
    """Say at every such name which there are; and of everything that is by language, which languages."""
    if isinstance(part, list):
        for each in part:
            _name(each, words)
    if not isinstance(part, dict):
        return
    if {"type": "null"} in part.get("anyOf", ()):  # a key that is left out; in the file there is no null, only text
        kept = [each for each in part.pop("anyOf") if each != {"type": "null"}]
        part |= {
            key: value for key, value in (kept[0] if len(kept) == 1 else {"anyOf": kept}).items() if key not in part
        }
        part.pop("default", None)
    if (of := part.pop("x-of", None)) is not None:
        part.pop("pattern", None)
        part["enum"] = list(words[of])
    if part.pop("x-by-language", None):
        for of_language in part.pop("patternProperties", {}).values():
            part["additionalProperties"] = of_language
        part["propertyNames"] = {"enum": list(words["language"])}
    for each in part.values():
        _name(each, words)
