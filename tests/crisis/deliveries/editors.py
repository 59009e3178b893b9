"""Editors: what people do with a message once its alert is on its way."""

from datetime import timedelta

from crisis.deliveries.decisions import Decision, decide
from crisis.deliveries.states import DeliveryState
from crisis.errors import Conflict, Invalid
from crisis.messages import drafts
from crisis.messages.models import Kind
from tests import factories
from tests.crisis.deliveries.scene import Scene
from tests.factories import EDITOR, OPERATOR


class Editors:
    """At work on a scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def follow_up(self) -> None:
        scene = self._scene
        kind = scene.chance.choice([Kind.UPDATE, Kind.UPDATE, Kind.CORRECTION, Kind.ALL_CLEAR])
        try:
            await factories.approved_follow_up(
                *(scene.crisis, scene.activation, scene.message, kind),
                audience_id=scene.audience if kind is Kind.UPDATE else None,
            )
        except drafts.AlreadyRetracted:
            assert scene.retracted
        except Invalid:
            if kind is Kind.UPDATE:
                raise

    async def take_it_back(self) -> None:
        try:
            await self._scene.crisis.desk.retract(EDITOR, self._scene.message, "falsk alarm")
        except drafts.AlreadyRetracted:
            assert self._scene.retracted
        self._scene.retracted = True

    async def decide_what_nobody_can_tell(self) -> None:
        scene = self._scene
        waiting = [row for row in scene.rows.values() if row.state == DeliveryState.UNKNOWN_FINAL]
        row, decision = scene.chance.choice(waiting), scene.chance.choice(list(Decision))
        try:
            await decide(scene.db, OPERATOR, row.id, decision, validity=timedelta(hours=6))
        except Conflict:
            assert decision is Decision.SEND_AGAIN, "only what was superseded is refused"
            return
        if decision is not Decision.SEND_AGAIN:
            scene.by_hand.add(row.id)
