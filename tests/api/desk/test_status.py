"""A message that was sent: how it stands in words, and what a person does about what did not get there."""

from sqlalchemy import text

from api.desk.standing import TONES, row_of
from crisis.bootstrap import Crisis
from crisis.deliveries.decisions import Decision
from crisis.deliveries.ledger import Line
from crisis.deliveries.states import DeliveryState as S
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn
from tests.factories import EDITOR


async def sent(crisis: Crisis, *channels: str, people: int = 0) -> int:
    """An approved alert; the message's id."""
    for channel in channels:
        await factories.account(crisis, channel, name=f"Fjordvik {channel}")
    audience = await factories.audience(crisis, people) if people else None
    activation = await factories.activation(crisis.db)
    return (await factories.approved_alert(crisis, activation.id, audience_id=audience)).revision.message_id


async def move(crisis: Crisis, where: str, *states: str, **values: object) -> None:
    """Deliveries through these states, one after the other."""
    async with crisis.db.transaction() as session:
        for state in states:
            await session.execute(
                text(f"UPDATE deliveries SET state = :state WHERE {where}"), {"state": state, **values}
            )


def test_the_parts_of_a_row_add_up_whatever_the_states_are() -> None:
    line = Line(1, 1, 1, "sms", "Varsling", "nb")
    for number, state in enumerate(S, start=1):
        line.counts[state] = number
    row = row_of(line)
    assert sum(part.count for part in row.parts) == row.total == line.total
    assert set(TONES) == set(S)
    assert [part.percent for part in row.parts if part.percent is not None] == [
        line.counts[S.DELIVERED] * 100 // line.total
    ]


async def test_partial_success_is_shown_as_such(sign_in: SignIn, crisis: Crisis) -> None:
    message = await sent(crisis, "website", "facebook", "sms", people=20)
    out = "account_id IN (SELECT id FROM accounts WHERE channel = :channel)"
    await move(crisis, out, "in_flight", "accepted", channel="website")
    await move(crisis, out, "in_flight", "rejected", channel="facebook")
    await move(crisis, "recipient_id <= 15", "in_flight", "accepted", "delivered")
    editor = await sign_in(Role.EDITOR)
    page = await editor.get(f"/messages/{message}")
    assert page.status == 200
    assert "Ikke alle har fått den" in page.part(".summary")
    website, facebook, sms = [" ".join(each.text_content().split()) for each in page.tree.cssselect(".standing > li")]
    assert "✓ sendt kl." in website
    assert "avvist av tilbyderen" in facebook
    assert "Se på den og avgjør" in facebook
    assert "5 i kø" in sms
    assert "15 levert (75 %)" in sms
    assert factories.SLIDE["nb"]["headline"] in page.part("h1")


async def test_what_failed_is_tried_again_by_a_button_that_only_those_see_who_may(
    sign_in: SignIn, crisis: Crisis
) -> None:
    message = await sent(crisis, "facebook")
    await move(crisis, "true", "in_flight", "retry_wait")
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE deliveries SET due_at = now() + interval '1 hour'"))
    editor = await sign_in(Role.EDITOR)
    page = await editor.get(f"/messages/{message}")
    assert "gikk ikke, prøver igjen om" in page.part(".standing")
    page = await editor.send(f"/messages/{message}/try-again")
    assert "Prøver igjen nå: 1 utsending" in page.text
    async with crisis.db.transaction() as session:
        assert (await session.execute(text("SELECT due_at <= now() FROM deliveries"))).scalar_one()
    switchboard = await sign_in(Role.SWITCHBOARD)
    page = await switchboard.get(f"/messages/{message}")
    assert page.tree.cssselect("[data-may-decide='false'] .decide"), "hidden by the page's style"
    assert (await switchboard.send(f"/messages/{message}/try-again")).status == 403


async def test_what_the_provider_refused_is_marked_as_sent_by_hand_with_a_link(sign_in: SignIn, crisis: Crisis) -> None:
    message = await sent(crisis, "facebook")
    await move(crisis, "true", "in_flight", "rejected")
    editor = await sign_in(Role.EDITOR)
    page = await editor.get("/deliveries/1")
    assert "Send en gang til" not in page.text, "what was refused is not sent as it is once more"
    wrong = await editor.send("/deliveries/1/decide", decision="mark_sent", url="javascript:alert(1)")
    assert (wrong.status, wrong.value("url")) == (422, "javascript:alert(1)")
    assert "https://" in wrong.problem("url")
    link = "https://facebook.example/fjordvik/posts/1"
    page = await editor.send("/deliveries/1/decide", decision="mark_sent", url=link)
    assert "Merket som sendt for hånd" in page.text
    assert "sendt for hånd kl." in page.part(".standing")
    assert page.tree.cssselect(f".standing a[href='{link}']")
    assert page.tree.cssselect("h1")[0].text == factories.SLIDE["nb"]["headline"]
    assert message == 1


async def test_what_nobody_can_tell_is_a_persons_to_decide(sign_in: SignIn, crisis: Crisis) -> None:
    message = await sent(crisis, "facebook")
    await move(crisis, "true", "in_flight", "unknown", "unknown_final")
    editor = await sign_in(Role.EDITOR)
    page = await editor.get(f"/messages/{message}")
    assert "Noen må avgjøre noe" in page.part(".summary")
    page = await editor.send("/deliveries/1/check")
    assert "Se på kontoen selv" in page.text, "the provider does not answer in this test"
    page = await editor.send("/deliveries/1/decide", decision=Decision.SEND_AGAIN.value)
    assert "Den sendes en gang til" in page.text
    again = await editor.send("/deliveries/1/decide", decision=Decision.DROP.value)
    assert (again.status, "Noen andre har avgjort dette" in again.text) == (409, True)
    assert (await (await sign_in(Role.SPOKESPERSON)).send("/deliveries/1/decide", decision="drop")).status == 403


async def test_recipients_are_listed_in_pieces_with_two_digits_and_a_reason(sign_in: SignIn, crisis: Crisis) -> None:
    message = await sent(crisis, "website", "sms", people=130)
    await move(crisis, "recipient_id <= 2", "in_flight", "accepted", "undelivered")
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE deliveries SET error_code = '30003' WHERE recipient_id = 1"))
    switchboard = await sign_in(Role.SWITCHBOARD)
    page = await switchboard.get(f"/messages/{message}/recipients")
    assert len(page.tree.cssselect(".standing > li")) == 100
    assert "4740000" not in page.body
    (more,) = page.tree.xpath("//a[starts-with(., 'Vis flere')]/@href")
    assert len((await switchboard.get(more)).tree.cssselect(".standing > li")) == 31
    failed = await switchboard.get(f"/messages/{message}/recipients?state=undelivered&channel=sms")
    lines = [" ".join(each.text_content().split()) for each in failed.tree.cssselect(".standing > li")]
    assert len(lines) == 2
    assert "Telefonen var avslått eller uten dekning" in lines[0]
    odd = await switchboard.get(f"/messages/{message}/recipients?state=bogus&after=x&revision=9&channel=%27")
    assert odd.status == 200


async def test_a_false_alarm_shows_what_is_said_and_to_how_many_before_it_is(sign_in: SignIn, crisis: Crisis) -> None:
    message = await sent(crisis, "website", "sms", people=12)
    await move(crisis, "true", "in_flight", "accepted")
    editor = await sign_in(Role.EDITOR)
    page = await editor.get(f"/messages/{message}/retract")
    assert "SMS: 12 utsendinger" in page.text
    assert "Send «falsk alarm» nå (13 utsendinger)" in page.text
    assert "ALSK ALARM" in page.part(".sent-text").upper()
    long = await editor.send(f"/messages/{message}/retract", reason="x" * 501)
    assert (long.status, long.value("reason")) == (422, "x" * 501)
    page = await editor.send(f"/messages/{message}/retract", reason="Feil sted")
    assert "«Falsk alarm» er på vei ut" in page.text
    assert "Falsk alarm" in page.part(".notice")
    again = await editor.send(f"/messages/{message}/retract", reason="Feil sted")
    assert "alt meldt som falsk alarm" in again.text
    async with crisis.db.transaction() as session:
        count = await session.execute(text("SELECT count(*) FROM revisions WHERE kind = 'retraction'"))
        assert count.scalar_one() == 1


async def test_taking_down_says_what_can_be_and_what_cannot(sign_in: SignIn, crisis: Crisis) -> None:
    message = await sent(crisis, "website", "facebook", "sms", people=3)
    await move(crisis, "true", "in_flight", "accepted")
    editor = await sign_in(Role.EDITOR)
    page = await editor.get(f"/messages/{message}/withdraw")
    assert "Facebook: 1 innlegg tas ned." in page.text
    assert "SMS: 3 kan ikke hentes tilbake." in page.text
    page = await editor.send(f"/messages/{message}/withdraw")
    assert "3 utsendinger kan ikke hentes tilbake" in page.text
    assert "skal tas ned" in page.part(".standing")
    spokesperson = await sign_in(Role.SPOKESPERSON)
    assert (await spokesperson.get(f"/messages/{message}/withdraw")).status == 403


async def test_an_exercise_looks_like_one(sign_in: SignIn, crisis: Crisis) -> None:
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db, Mode.EXERCISE)
    draft = await factories.alert(crisis, activation.id)
    await crisis.desk.approve(EDITOR, draft.id)
    page = await (await sign_in(Role.EDITOR)).get("/messages/1")
    assert "ØVELSE ØVELSE ØVELSE" in page.text
    assert (await (await sign_in(Role.EDITOR)).get("/messages/99")).status == 404
