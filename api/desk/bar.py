"""The bar at the top of every page: what is in force now, since when, and what was promised next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.bootstrap import Crisis
from crisis.deliveries import promises
from crisis.deliveries.promises import Promise
from crisis.limits import service as limits
from crisis.limits.service import Trouble
from crisis.messages.rendered import CHANNEL_NAMES
from crisis.mode import Mode
from crisis.users import appointments, break_glass
from crisis.users.break_glass import Alarm
from crisis.users.models import Appointment
from crisis.users.sessions import SignedIn
from crisis.watch import breaches


@dataclass(frozen=True, slots=True)
class Bar:
    """What a page's frame says about one mode. ``troubles``: accounts that are not as usual, in a sentence per language."""

    mode: Mode
    activation: Activation | None
    other: Activation | None
    """What is in force in the other mode: an exercise never hides a crisis."""
    promise: Promise | None
    """The most urgent one."""
    troubles: Sequence[Trouble]
    alarms: Sequence[Alarm]
    """Break-glass codes that were used, and that nobody has acknowledged: in both modes, on every page."""
    appointments: Sequence[Appointment]
    """Who was given the right to send, for the directors to see: in both modes, on each of their pages."""
    breaches: Sequence[int]
    """Posts that came out past the lock and are not ours, and that nobody has dealt with: by their numbers, on every page."""

    @property
    def is_locking(self) -> bool:
        """The lock is not confirmed yet."""
        return self.activation is not None and self.activation.state is ActivationState.LOCKING

    @property
    def since(self) -> datetime | None:
        """When it was activated."""
        return self.activation.activated_at if self.activation else None


async def read(crisis: Crisis, mode: Mode, signed_in: SignedIn) -> Bar:
    """How it stands in this mode, for this person."""
    other = Mode.EXERCISE if mode is Mode.ACTUAL else Mode.ACTUAL
    async with crisis.db.transaction() as session:
        activation = await activations.find_current(session, mode)
        promised: Sequence[Promise] = ()
        if activation is not None:
            warning = crisis.settings.promise_warning_seconds
            promised = await promises.standing(session, warning, activation_id=activation.id)
        return Bar(
            mode,
            activation,
            await activations.find_current(session, other),
            promised[0] if promised else None,
            await limits.troubles(session, mode, CHANNEL_NAMES),
            await break_glass.alarms(session),
            await appointments.waiting(session, signed_in),
            await breaches.open_numbers(session, mode),
        )
