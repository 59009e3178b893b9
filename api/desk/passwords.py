"""Passwords: what the desk says about one that is not taken."""

from collections.abc import Mapping
from typing import Final

from api.desk.visit import Visit
from crisis.tongue.texts import lazily as N_
from crisis.users.passwords import LEAST, MOST, Fault

_SENTENCES: Final[Mapping[Fault, str]] = {
    Fault.SHORT: N_("Passordet må ha minst %(least)s tegn. Tre–fire ord som ikke hører sammen, er lette å huske."),
    Fault.LONG: N_("Passordet kan ha høyst %(most)s tegn."),
    Fault.COMMON: N_("Dette passordet er blant de første som blir prøvd. Ta tre–fire ord som ikke hører sammen."),
    Fault.NAMES: N_("Kommunens navn, brukernavnet eller ditt eget navn er med i passordet. Det blir prøvd først."),
}


def problem_of(visit: Visit, fault: Fault) -> str:
    """What is wrong with it, and what to do."""
    return visit.gettext(_SENTENCES[fault], least=LEAST, most=MOST)
