"""An account as its proof sees it: who was told of the lock and who answered, and what is proved of that."""

from crisis.activations.states import ActivationState
from crisis.deliveries.states import DeliveryState
from crisis.locks import proof
from crisis.locks.facts import Facts
from crisis.notifications.models import NotificationKind, Part
from tests.crisis.locks.known import NOW, activation, at, person, right, sms

D = DeliveryState
STUCK = right("Sjefen", removable=False)
AGAIN = sms(D.ACCEPTED, 20, NotificationKind.REMINDER)
LOST = sms(D.UNDELIVERED, sms_error="30003")
TOLD = person(Part.LEADER, "Kari", sms(D.ACCEPTED))
ANSWERED = person(
    Part.LEADER, "Kari", sms(D.ACCEPTED), acknowledged_at=at(9), acknowledged_by="Kari", acknowledged_way="link"
)


def prove(known: Facts, *, over: bool = False) -> proof.Proof:
    state = ActivationState.STOOD_DOWN if over else ActivationState.CONFIRMED
    return proof.prove(known, activation(state), NOW)
