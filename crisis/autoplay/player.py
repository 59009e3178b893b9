"""The player: does what one expectation of a playbook asks for, as the part that is to do it.

It goes through the acts that people's doors go through, and as a player it can do nothing that is not the exercise's.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from crisis import clock
from crisis.accounts.models import Account, AccountState
from crisis.activations import service as activations
from crisis.activations.service import ActivationLocked
from crisis.audiences.models import Audience
from crisis.bootstrap import Crisis
from crisis.drills import service as drills
from crisis.drills.picture import ExpectationPicture, Picture
from crisis.drills.playing import as_part
from crisis.errors import Conflict, Invalid
from crisis.logbook import acknowledgements, notes
from crisis.logbook.models import Party
from crisis.logbook.notes import Written
from crisis.messages import drafts, follow
from crisis.messages.library import fill
from crisis.messages.models import Kind, Message, Revision, RevisionState
from crisis.mode import Mode
from crisis.playbooks.models import Action, Check, Expectation, MessageTemplate
from crisis.roles import Actor

NAME: Final = "Autoplay"
"""How it stands on record, with the part that it plays."""
PROMISE: Final = timedelta(minutes=60)
"""How long after a message the next one is promised."""


class Player:
    """Plays one drill. ``leader`` is who judges what no log can tell."""

    def __init__(self, crisis: Crisis, leader: Actor, drill_id: int) -> None:
        self._crisis, self._leader, self._drill_id = crisis, leader, drill_id
        self._acts: Mapping[str, Callable[[Picture, Expectation], Awaitable[object]]] = {
            Action.ACTIVATE: self._activate,
            Action.PUBLISH: self._publish,
            Action.UPDATE_DUE: self._publish,
            Action.PUBLISH_BLOCKED: self._post,
            Action.RETRY_OR_NOTE: self._note,
            Action.NOTE: self._note,
            Action.BRIEF_SWITCHBOARD: self._brief_switchboard,
            Action.BRIEF_EMPLOYEES: self._brief_employees,
            Action.BREAK_GLASS: self._break_glass,
            Action.RETRACT: self._retract,
            Action.DEACTIVATE: self._deactivate,
        }

    async def do(self, picture: Picture, asked: ExpectationPicture) -> None:
        """Do what is expected. What nobody does, such as the lock falling, is waited for.

        Raises what the acts raise: a playbook that cannot be played is a fault of the playbook.
        """
        expectation = asked.expectation
        if expectation.check is Check.MANUAL:
            await drills.judge(self._crisis.db, self._leader, self._drill_id, expectation.id, True)  # noqa: FBT003
        elif act := self._acts.get(expectation.action):
            await act(picture, expectation)

    def _as(self, picture: Picture, role: str) -> Actor:
        part = picture.playbook.role_of(role)
        if part is None:
            raise Invalid(f"The playbook has no role {role}.")
        name = f"{NAME}: {part.title.get(picture.playbook.languages.primary)}"
        actor = Actor(name, self._leader.role, only=Mode.EXERCISE)
        return as_part(actor, part, editors_unit=self._crisis.settings.editors_unit)

    def _playing(self, picture: Picture, *plays: str) -> Actor:
        """Somebody of the playbook who plays one of these."""
        for wanted in plays:
            for part in picture.playbook.roles:
                if part.plays == wanted:
                    return self._as(picture, part.id)
        raise Invalid(f"The playbook has no role that plays {' or '.join(plays)}.")

    async def _activate(self, picture: Picture, expectation: Expectation) -> None:
        title = picture.playbook.title.get(picture.playbook.languages.primary)
        await activations.activate(self._crisis.db, self._as(picture, expectation.role), Mode.EXERCISE, title)

    async def _deactivate(self, picture: Picture, expectation: Expectation) -> None:
        await activations.stand_down(self._crisis.db, self._as(picture, expectation.role), _activation(picture))

    async def _publish(self, picture: Picture, expectation: Expectation) -> None:
        template = picture.playbook.template_of(expectation.play.template) if expectation.play else None
        if template is None:
            raise Invalid(f"{expectation.id} does not say what to publish (play).")
        kind, actor, crisis = Kind(template.kind), self._playing(picture, "editor", "director"), self._crisis
        contents = self._contents(picture, expectation, template)
        promised = None if kind.is_end else clock.now() + PROMISE
        languages = [each for each in crisis.settings.languages if each in contents]
        begun = await self._message(picture)
        if kind is Kind.ALERT or begun is None:
            draft = await drafts.write(
                crisis.db, actor, _activation(picture), Kind.ALERT, contents, languages,
                next_update_at=promised, audience_id=await self._audience(), hazard=picture.playbook.scenario.hazard,
            )  # fmt: skip
        else:
            draft = await follow.after(
                crisis.db, actor, begun.id, kind, languages, next_update_at=promised, contents=contents
            )
        await crisis.desk.approve(actor, draft.id)

    async def _post(self, picture: Picture, expectation: Expectation) -> None:
        actor = self._as(picture, expectation.role)
        account = await self._account(actor.unit or "")
        try:
            await self._crisis.posts.publish(actor, account, "Vi holder åpent som vanlig.", mode=Mode.EXERCISE)
        except ActivationLocked:
            return
        raise Conflict(f"A post of {actor.unit} was taken, although the crisis staff is set.")

    async def _note(self, picture: Picture, expectation: Expectation) -> None:
        actor = self._playing(picture, "logkeeper", "editor", "director")
        said = expectation.note.get(picture.playbook.languages.primary) if expectation.note else expectation.id
        await notes.write(self._crisis.db, actor, _activation(picture), Written(said))

    async def _brief_switchboard(self, picture: Picture, _expectation: Expectation) -> None:
        await self._acknowledge(picture, self._playing(picture, "switchboard", "editor", "director"), Party.SWITCHBOARD)

    async def _brief_employees(self, picture: Picture, _expectation: Expectation) -> None:
        await self._acknowledge(picture, self._playing(picture, "editor", "director"), Party.EMPLOYEES)

    async def _acknowledge(self, picture: Picture, actor: Actor, party: Party) -> None:
        message = await self._message(picture)
        if message is None:
            raise Conflict("There is no message that anybody could have read.")
        async with self._crisis.db.transaction() as session:
            sent = select(Revision.id).filter_by(message_id=message.id, state=RevisionState.APPROVED)
            newest = (await session.scalars(sent.order_by(Revision.number.desc()).limit(1))).one()
        await acknowledgements.acknowledge(self._crisis.db, actor, newest, party)

    async def _break_glass(self, picture: Picture, expectation: Expectation) -> None:
        actor = self._as(picture, expectation.role)
        await drills.join(self._crisis.db, actor, self._drill_id, expectation.role)
        await drills.break_glass(self._crisis.db, actor, self._drill_id, picture.drill.glass_word)

    async def _retract(self, picture: Picture, expectation: Expectation) -> None:
        message = await self._message(picture)
        if message is None:
            raise Conflict("There is no message to take back.")
        await self._crisis.desk.retract(self._playing(picture, "editor", "director"), message.id, reason=expectation.id)

    def _contents(
        self, picture: Picture, expectation: Expectation, template: MessageTemplate
    ) -> dict[str, dict[str, object]]:
        given = expectation.play.blanks if expectation.play else {}
        return {
            language: fill(
                fields,
                {name: blank.example.get(language, "") for name, blank in picture.playbook.blanks.items()}
                | dict(given),
            )
            for language, fields in template.contents.items()
            if language in self._crisis.settings.languages
        }

    async def _message(self, picture: Picture) -> Message | None:
        async with self._crisis.db.transaction() as session:
            first = select(Message).filter_by(activation_id=_activation(picture)).order_by(Message.id).limit(1)
            return (await session.scalars(first)).first()

    async def _audience(self) -> int | None:
        async with self._crisis.db.transaction() as session:
            return (await session.scalars(select(Audience.id).order_by(Audience.id).limit(1))).first()

    async def _account(self, unit: str) -> int:
        async with self._crisis.db.transaction() as session:
            wanted = select(Account.id).filter_by(unit=unit, state=AccountState.ACTIVE).order_by(Account.id).limit(1)
            found = (await session.scalars(wanted.where(Account.address.is_not(None)))).first()
        if found is None:
            raise Conflict(f"{unit} has no connected account, so nobody can see that its posts are stopped.")
        return found


def _activation(picture: Picture) -> int:
    if picture.activation is None:
        raise Conflict("The crisis staff is not set in the exercise.")
    return picture.activation.id
