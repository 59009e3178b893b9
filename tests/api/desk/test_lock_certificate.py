"""The lock certificate: a page and a PDF that say the same, in every language, and whose numbers the audit log holds."""

import re

from crisis.activations import drain
from crisis.activations.service import stand_down
from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn
from tests.api.desk.test_lock_board import breach
from tests.factories import DIRECTOR


async def test_it_says_what_the_lock_was_and_how_to_check_it(crisis: Crisis, sign_in: SignIn) -> None:
    await factories.account(crisis, "website", name="Krisesiden")
    account = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    activation = await factories.activation(crisis.db)
    await breach(crisis, activation.id, account)
    await drain.step(crisis.db, activation.id, 60)
    editor, here = await sign_in(Role.EDITOR), f"/activations/{activation.id}/certificate"
    page = await editor.get(here)
    assert page.status == 200
    assert "Låsebevis: Kvikkleireskred ved Moen" in page.text
    for said in (
        "Låsens nummer",
        "Hindret her",
        "Brudd",
        "Åpent i dag! (Ola)",
        "Slik kontrolleres det",
        "Noe gjenstår",
    ):
        assert said in page.text
    facts = [each.text_content().strip() for each in page.tree.cssselect(".report-facts dd")]
    heads = [each for each in facts if re.fullmatch(r"\d+:[0-9a-f]{64}", each)]
    assert len(heads) == 2, "it was locked, and confirmed"
    async with crisis.db.transaction() as session:
        for head in heads:
            assert (await chain.verify(session, head)).holds
    await stand_down(crisis.db, DIRECTOR, activation.id)
    english = await (await sign_in(Role.AUDITOR, language="en")).get(here)
    assert "Lock certificate" in english.text
    assert "Held here" in english.text
    assert "Restored" in english.text
    assert (await (await sign_in(Role.UNIT)).get(here)).status == 403


async def test_the_pdf_of_an_exercise_is_one_and_its_page_says_so_in_every_frame(
    crisis: Crisis, sign_in: SignIn
) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    exercise = await factories.activation(crisis.db, Mode.EXERCISE, "Øvelse skred")
    director, here = await sign_in(Role.DIRECTOR), f"/activations/{exercise.id}/certificate"
    page = await director.get(here)
    assert page.text.count("ØVELSE ØVELSE ØVELSE") >= 1
    assert page.tree.cssselect(".exercise-banner")
    pdf = await director.get(f"{here}.pdf")
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.raw.startswith(b"%PDF")
