"""Targets: through which accounts a revision goes out, and to whom. Read in one place for the preview and for the approval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account, AccountState
from crisis.channels import Capabilities
from crisis.deliveries import reach
from crisis.deliveries.reach import Reach
from crisis.limits.models import AccountLimit
from crisis.messages.faults import Fault
from crisis.messages.models import Kind, Revision
from crisis.messages.rendered import CRISIS_PAGE

REST = frozenset({Kind.ALERT, Kind.UPDATE})
"""What goes to its whole audience. Everything else goes to those who were attempted before, and to nobody else."""


_STANDBYS = select(AccountLimit.account_id).where(AccountLimit.standby_for.is_not(None))


@dataclass(frozen=True, slots=True)
class Targets:
    """Where a revision goes."""

    public: Sequence[Account] = ()
    """Accounts that publish it, once in each language."""
    senders: Sequence[Account] = ()
    """Accounts that send it to people, the one for those without an account of their own first."""
    sender: Account | None = None
    """The editors' own account of that kind, as of now."""
    people: Reach | None = None
    """Whom it goes to; nothing where it goes to no people at all."""
    faults: Sequence[Fault] = field(default_factory=tuple)

    @property
    def accounts(self) -> Sequence[Account]:
        """All of them."""
        return [*self.public, *self.senders]


async def find(
    session: AsyncSession, revision: Revision, capabilities: Mapping[str, Capabilities], editors_unit: str
) -> Targets:
    """Where a revision goes, as of now, and what is wrong with that.

    Public: an alert goes through every connected account of the editors; an update through those and every account that the
    message was attempted on; everything else through the latter alone. The crisis page always gets it: that is where people
    are told to look. Where none of a channel's accounts can carry it any more, the editors' current ones do. A standby gets
    none of its own: only what follows a post that it carried. A revision that names channels goes through those and the crisis page.
    """
    whole = revision.kind in REST
    if (chosen := revision.channels) is not None:
        capabilities = {name: each for name, each in capabilities.items() if name in {CRISIS_PAGE, *chosen}}
    is_to_people = any(each.recipients for each in capabilities.values())
    current = await _current(session, capabilities, editors_unit)
    own = [account for account in current if not capabilities[account.channel].recipients]
    found = _sender(current, capabilities)
    tried = await reach.accounts(session, revision.message_id, revision.number)
    before = await _connected(session, Account.id.in_(tried), capabilities)
    lost = await _channels(session, tried) - {account.channel for account in before}
    also = [account for account in own if whole or account.channel in {CRISIS_PAGE, *lost}]
    public = sorted({account.id: account for account in (*before, *also)}.values(), key=lambda account: account.id)
    people = await reach.count(
        session,
        revision.message_id,
        revision.number,
        rest=whole,
        audience_id=revision.audience_id,
    )
    if not is_to_people or (revision.audience_id is None and not people.meant and not people.erased):
        return Targets(public, faults=_faults(revision, editors_unit, public, tried, None))
    carriers = [each for each in people.by_account if each is not None]
    senders = await _connected(session, Account.id.in_(carriers), capabilities)
    if people.by_account.get(None) or (whole and revision.audience_id is not None):
        if found is None:
            said = (
                f"The message has an audience, but {editors_unit} has no connected SMS account to send it from. "
                "Connect one (crisis accounts connect), or leave the audience out."
            )
            return Targets(public, people=people, faults=[Fault("no_sender", said, field="audience_id")])
        senders = [found, *(account for account in senders if account.id != found.id)]
    faults = _faults(revision, editors_unit, [*public, *senders], tried, people)
    return Targets(public, senders, found, people, faults)


async def sender(session: AsyncSession, capabilities: Mapping[str, Capabilities], editors_unit: str) -> Account | None:
    """The account that carries the editors' words to people: of those that are connected the oldest; nothing where there is none."""
    return _sender(await _current(session, capabilities, editors_unit), capabilities)


def _sender(current: Sequence[Account], capabilities: Mapping[str, Capabilities]) -> Account | None:
    return next((account for account in current if capabilities[account.channel].recipients), None)


def _faults(
    revision: Revision, unit: str, accounts: Sequence[Account], tried: Sequence[int], people: Reach | None
) -> list[Fault]:
    """Why this reach is none. An empty set is never filled up with everyone else."""
    kind = revision.kind
    found = []
    if kind in REST:
        if not accounts:
            said = f"No connected account of {unit} can carry a crisis message. See: crisis accounts list, connect."
            found.append(Fault("no_channel", said, field="channels"))
        if people is not None and not people.people:
            said = "The audience is empty: nobody would get the SMS. Import recipients first."
            found.append(Fault("no_people", said, field="audience_id"))
        return found
    attempted = people.attempted if people is not None else 0
    named = kind.value.replace("_", "-")
    if not tried and not attempted:
        said = (
            f"Nothing of message {revision.message_id} has been sent yet, so there is nobody the {named} could go to. "
            "Write an update: it goes to everyone. To send nothing at all: crisis message withdraw."
        )
        found.append(Fault("nothing_sent", said))
    elif people is not None and not attempted and kind is not Kind.RETRACTION:
        why = (
            "Everyone it was sent to by SMS has been erased from the register"
            if people.erased
            else "Nobody has been sent it by SMS yet"
        )
        said = f"{why}, and the {named} goes to those who have. Write an update instead: it goes to the whole audience."
        found.append(Fault("nobody_sent", said, field="audience_id"))
    return found


async def _current(session: AsyncSession, capabilities: Mapping[str, Capabilities], editors_unit: str) -> list[Account]:
    """The editors' own, without standbys."""
    return await _connected(session, (Account.unit == editors_unit) & Account.id.not_in(_STANDBYS), capabilities)


async def _connected(session: AsyncSession, which: object, capabilities: Mapping[str, Capabilities]) -> list[Account]:
    """Those of these accounts that can publish, oldest first."""
    rows = select(Account).where(which, Account.state == AccountState.ACTIVE, Account.address.is_not(None))  # type: ignore[arg-type]
    return [account for account in await session.scalars(rows.order_by(Account.id)) if account.channel in capabilities]


async def _channels(session: AsyncSession, account_ids: Sequence[int]) -> set[str]:
    rows = await session.scalars(select(Account.channel).where(Account.id.in_(account_ids)))
    return set(rows)
