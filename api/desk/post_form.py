"""A post's form: what was typed in it, and what can be seen of it without asking anybody."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.datastructures import FormData

from api.desk.typed import Mistyped, Moment, number
from api.desk.visit import Visit
from crisis import clock

NAMES: Final = ("account", "title", "text", "audience", "instead_of")


@dataclass(frozen=True, slots=True)
class Typed:
    """A form of a post as it was sent."""

    account: str
    title: str
    text: str
    publish_at: Moment
    audience: str
    instead_of: str

    @classmethod
    def of(cls, form: FormData) -> "Typed":
        """Line breaks as every channel has them."""
        said = {name: str(form.get(name, "")).replace("\r\n", "\n") for name in NAMES}
        return cls(publish_at=Moment.of(form, "publish_at"), **said)

    @property
    def account_id(self) -> int | None:
        """The account that was chosen."""
        return number(self.account) or None

    @property
    def audience_id(self) -> int | None:
        """The audience that was chosen, if any."""
        return number(self.audience) or None

    @property
    def old_id(self) -> int | None:
        """The blocked post that it was written from, if any."""
        return number(self.instead_of) or None

    @property
    def at(self) -> datetime | None:
        """The time that was chosen, on the clocks in Norway. Raises :class:`api.desk.typed.Mistyped`."""
        return self.publish_at.read()


def problems(visit: Visit, typed: Typed, *, later: bool) -> dict[str, str]:
    """By field, what is missing, or is no time."""
    _, found = visit.gettext, {}
    if typed.account_id is None:
        found["account"] = _("Velg en konto.")
    if not typed.text.strip():
        found["text"] = _("Skriv en tekst.")
    try:
        at = typed.at
    except Mistyped as error:
        found["publish_at"] = _(str(error))
        return found
    if later and at is None:
        found["publish_at"] = _("Velg når innlegget skal publiseres.")
    elif later and at is not None and at <= clock.now():
        found["publish_at"] = _("Tidspunktet er passert. Velg et senere, eller tøm feltene og publiser nå.")
    elif not later and at is not None:
        found["publish_at"] = _("Her står et tidspunkt. Trykk «Planlegg», eller tøm feltene for å publisere nå.")
    return found
