"""Whose a post is, by our own records alone: platforms' words about it, and webhooks that tell of everybody's, prove nothing."""

import pytest
from sqlalchemy import text

from crisis.channel_watch import Posted
from crisis.channels import Receipt, ReceiptStatus
from crisis.mode import Mode
from crisis.watch.provenance import Found, Origin, origins, same_link, same_text
from tests import factories
from tests.crisis.deliveries.workbench import Workbench, receipt


async def origin(bench: Workbench, account: int, posted: Posted, *, recipients: bool = False) -> Origin:
    async with bench.db.transaction() as session:
        (found,) = await origins(session, [Mode.ACTUAL], [Found(account, (account,), posted, recipients)])
    return found


def a_post(text: str = "Noe annet.", reference: str = "1234_100000001", **more: object) -> Posted:
    return Posted(reference, 1.0, text, **more)  # type: ignore[arg-type]


async def said(bench: Workbench) -> str:
    async with bench.db.transaction() as session:
        return str((await session.execute(text("SELECT text FROM renditions LIMIT 1"))).scalar_one())


async def test_a_reference_of_ours_is_ours_in_whatever_state_on_that_account_alone(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    other = await bench.unit_account()
    await bench.run("UPDATE deliveries SET state = 'in_flight', started_at = now()")
    await bench.run("UPDATE deliveries SET state = 'accepted', reference = '1234_100000001'")
    account = (await bench.row(delivery)).account_id
    assert await origin(bench, account, a_post()) is Origin.OURS
    assert await origin(bench, other, a_post()) is Origin.FOREIGN
    assert await origin(bench, account, a_post(reference="1234_100000002")) is Origin.FOREIGN


async def test_a_signed_webhook_tells_of_everybodys_posts_and_proves_nothing(bench: Workbench) -> None:
    account = await bench.unit_account()
    await factories.activation(bench.db)
    await bench.receive("facebook", Receipt("1234_100000001", ReceiptStatus.DELIVERED))
    assert await origin(bench, account, a_post()) is Origin.FOREIGN


async def test_a_text_message_is_ours_by_its_reference_or_by_the_receipt_that_named_it(bench: Workbench) -> None:
    first, second = await bench.alert("sms", people=2)
    account = (await bench.row(first)).account_id
    await bench.run("UPDATE deliveries SET state = 'in_flight', started_at = now()")
    await bench.run("UPDATE deliveries SET state = 'accepted', reference = 'SM1' WHERE id = :id", id=first)
    await bench.receive("sms", receipt(second, ReceiptStatus.SENT, "SM2"))
    for reference in ("SM1", "SM2"):
        assert await origin(bench, account, a_post(reference=reference), recipients=True) is Origin.OURS
    assert await origin(bench, account, a_post(reference="SM3"), recipients=True) is Origin.FOREIGN


async def test_our_key_counts_only_for_what_may_be_out(bench: Workbench) -> None:
    account = await bench.unit_account("wordpress")
    (delivery,) = await bench.posts(1, account)
    keyed = a_post(key=str(delivery))
    assert await origin(bench, account, keyed) is Origin.FOREIGN, "a draft of ours that somebody else published"
    await bench.run("UPDATE deliveries SET state = 'in_flight', started_at = now()")
    assert await origin(bench, account, keyed) is Origin.OURS
    for strange in ("999", "abc", "9" * 30, ""):
        assert await origin(bench, account, a_post(key=strange)) is Origin.FOREIGN


async def test_what_one_of_ours_in_flight_may_have_made_is_left_for_the_next_look(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    account = (await bench.row(delivery)).account_id
    ours = a_post(await said(bench))
    await bench.run("UPDATE deliveries SET state = 'in_flight', started_at = now()")
    for state in ("in_flight", "unknown"):
        await bench.run("UPDATE deliveries SET state = :state", state=state)
        assert await origin(bench, account, ours) is Origin.MAYBE_OURS
        assert await origin(bench, account, a_post(is_ours=True)) is Origin.MAYBE_OURS
        assert await origin(bench, account, a_post()) is Origin.FOREIGN
    await bench.run("UPDATE deliveries SET state = 'accepted', reference = '1234_7', looks = 1")
    assert await origin(bench, account, ours) is Origin.FOREIGN, "a copy that somebody else made"
    assert await origin(bench, account, a_post(is_ours=True)) is Origin.FOREIGN, "whoever has our password"
    await bench.run(
        "INSERT INTO attempts (delivery_id, number, started_at, outcome) VALUES (:id, 1, now(), 'unknown')", id=delivery
    )
    assert await origin(bench, account, ours) is Origin.OURS, "the attempt whose outcome nobody ever knew"


@pytest.mark.parametrize(
    ("posted", "is_same"),
    [
        ("Skred ved Moen: Gå ut av området nå\nRing 74 00 00 00. Se https://krise.fjordvik.kommune.no/", True),
        ("skred ved  Moen:  gå ut av området nå ring 74000000. se krise.fjordvik.kommune.no", True),
        ("Skred ved Moen: Gå ut av området nå. Ring …00. Se krise.fjordvik.kommune.no og les mer der", True),
        ("Skred ved Moen: Gå ut av området nå. Ring 74 00 00 99. Se krise.fjordvik.kommune.no", False),
        ("Kom på lesestund", False),
        ("", False),
    ],
)
def test_texts_are_compared_by_letters_and_digits(posted: str, is_same: bool) -> None:
    ours = "Skred ved Moen: Gå ut av området nå. Ring 74 00 00 00. Se krise.fjordvik.kommune.no"
    assert same_text(posted, "", ours) is is_same
    assert not same_text(posted, "", "")


def test_a_short_text_is_ours_only_as_a_whole() -> None:
    assert same_text("Åpent!", "", "Åpent")
    assert not same_text("Åpent hus på lørdag", "", "Åpent")
    assert same_text("Skred\nGå ut", "Skred", "Gå ut")


@pytest.mark.parametrize(
    ("url", "is_same"),
    [
        ("https://m.facebook.com/fjordvik/posts/100000001/", True),
        ("https://www.facebook.com/1234_100000001", True),
        ("https://www.facebook.com/fjordvik/posts/200000002", False),
        ("https://www.facebook.com/fjordvik", False),
        (None, False),
    ],
)
def test_a_link_that_somebody_gave_us_leads_to_the_post(url: str | None, is_same: bool) -> None:
    assert same_link(a_post(url="https://facebook.com/1234/posts/9"), url) is is_same


async def test_an_exercises_posts_are_ours_only_where_both_worlds_are_one_place(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    account = (await bench.row(delivery)).account_id
    await bench.run("UPDATE deliveries SET state = 'in_flight', started_at = now()")
    await bench.run("UPDATE deliveries SET state = 'accepted', reference = '1234_100000001'")
    found = [Found(account, (account,), a_post())]
    async with bench.db.transaction() as session:
        assert await origins(session, [Mode.EXERCISE], found) == [Origin.FOREIGN]
        assert await origins(session, [Mode.EXERCISE, Mode.ACTUAL], found) == [Origin.OURS]
