"""A message told revision by revision on the crisis page, whole as the engine hands it over: with every language's fields."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.website import Website
from crisis.channels import Earlier, Imprint, Notice, Outgoing
from crisis.mode import Mode
from tests.adapters.website.page import ACCOUNT, AT, MARKER, setup_for

IMPRINT = Imprint(
    phone="74 00 00 00",
    accessibility_url="https://uustatus.example/1",
    privacy_url="https://www.fjordvik.kommune.no/personvern",
    preparedness_url="https://www.sikkerhverdag.no/",
    radio="NRK P1",
    number="9999",
)
CONTENTS: Mapping[str, Mapping[str, Any]] = {
    "nb": {
        "headline": "Skred ved Moen: Gå ut av området nå",
        "what_happened": "Det har gått et kvikkleireskred ved Moen. Det er fare for flere skred.",
        "where": "Moen og Elvesletta",
        "what_to_do": ["Gå ut av området med en gang.", "Møt på Fjordhallen.", "Ring 112 hvis noen er i livsfare."],
        "leads": "Politiet",
        "contact": "Sentralbordet 74 00 00 00",
    },
    "en": {
        "headline": "Landslide at Moen: Leave the area now",
        "what_happened": "There has been a quick clay landslide at Moen. There may be more.",
        "where": "Moen and Elvesletta",
        "what_to_do": ["Leave the area at once.", "Go to Fjordhallen.", "Call 112 if anyone's life is in danger."],
        "leads": "The police",
        "contact": "Switchboard 74 00 00 00",
    },
}
FIRST_REVISION = 31


def site(folder: Path, **changed: Any) -> Website:
    """A page whose imprint says everything there is to say."""
    return Website(setup_for(folder, imprint=IMPRINT, **changed))


def told(
    kinds: Sequence[str],
    contents: Mapping[str, Mapping[str, Any]] = CONTENTS,
    *,
    mode: Mode = Mode.ACTUAL,
    activation: int = 7,
    first: int = FIRST_REVISION,
    message: int = 3,
) -> list[Outgoing]:
    """Each revision in each language, half an hour apart, in the order they go out."""
    made: list[Outgoing] = []
    out: dict[str, list[Earlier]] = {}
    mark = "" if mode is Mode.ACTUAL else f"{MARKER}. "
    for number, kind in enumerate(kinds):
        at = AT + timedelta(days=activation, minutes=30 * number)
        promised = None if kind in {"all_clear", "retraction"} else at + timedelta(minutes=30)
        notice = Notice(first + number, message, activation, AT + timedelta(days=activation), contents)
        for language, content in contents.items():
            advice = "".join(f"<li>{each}</li>" for each in content["what_to_do"])
            html = f"<p>{mark}{content['what_happened']}</p><h4>Gjør dette nå</h4><ul>{advice}</ul><p>Melding {number + 1}.</p>"
            outgoing = Outgoing(
                key=f"{first + number}{language}",
                mode=mode,
                kind=kind,
                language=language,
                title=f"{mark}{content['headline']}",
                text="",
                html=html,
                thread=f"activation-{activation}",
                issued_at=at,
                next_update_at=promised,
                earlier=tuple(reversed(out.get(language, []))),
                notice=notice,
            )
            made.append(outgoing)
            reference = f"{language}/{outgoing.key}"
            out.setdefault(language, []).append(Earlier(outgoing.key, kind, outgoing.title, "", html, at, reference))
    return made


async def tell(website: Website, kinds: Sequence[str], **how: Any) -> list[Outgoing]:
    """Publish it all; what was published."""
    made = told(kinds, **how)
    for each in made:
        await website.publish(ACCOUNT, each)
    return made


def in_language(outgoing: Outgoing, language: str) -> Outgoing:
    """The same revision in another of its languages."""
    return replace(outgoing, language=language, key=f"{outgoing.key}-{language}")
