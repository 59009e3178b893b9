"""Script: what a drill's own copy of its playbook says, for whoever looks back on the drill.

A copy is read as it lies. A playbook that today's rules would refuse is still what was run that day, so nothing is refused here:
what is not there is empty.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from crisis.tongue.texts import SOURCE

_DURATION: Final = TypeAdapter(timedelta)


def said(text: Any, language: str, primary: str = SOURCE) -> str:
    """A text of a playbook in this language; in the playbook's own where it has none. A bare text is the same to everybody."""
    if isinstance(text, Mapping):
        text = text.get(language) or text.get(primary) or next(iter(text.values()), "")
    return str(text or "").strip()


@dataclass(frozen=True, slots=True)
class Script:
    """A playbook's document. Everything is asked of it by name and comes as text in one ``language``."""

    document: Mapping[str, Any] = field(default_factory=dict)
    language: str = SOURCE

    def spoken(self, language: str) -> "Script":
        """The same in another language."""
        return Script(self.document, language)

    @property
    def primary(self) -> str:
        """The language that every text of it has."""
        return str(self._under("languages").get("primary") or SOURCE)

    @property
    def title(self) -> str:
        """Of the playbook."""
        return self.text(self.document.get("title"))

    @property
    def form(self) -> str:
        """``diskusjon``, ``funksjon``, ``spill``, ``fullskala``."""
        return str(self._under("exercise").get("form") or "")

    @property
    def background(self) -> str:
        """What had happened before it began."""
        return self.text(self._under("scenario").get("background"))

    @property
    def stop_word(self) -> str:
        """What anybody says to break it off."""
        return self.text(self._under("exercise").get("stop_word"))

    @property
    def objectives(self) -> Sequence[tuple[str, str]]:
        """``(id, text)``, in the playbook's order."""
        return [(str(each.get("id")), self.text(each.get("text"))) for each in self._list("objectives")]

    @property
    def roles(self) -> Sequence[tuple[str, str, bool]]:
        """``(id, title, whether they play)``."""
        return [
            (str(each.get("id")), self.text(each.get("title")) or str(each.get("id")), each.get("side") != "control")
            for each in self._list("roles")
        ]

    @property
    def injects(self) -> Mapping[str, Mapping[str, Any]]:
        """By id."""
        return {str(each.get("id")): each for each in self._list("injects")}

    @property
    def expectations(self) -> Mapping[str, Mapping[str, Any]]:
        """By id."""
        return {str(each.get("id")): each for each in self._list("expectations")}

    @property
    def questions(self) -> Sequence[Mapping[str, Any]]:
        """What the players are asked afterwards."""
        return self._list_of(self._under("evaluation").get("questions"))

    @property
    def hotwash(self) -> timedelta | None:
        """How long the talk right after it takes."""
        return duration(self._under("evaluation").get("hotwash"))

    @property
    def report_due(self) -> timedelta | None:
        """How long after it the report is due."""
        return duration(self._under("evaluation").get("report_due"))

    def role(self, key: str) -> str:
        """What a role is called."""
        return next((title for known, title, _ in self.roles if known == key), key)

    def target(self, name: str) -> timedelta | None:
        """The playbook's own target for a measure, if it sets one."""
        return duration(self._under("targets").get(name))

    def text(self, value: Any) -> str:
        """One of its texts in the language that it is read in."""
        return said(value, self.language, self.primary)

    def asked_by(self, key: str) -> Sequence[str]:
        """The injects that expect this."""
        return [name for name, each in self.injects.items() if key in _texts(each.get("expects"))]

    def served_by(self, key: str) -> set[str]:
        """The objectives that an expectation is there for: those of the injects that expect it."""
        return {goal for name in self.asked_by(key) for goal in _texts(self.injects[name].get("objectives"))}

    def _under(self, name: str) -> Mapping[str, Any]:
        found = self.document.get(name)
        return found if isinstance(found, Mapping) else {}

    def _list(self, name: str) -> Sequence[Mapping[str, Any]]:
        return self._list_of(self.document.get(name))

    @staticmethod
    def _list_of(value: Any) -> Sequence[Mapping[str, Any]]:
        return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else ()


def duration(value: Any) -> timedelta | None:
    """An ISO 8601 duration; or seconds, where the copy was made of a model that wrote them so."""
    if value in (None, ""):
        return None
    try:
        return _DURATION.validate_python(value)
    except ValidationError:
        return None


def _texts(value: Any) -> Iterable[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else ()
