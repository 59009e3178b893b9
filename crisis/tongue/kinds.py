"""Kinds: what people call each kind of message."""

from collections.abc import Mapping
from typing import Final

from crisis.messages.models import Kind
from crisis.tongue.texts import lazily as N_

KINDS: Final[Mapping[str, str]] = {
    Kind.ALERT: N_("Ny melding"),
    Kind.UPDATE: N_("Oppdatering"),
    Kind.CORRECTION: N_("Rettelse"),
    Kind.ALL_CLEAR: N_("Faren er over"),
    Kind.RETRACTION: N_("Falsk alarm"),
}
