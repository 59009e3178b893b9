"""A unit's own desk: publishing and scheduling, what the lock does to it, and the decision afterwards, post by post."""

from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import text

from crisis import clock
from crisis.activations import service
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.api.desk.conftest import SignIn
from tests.factories import DIRECTOR

LIBRARIAN = Actor("Bibliotekaren", Role.UNIT, "biblioteket")


async def states(crisis: Crisis) -> list[str]:
    async with crisis.db.transaction() as session:
        return list((await session.execute(text("SELECT state FROM deliveries ORDER BY id"))).scalars())


async def test_a_unit_without_accounts_is_told_so(sign_in: SignIn) -> None:
    page = await (await sign_in(Role.UNIT)).get("/posts")
    assert page.status == 200
    assert "Enheten har ingen konto som kan brukes herfra" in page.text
    assert "Ingen innlegg ennå." in page.text


async def test_a_post_is_put_out_now_and_shown(crisis: Crisis, sign_in: SignIn) -> None:
    number = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    await factories.account(crisis, "youtube", unit="biblioteket", name="Filmene")
    unit = await sign_in(Role.UNIT)
    page = await unit.get("/posts")
    assert "1 konto kan ikke brukes herfra" in page.text
    assert "Filmene: Denne tjenesten publiserer ikke enhetenes innlegg" in page.text
    page = await unit.send("/posts", account=str(number), text="Vi holder åpent til kl. 19.", when="now")
    assert "Innlegget er på vei ut" in page.text
    assert "Vi holder åpent til kl. 19." in page.text
    assert await states(crisis) == ["ready"]


def day(year: int) -> dict[str, str]:
    """A morning in January, as its two fields have it."""
    return {"publish_at": "08.00", "publish_at-date": f"{year}-01-01"}


async def test_a_post_is_scheduled_on_norwegian_clocks_and_taken_back(crisis: Crisis, sign_in: SignIn) -> None:
    number = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    unit = await sign_in(Role.UNIT)
    at = (clock.now() + timedelta(days=2)).astimezone(clock.OSLO).replace(hour=8, minute=30)
    fields = {"account": str(number), "text": "Lesestund", "publish_at": "kl. 0830"}
    page = await unit.send("/posts", when="later", **fields, **{"publish_at-date": f"{at:%Y-%m-%d}"})
    assert "kl. 08.30" in page.text
    assert "Planlagt til" in page.text
    page = await unit.send("/posts/1/take-back")
    assert "trukket tilbake" in page.text
    assert await states(crisis) == ["cancelled"]
    again = await unit.send("/posts/1/take-back")
    assert (again.status, "venter ikke lenger" in again.text) == (409, True)


async def test_every_fault_stands_beside_its_field_and_what_was_typed_is_kept(crisis: Crisis, sign_in: SignIn) -> None:
    number = await factories.account(crisis, "twitter", unit="biblioteket", name="Biblioteket")
    unit = await sign_in(Role.UNIT)
    typed = {"title": "  Lesestund", "text": "To linjer\r\n<b>rett ut</b>", "publish_at": "i morgen"}
    page = await unit.send("/posts", when="later", **typed)
    assert page.status == 422
    assert "Velg en konto" in page.text
    assert page.value("text") == "To linjer\n<b>rett ut</b>"
    assert page.value("title") == "  Lesestund"
    assert "Skriv klokkeslettet med fire tall" in page.problem("publish_at")
    assert page.value("publish_at") == "i morgen"
    assert "<b>rett ut" not in page.body
    page = await unit.send("/posts", account=str(number), text="", when="now")
    assert "Skriv en tekst" in page.problem("text")
    page = await unit.send("/posts", account=str(number), text="x", **day(2020), when="later")
    assert "Tidspunktet er passert" in page.problem("publish_at")
    page = await unit.send("/posts", account=str(number), text="x", **day(2040), when="now")
    assert "Her står et tidspunkt" in page.problem("publish_at"), "nothing goes out before its time by mistake"
    page = await unit.send("/posts", account=str(number), text="å" * 400, when="now")
    assert page.status == 422
    assert "400" in page.problem("text")
    assert page.value("text") == "å" * 400
    assert await states(crisis) == []


async def test_an_sms_goes_to_the_audience_that_was_chosen(crisis: Crisis, sign_in: SignIn) -> None:
    number = await factories.account(crisis, "sms", unit="biblioteket", name="BIBLIOTEKET")
    audience = await factories.audience(crisis, 3, "Lånere")
    unit = await sign_in(Role.UNIT)
    page = await unit.send("/posts", account=str(number), text="Boka er klar", when="now")
    assert (page.status, "Velg hvem som skal få det" in page.text) == (422, True)
    assert "Lånere (3)" in page.text
    page = await unit.send("/posts", account=str(number), text="Boka er klar", audience=str(audience), when="now")
    assert "3 i kø" in page.text


async def test_when_the_lock_falls_while_they_type_the_text_is_kept_and_they_are_told_whom_to_call(
    crisis: Crisis, sign_in: SignIn
) -> None:
    number = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    unit = await sign_in(Role.UNIT)
    assert "Kontoene er låst" not in (await unit.get("/posts")).text
    await factories.activation(crisis.db)
    part = await unit.get("/posts", partial=True)
    assert "Kontoene er låst" in part.text
    assert DIRECTOR.name in part.text
    assert "Ring nettredaksjonen: Vakttelefonen 74 00 00 01" in part.text
    page = await unit.send("/posts", account=str(number), text="Vi holder åpent!", when="now")
    assert page.status == 200
    assert "Teksten er tatt vare på" in page.text
    assert "Vi holder åpent!" in page.part("#blocked-1")
    assert "Dropp" in page.part("#blocked-1")
    assert "Publiser som det er" not in page.text, "not while the lock holds"
    assert await states(crisis) == ["blocked"]
    refused = await unit.send("/posts/1/publish")
    assert (refused.status, "Kontoen er låst" in refused.text) == (423, True)
    assert await states(crisis) == ["blocked"]


async def test_after_the_lock_each_blocked_post_is_published_rewritten_or_dropped_and_none_by_itself(
    crisis: Crisis, sign_in: SignIn
) -> None:
    number = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    activation = await factories.activation(crisis.db)
    unit = await sign_in(Role.UNIT)
    for said in ("Første", "Andre", "Tredje"):
        await unit.send("/posts", account=str(number), text=said, when="now")
    await service.stand_down(crisis.db, DIRECTOR, activation.id)
    page = await unit.get("/posts")
    assert "Ta stilling til ett og ett" in page.text
    assert await states(crisis) == ["blocked"] * 3
    assert "for under et minutt siden" in page.part("#blocked-1")
    await unit.send("/posts/1/drop")
    assert await states(crisis) == ["cancelled", "blocked", "blocked"]
    await unit.send("/posts/2/publish")
    assert await states(crisis) == ["cancelled", "ready", "blocked"]
    form = await unit.get("/posts?rewrite=3")
    assert (form.value("text"), form.value("instead_of"), form.value("account")) == ("Tredje", "3", str(number))
    await unit.send("/posts", account=str(number), text="Tredje, ny", when="now", instead_of="3")
    assert await states(crisis) == ["cancelled", "ready", "cancelled", "ready"]
    again = await unit.send("/posts/1/drop")
    assert (again.status, "er ikke stanset" in again.text) == (409, True)


async def test_a_unit_sees_and_decides_about_its_own_alone(crisis: Crisis, sign_in: SignIn) -> None:
    school = await factories.account(crisis, "facebook", unit="skolen", name="Skolen")
    library = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    await crisis.posts.publish(Actor("Rektor", Role.UNIT, "skolen"), school, "Skolestart")
    unit = await sign_in(Role.UNIT)
    assert "Skolestart" not in (await unit.get("/posts")).text
    assert "Skolestart" not in (await unit.get("/posts?unit=skolen")).text
    assert (await unit.send("/posts", account=str(school), text="Hei", when="now")).status == 403
    for act in ("drop", "publish", "take-back"):
        assert (await unit.send(f"/posts/1/{act}")).status == 403
    assert (await unit.get("/posts?rewrite=1")).status == 404
    assert library


async def test_the_desk_sees_every_units_blocked_posts_and_decides_about_none(crisis: Crisis, sign_in: SignIn) -> None:
    library = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    school = await factories.account(crisis, "facebook", unit="skolen", name="Skolen")
    for actor, number, at in ((LIBRARIAN, library, 1), (Actor("Rektor", Role.UNIT, "skolen"), school, 2)):
        await crisis.posts.publish(actor, number, f"Innlegg {at}", publish_at=clock.now() + timedelta(seconds=0.5))
    activation = await factories.activation(crisis.db)
    async with crisis.db.transaction() as session:
        await session.execute(text("SELECT pg_sleep(0.6)"))
    await service.stand_down(crisis.db, DIRECTOR, activation.id)
    for role in (Role.DIRECTOR, Role.EDITOR):
        browser = await sign_in(role)
        page = await browser.get("/posts")
        assert "Innlegg 1" in page.part("#blocked-1")
        assert "Skolen (skolen)" in page.part("#blocked-2")
        assert "Dropp" not in page.text
        one = await browser.get("/posts?" + urlencode({"unit": "skolen"}))
        assert "Innlegg 1" not in one.text
        assert "Innlegg 2" in one.text


async def test_an_exercise_has_its_own_posts_and_its_own_lock(crisis: Crisis, sign_in: SignIn) -> None:
    number = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    await factories.activation(crisis.db, Mode.EXERCISE)
    unit = await sign_in(Role.UNIT)
    page = await unit.send("/posts?mode=exercise", account=str(number), text="Prøve", when="now")
    assert "Øvelse: kontoene i øvelsen er låst" in page.text
    assert "Prøve" in page.part("#blocked-1")
    assert "Prøve" not in (await unit.get("/posts")).text


async def test_older_posts_are_a_page_away(crisis: Crisis, sign_in: SignIn) -> None:
    number = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    for count in range(32):
        await crisis.posts.publish(LIBRARIAN, number, f"Innlegg nummer {count + 1}.")
    unit = await sign_in(Role.UNIT)
    page = await unit.get("/posts")
    assert "Innlegg nummer 32." in page.text
    assert "Innlegg nummer 2." not in page.text
    (older,) = page.tree.xpath("//a[contains(@href, 'before=')]/@href")
    page = await unit.get(older)
    assert "Innlegg nummer 2." in page.text
    assert "Innlegg nummer 1." in page.text
    assert "Innlegg nummer 3." not in page.text


async def test_who_has_nothing_to_do_here_is_told_so(sign_in: SignIn) -> None:
    switchboard = await sign_in(Role.SWITCHBOARD)
    assert (await switchboard.get("/posts")).status in {200, 403}
    assert (await switchboard.send("/posts", account="1", text="Hei", when="now")).status == 403
