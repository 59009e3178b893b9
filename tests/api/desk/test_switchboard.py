"""The switchboard, for whoever sits in front of it all night: it changes by itself, from before the crisis to after it."""

from crisis.activations import service
from crisis.bootstrap import Crisis
from crisis.logbook import acknowledgements
from crisis.roles import Actor, Role
from tests import factories
from tests.api.desk.conftest import SignIn
from tests.api.desk.stream import watching
from tests.factories import DIRECTOR

KARI = Actor("Kari", Role.SWITCHBOARD)


async def test_it_changes_by_itself_from_peace_to_crisis_to_message_to_peace(sign_in: SignIn, crisis: Crisis) -> None:
    await factories.account(crisis, "facebook")
    first, second = await sign_in(Role.SWITCHBOARD, name="Kari"), await sign_in(Role.SWITCHBOARD, language="en")
    async with watching(first, "/switchboard/live") as ours, watching(second, "/switchboard/live") as theirs:
        assert "Ingen krise pågår" in await ours.next("current")
        assert "There is no crisis" in await theirs.next("current")
        activation = await factories.activation(crisis.db)
        assert "ingen melding er sendt ennå" in await ours.next("current")
        revision = (await factories.approved_alert(crisis, activation.id)).revision
        shown = await ours.next("current")
        assert factories.SLIDE["nb"]["what_happened"] in shown
        assert "csrf" not in shown, "what comes by itself has nothing of the session"
        await theirs.next("current")
        assert "I have read this" in await theirs.next("current")
        await acknowledgements.acknowledge(crisis.db, KARI, revision.id)
        shown = await ours.next("current")
        assert "Du har lest denne" in shown
        assert "Jeg har lest denne" not in shown
        shown = await theirs.next("current")
        assert "Kari" in shown
        assert "I have read this" in shown, "each reads what they have read themselves"
        await service.stand_down(crisis.db, DIRECTOR, activation.id)
        assert "Ingen krise pågår" in await ours.next("current")


async def test_an_exercise_has_a_stream_of_its_own_and_a_unit_has_none(sign_in: SignIn, crisis: Crisis) -> None:
    await factories.activation(crisis.db)
    kari = await sign_in(Role.SWITCHBOARD)
    assert 'sse-connect="/switchboard/live?mode=exercise"' in (await kari.get("/switchboard?mode=exercise")).body
    async with watching(kari, "/switchboard/live?mode=exercise") as exercise:
        assert "Ingen øvelse pågår" in await exercise.next("current")
    assert (await (await sign_in(Role.UNIT)).get("/switchboard/live")).status == 403
    assert "event: ended" in (await (await sign_in(None)).get("/switchboard/live")).body
