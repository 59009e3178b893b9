"""CAP 1.2: a revision as other systems read it (OASIS Common Alerting Protocol, version 1.2, July 2010).

One file per revision with an ``info`` for each of its languages. It is issued once and never changes, nor does its
identifier, ``no.<municipality>-<year>-<crisis>-<number>``: year and crisis are the activation's, the number is the revision's
own. An update names every earlier one of its message, so that a reader who missed some still knows what no longer applies.

What nobody has said is not made up: how severe and how certain it is stands as ``Unknown``. The all-clear is an ``Update``
with the response ``AllClear``, since its advice still applies; a false alarm is a ``Cancel`` that says so in its note.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from adapters.fragment import printable
from adapters.phrases import phrases
from crisis.channels import Imprint, Outgoing
from crisis.clock import OSLO

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE = "application/cap+xml"
PROFILE = "no-municipality:0.1"
"""Our rules on top of the standard: one ``info`` per language, ``expires`` and ``instruction`` always, ``web`` a lasting address."""
GRACE = timedelta(minutes=15)
"""How long after the promised update a message still counts; the update may be a little late."""
UNPROMISED = timedelta(hours=24)
"""How long a message counts that promises no update."""
_MESSAGE_TYPES = {"alert": "Alert", "retraction": "Cancel"}
"""Every other kind is an ``Update``."""
_TAGS = {"nb": "nb-NO", "nn": "nn-NO", "se": "se-NO", "sma": "sma-NO", "smj": "smj-NO"}
_NEEDED = ("headline", "what_happened", "where", "what_to_do", "contact")


@dataclass(frozen=True, slots=True)
class CapAlert:
    """What is given once, when a revision is first published, and kept with its entries."""

    identifier: str
    number: str
    """The identifier's end, ``<year>-<crisis>-<number>``; also what the message's own address ends with."""
    message_id: int
    sender: str
    sent: str
    """As the standard writes times: to the second, with the offset."""
    message_type: str
    references: tuple[str, ...]
    incident: str
    contents: Mapping[str, Mapping[str, Any]]

    @property
    def reference(self) -> str:
        """How a later one names this one."""
        return f"{self.sender},{self.identifier},{self.sent}"


def issue(outgoing: Outgoing, host: str, earlier: Iterable[CapAlert]) -> CapAlert | None:
    """The alert of a revision that is published; ``None`` for what is no revision. In its second language it is the same one.

    ``earlier`` are those issued already, of any message. What follows a message that never was on this page is an alert
    to those who read here; where such a message is taken back, there is nothing to cancel.
    """
    notice = outgoing.notice
    if notice is None or outgoing.issued_at is None:
        return None
    incident = f"{notice.began_at.astimezone(OSLO).year}-{notice.activation_id:04d}"
    number, sent = f"{incident}-{notice.revision_id}", written(outgoing.issued_at)
    before = {each.identifier: each for each in earlier if each.message_id == notice.message_id}
    for each in before.values():
        if each.number == number:
            return each
    message_type = _MESSAGE_TYPES.get(outgoing.kind, "Update")
    contents = {
        language: {name: given[name] for name in _NEEDED}
        for language, given in notice.contents.items()
        if all(given.get(name) for name in _NEEDED)
    }
    if not contents or (message_type == "Cancel" and not before):
        return None
    return CapAlert(
        identifier=f"{_municipality(host)}-{number}",
        number=number,
        message_id=notice.message_id,
        sender=host,
        sent=sent,
        message_type=message_type if before or message_type == "Cancel" else "Alert",
        references=tuple(sorted(each.reference for each in before.values())),
        incident=incident,
        contents=contents,
    )


def document(
    alert: CapAlert,
    *,
    kind: str,
    next_update_at: datetime | None,
    municipality: str,
    imprint: Imprint,
    addresses: Mapping[str, str],
    marker: str,
) -> bytes:
    """The file. ``addresses`` is where people read each language; ``marker`` is the exercise's, empty when it is none."""
    root = ET.Element("alert", xmlns=NAMESPACE)
    _texts(root, identifier=alert.identifier, sender=alert.sender, sent=alert.sent)
    _texts(root, status="Exercise" if marker else "Actual", msgType=alert.message_type, scope="Public", code=PROFILE)
    primary = next(iter(alert.contents.values()))
    if note := _marked(marker, primary["what_happened"] if alert.message_type == "Cancel" else ""):
        _texts(root, note=note)
    if alert.references:
        _texts(root, references=" ".join(alert.references))
    _texts(root, incidents=alert.incident)
    expires = next_update_at + GRACE if next_update_at else datetime.fromisoformat(alert.sent) + UNPROMISED
    for language, content in alert.contents.items():
        info = ET.SubElement(root, "info")
        _texts(info, language=_TAGS.get(language, language), category="Safety", event=phrases(language).kind("alert"))
        if kind == "all_clear":
            _texts(info, responseType="AllClear")
        over = kind in {"all_clear", "retraction"}
        _texts(info, urgency="Past" if over else "Immediate", severity="Unknown", certainty="Unknown")
        _texts(info, effective=alert.sent, expires=written(expires), senderName=municipality)
        _texts(info, headline=_marked(marker, content["headline"]))
        _texts(info, description=_marked(marker, content["what_happened"]))
        _texts(info, instruction=_marked(marker, "\n".join(content["what_to_do"])))
        _texts(info, web=addresses[language], contact=content["contact"])
        if next_update_at:
            _pair(info, "parameter", "nextUpdate", written(next_update_at))
        area = ET.SubElement(info, "area")
        _texts(area, areaDesc=content["where"])
        if imprint.number:
            _pair(area, "geocode", "MunicipalityId", imprint.number)
    ET.indent(root)
    written_out: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written_out + b"\n"


def written(when: datetime) -> str:
    """A time as the standard wants it: local, to the second, with a numeric offset (``Z`` is refused)."""
    return when.astimezone(OSLO).isoformat(timespec="seconds")


def _municipality(host: str) -> str:
    """``krise.fjordvik.kommune.no`` as ``no.fjordvik.kommune``: the country, then the domain without the page's own label."""
    labels = [label for label in "".join(c if c.isalnum() or c in ".-" else "." for c in host).split(".") if label]
    *domain, country = labels or ["unknown"]
    return ".".join([country, *(domain[1:] or domain)])


def _marked(marker: str, words: str) -> str:
    return ". ".join(filter(None, (marker, words)))


def _texts(parent: ET.Element, **values: str) -> None:
    for name, value in values.items():
        ET.SubElement(parent, name).text = printable(value)


def _pair(parent: ET.Element, name: str, value_name: str, value: str) -> None:
    pair = ET.SubElement(parent, name)
    _texts(pair, valueName=value_name, value=value)


def described(held: Mapping[str, Any]) -> CapAlert:
    """One that was kept as JSON. Raises ``TypeError`` or ``KeyError`` for what is none."""
    references: Sequence[str] = held["references"]
    return CapAlert(**{**held, "references": tuple(references)})
