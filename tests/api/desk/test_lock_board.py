"""The lock board: every account in one word, what needs a person first; live, narrowed down, and small however many there are."""

from sqlalchemy import text

from crisis import clock
from crisis.activations.service import stand_down
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn
from tests.api.desk.stream import watching
from tests.factories import DIRECTOR

LARGEST = 150 << 10  # bytes of a page


async def contact(crisis: Crisis, unit: str, name: str) -> int:
    async with crisis.db.transaction() as session:
        made = await session.execute(
            text("INSERT INTO contacts (unit, name, part) VALUES (:unit, :name, 'leader') RETURNING id"),
            {"unit": unit, "name": name},
        )
        return int(made.scalar_one())


async def breach(crisis: Crisis, activation_id: int, account_id: int, mode: Mode = Mode.ACTUAL) -> int:
    async with crisis.db.transaction() as session:
        made = await session.execute(
            text(
                "INSERT INTO breaches (mode, activation_id, account_id, reference, text, url, author, posted_at) VALUES "
                "(:mode, :activation, :account, '7', 'Åpent i dag!', 'https://platform.test/7', 'Ola', :now) RETURNING id"
            ),
            {"mode": mode.value, "activation": activation_id, "account": account_id, "now": clock.now()},
        )
        return int(made.scalar_one())


async def test_what_needs_a_person_comes_first_and_each_word_has_its_evidence(crisis: Crisis, sign_in: SignIn) -> None:
    await factories.account(crisis, "website", name="Krisesiden")
    account = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    await factories.account(crisis, "youtube", unit="kulturskolen", name="Kulturskolen")
    activation = await factories.activation(crisis.db)
    number = await breach(crisis, activation.id, account)
    page = await (await sign_in(Role.EDITOR)).get(f"/activations/{activation.id}/lock-board")
    assert page.status == 200
    rows = page.tree.cssselect(".lock-rows > li")
    assert [row.get("data-lock") for row in rows] == ["breached", "not_enforceable", "held"]
    assert "2 av 3 kontoer må ha noen" in page.text
    first = " ".join(rows[0].text_content().split())
    assert "«Åpent i dag!» (Ola) kom ut" in first
    assert rows[0].xpath(f".//a[@href='/breaches/{number}']")
    assert rows[0].xpath(".//a[@href='https://platform.test/7' and @rel='noopener noreferrer']")
    assert "Det som går gjennom denne tjenesten, er stanset siden" in first
    assert "lås nummer 1" in first
    assert "Ring enheten og be om at ingenting legges ut." in rows[1].text_content()
    assert "Bare denne tjenesten kan publisere her." in rows[2].text_content()
    counts = [int(each.text) for each in page.tree.cssselect(".lock-totals > li:not(.lock-sum) strong")]
    assert sum(counts) == int(page.tree.cssselect(".lock-sum strong")[0].text) == 3


async def test_it_is_narrowed_down_by_unit_by_state_and_to_what_needs_a_person(crisis: Crisis, sign_in: SignIn) -> None:
    await factories.account(crisis, "website", name="Krisesiden")
    await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    await factories.account(crisis, "facebook", unit="skolen", name="Skolen")
    activation = await factories.activation(crisis.db)
    editor, here = await sign_in(Role.EDITOR), f"/activations/{activation.id}/lock-board"

    async def names(query: str) -> list[str]:
        tree = (await editor.get(f"{here}?{query}")).tree
        return [each.text.partition(": ")[2] for each in tree.cssselect(".lock-account a")]

    assert await names("unit=skolen") == ["Skolen"]
    assert await names("state=held") == ["Krisesiden"]
    assert await names("state=needing&unit=biblioteket") == ["Biblioteket"]
    assert await names("state=needing") == ["Biblioteket", "Skolen"]
    assert await names("state=acknowledged") == []
    assert len(await names("state=tull&page=tull&unit=")) == 3
    assert await names("page=9999") == []


async def test_an_answer_by_telephone_is_written_down_in_place_and_holds_for_the_unit(
    crisis: Crisis, sign_in: SignIn
) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket")
    await factories.account(crisis, "twitter", unit="biblioteket")
    activation = await factories.activation(crisis.db)
    person = await contact(crisis, "biblioteket", "Kari Nordmann")
    editor, here = await sign_in(Role.EDITOR, name="Liv Redaktør"), f"/activations/{activation.id}/lock-board"
    before = await editor.get(here)
    assert [each.text for each in before.tree.cssselect(".lock-answers button")] == [
        "Kari Nordmann svarte på telefon: stille"
    ] * 2
    done = await editor.send(f"{here}/answers", contact=str(person), back="unit=biblioteket&state=")
    assert "Skrevet ned: Kari Nordmann sier at ingenting legges ut." in done.text
    assert [each.get("data-lock") for each in done.tree.cssselect(".lock-rows > li")] == ["acknowledged"] * 2
    assert "Kari Nordmann bekreftet på telefon" in done.text
    assert "skrevet ned av Liv Redaktør" in done.text
    again = await editor.send(f"{here}/answers", contact=str(person))
    assert "hadde alt svart" in again.text
    await stand_down(crisis.db, DIRECTOR, activation.id)
    late = await editor.send(f"{here}/answers", contact=str(person))
    assert "ingen trenger å svare lenger" in late.text
    other = await sign_in(Role.SWITCHBOARD)
    assert (await other.send(f"{here}/answers", contact=str(person))).status == 403
    assert (await (await sign_in(Role.UNIT)).get(here)).status == 403


async def test_a_thousand_accounts_are_one_page_of_no_size_and_the_rest_is_a_link_away(
    crisis: Crisis, sign_in: SignIn
) -> None:
    async with crisis.db.transaction() as session:
        await session.execute(
            text(
                """
                INSERT INTO accounts (channel, name, unit, address)
                SELECT 'facebook', 'Fjordvik konto nummer ' || n, 'enhet nummer ' || (n / 4), 'a' || n
                FROM generate_series(1, 1000) n
                """
            )
        )
    activation = await factories.activation(crisis.db)
    page = await (await sign_in(Role.DIRECTOR)).get(f"/activations/{activation.id}/lock-board")
    assert len(page.body.encode()) < LARGEST
    assert "1 000 av 1 000" in page.text.replace("\N{NO-BREAK SPACE}", " ") or "1000 av 1" in page.text
    assert "Side 1 av 25" in page.text
    assert page.tree.xpath("//a[@rel='next']/@href") == [f"/activations/{activation.id}/lock-board?page=2"]


async def test_whoever_looks_sees_it_change(crisis: Crisis, sign_in: SignIn) -> None:
    account = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    activation = await factories.activation(crisis.db)
    director = await sign_in(Role.DIRECTOR)
    async with watching(director, f"/activations/{activation.id}/lock-board/live?state=breached") as events:
        assert "Ingen kontoer passer" in await events.next("standing")
        await breach(crisis, activation.id, account)
        assert "Åpent i dag!" in await events.next("standing")


async def test_an_exercise_has_its_own_board_and_says_so_in_its_frame(crisis: Crisis, sign_in: SignIn) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    exercise = await factories.activation(crisis.db, Mode.EXERCISE, "Øvelse skred")
    page = await (await sign_in(Role.DIRECTOR)).get(f"/activations/{exercise.id}/lock-board")
    assert "ØVELSE ØVELSE ØVELSE" in page.text
    assert "Biblioteket" in page.text
