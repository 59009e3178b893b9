"""The lock board and the lock certificate as JSON: the shapes of what :mod:`crisis.tongue.lock_json` makes."""

from datetime import datetime

from pydantic import Field

from api.paging import Page
from api.v1.schemas.shape import Shape
from crisis.accounts.locks import LockState
from crisis.activations.states import ActivationState
from crisis.levers.states import LeverState
from crisis.locks.evidence import Act, Kind
from crisis.mode import Mode
from crisis.notifications.models import Part
from crisis.watch.models import BreachState

SENTENCES = "To be shown as it is, in nb, nn and en."


class LockedBy(Shape):
    """The activation whose lock it is."""

    id: int
    mode: Mode
    title: str
    state: ActivationState
    epoch: int = Field(description="The gate's: grows by one at every lock and every opening.")
    activated_by: str
    activated_at: datetime
    confirmed_at: datetime | None
    stood_down_by: str | None
    stood_down_at: datetime | None


class EvidenceOut(Shape):
    """One line of what a state rests on."""

    kind: Kind
    at: datetime | None
    sentences: dict[str, str] = Field(description=SENTENCES, examples=[{"nb": "Sist sett kl. 05.57."}])


class NeedOut(Shape):
    """What somebody must do now."""

    kind: str = Field(examples=["breach"])
    act: Act = Field(description="What `subject` numbers.")
    subject: int
    at: datetime | None = Field(description="By when, or since when.")
    url: str | None = Field(description="Where it is at the platform.")
    sentences: dict[str, str] = Field(description=SENTENCES)


class ProofOut(Shape):
    """What the lock is worth: the strongest word that the evidence carries."""

    state: LockState
    words: str = Field(examples=["access revoked"])
    at: datetime | None = Field(description="When what the word rests on came to be.")
    needs: list[NeedOut] = Field(description="The most urgent first; empty where nobody need do anything.")
    evidence: list[EvidenceOut]


class PersonOut(Shape):
    """Somebody who answers for an account, and what they have answered. Never a number or an address."""

    contact_id: int
    unit: str
    name: str
    part: Part
    told_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_way: str | None = Field(examples=["link", "desk", "telephone"])


class OutletOut(Shape):
    """An account."""

    id: int
    channel: str
    name: str
    unit: str
    leader: str | None


class LockRow(OutletOut, ProofOut):
    """One account of the board."""

    people: list[PersonOut]


class CoverageOut(Shape):
    """How much is watched, and how fresh that is."""

    watched: int
    blind: int = Field(description="Of these, those the watch does not see at the moment.")
    oldest_look: datetime | None = Field(description="None that it sees was last seen before this.")


class LockBoardOut(Shape):
    """Every account, what needs a person first. ``totals`` add up to ``total``, whatever part is asked for."""

    activation: LockedBy
    read_at: datetime
    total: int
    needing: int
    totals: dict[LockState, int]
    coverage: CoverageOut
    accounts: Page[LockRow]


class PermitPost(Shape):
    """A unit's post that had started when the gate was locked."""

    delivery_id: int
    channel: str
    account: str
    unit: str
    text: str
    host: str
    opened_at: datetime
    closed_at: datetime | None
    outcome: str | None = Field(description="What it had come to, or `holder_dead`: then it may be out.")


class PermitsOut(Shape):
    """What was under way when the gate was locked, and how it ended. The last three add up to the first."""

    open_at_lock: int
    drained: int
    taken_from_dead: int
    still_open: int
    posts: list[PermitPost]


class EscapedOut(Shape):
    """A unit's post that may be out, as the confirmation named it."""

    delivery_id: int
    channel: str
    account: str


class HeldOut(Shape):
    """What the lock came to on an account while it stood."""

    state: LockState
    words: str
    at: datetime | None


class LeverOut(Shape):
    """What was done at the platform."""

    state: LeverState
    taken_from: list[str]
    still_in: list[str] = Field(description="Who can publish all the same, by the last reading back.")
    error: str | None
    pulled_at: datetime | None
    restored_at: datetime | None


class BreachOut(Shape):
    """A post that was not ours."""

    id: int
    state: BreachState
    posted_at: datetime
    text: str
    author: str | None
    url: str | None
    handled_by: str | None
    handled_at: datetime | None


class CertifiedAccount(OutletOut):
    """One account: what the lock came to on it, and how it stands now."""

    held: HeldOut
    now: ProofOut
    lever: LeverOut | None
    breaches: list[BreachOut]


class AuditEntry(Shape):
    """An entry of the audit log. ``crisis audit verify --head`` with ``head`` proves that the log still holds it."""

    seq: int
    hash: str
    action: str
    at: datetime
    head: str


class CertificateOut(Shape):
    """What one lock was, from the gate to the last access given back."""

    municipality: str
    activation: LockedBy
    read_at: datetime
    is_final: bool = Field(description="The activation is over, and nothing is left to give back.")
    permits: PermitsOut
    unresolved: list[EscapedOut]
    accounts: list[CertifiedAccount]
    people: list[PersonOut]
    audit: list[AuditEntry] = Field(
        description="The first entry of this activation, the confirmation, the end, the last."
    )
