"""What the pages of drills call the states of things, and how an inject comes."""

from collections.abc import Mapping
from typing import Any, Final

from crisis.drills.report import words
from crisis.drills.states import ExpectationState, InjectState
from crisis.playbooks.models import Via
from crisis.tongue.texts import lazily as N_

VIA: Final[Mapping[Via, str]] = {
    Via.PHONE: N_("Telefon"),
    Via.EMAIL: N_("E-post"),
    Via.SMS: N_("SMS"),
    Via.PRESS: N_("Presse"),
    Via.SOCIAL: N_("Sosiale medier"),
    Via.IN_PERSON: N_("Oppmøte"),
    Via.NOTE: N_("Beskjed"),
    Via.UNIT_POST: N_("Innlegg fra en enhet"),
    Via.CHANNEL_FAULT: N_("Feil i en kanal"),
    Via.SYSTEM_FAULT: N_("Feil i et system"),
}
"""How an inject comes."""
INJECT_STATES: Final[Mapping[InjectState, str]] = {
    InjectState.WAITING: N_("venter"),
    InjectState.FIRED: N_("kom"),
    InjectState.SKIPPED: N_("hoppet over"),
}
EXPECTATION_STATES: Final[Mapping[ExpectationState, str]] = {
    **words.EXPECTATION_STATES,
    ExpectationState.WAITING: N_("venter"),
    ExpectationState.RUNNING: N_("tiden går"),
}
"""As the report says them, but for what is not over yet."""
WORDS: Final[Mapping[str, Mapping[Any, str]]] = {
    "via": VIA,
    "inject_states": INJECT_STATES,
    "expectation_states": EXPECTATION_STATES,
    "drill_states": words.DRILL_STATES,
    "end_reasons": words.END_REASONS,
    "skip_reasons": words.SKIP_REASONS,
    "actions": words.ACTIONS,
}
