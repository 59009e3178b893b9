"""Where the demo refuses to be played."""

from pathlib import Path
from typing import Any

import pytest

from crisis.audiences.models import Audience
from crisis.bootstrap import Crisis
from crisis.demo import play
from crisis.demo.place import check_database, check_settings, environment
from crisis.demo.town import known_accounts
from crisis.errors import Conflict, Unready
from crisis.settings import Settings
from tests import factories

SANDBOX = "http://127.0.0.1:8900"


@pytest.fixture
def fjordvik(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings as a process of the demo reads them."""
    for name, value in environment(f"{SANDBOX}/", "t0ken", "http://127.0.0.1:8000").items():
        monkeypatch.setenv(name, value)
    held = settings.model_dump(include=settings.model_fields_set - {"graph_url", "x_url", "twilio_url"})
    return Settings(**{**held, "sandbox_url": SANDBOX})


def test_its_own_environment_is_a_place_for_it(fjordvik: Settings) -> None:
    assert check_settings(fjordvik) == SANDBOX
    assert fjordvik.twilio_auth_token is not None
    assert fjordvik.twilio_auth_token.get_secret_value() == "t0ken"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        (
            "graph_url",
            "https://graph.facebook.com",
            "CRISIS_GRAPH_URL is https://graph.facebook.com, not the sandbox's",
        ),
        ("x_url", "https://api.x.com", "CRISIS_X_URL is"),
        ("twilio_url", "https://api.twilio.com", "CRISIS_TWILIO_URL is"),
        ("sandbox_url", None, "There is no sandbox"),
        ("sandbox_url", "https://sandbox.example.org", "is not on this machine"),
        ("municipality", "Stjørdal kommune", "The municipality is Stjørdal kommune"),
        ("crisis_page_host", "krise.example.no", "krise.example.no"),
        ("public_dir", Path("/srv/www/krise"), "The crisis page lies in /srv/www/krise"),
        ("editors_unit", "kommunikasjon", "The editors' unit"),
    ],
)
def test_a_place_where_it_could_reach_somebody_is_refused(fjordvik: Settings, name: str, value: Any, why: str) -> None:
    with pytest.raises(Unready, match="nothing was sent") as refused:
        check_settings(fjordvik.model_copy(update={name: value}))
    assert why in str(refused.value)
    assert "crisis up --demo" in str(refused.value)


async def test_playing_asks_first(settings: Settings) -> None:
    with pytest.raises(Unready, match="The demo was not begun"):
        await play(settings, None, as_json=True)  # type: ignore[arg-type]


async def test_a_database_with_somebody_elses_account_is_refused(crisis: Crisis) -> None:
    known = known_accounts(crisis)
    async with crisis.db.transaction() as session:
        await check_database(session, known, SANDBOX)
    await factories.account(crisis, "facebook", name="En ekte side")
    with pytest.raises(Conflict, match="the account En ekte side"):
        async with crisis.db.transaction() as session:
            await check_database(session, known, SANDBOX)


async def test_a_site_elsewhere_is_refused_even_under_our_own_name(crisis: Crisis) -> None:
    await factories.account(crisis, "wordpress", name="Fjordvik kommune", address="https://www.kommune.example")
    with pytest.raises(Conflict, match=r"the address https://www\.kommune\.example"):
        async with crisis.db.transaction() as session:
            await check_database(session, known_accounts(crisis), SANDBOX)


async def test_people_the_demo_did_not_bring_are_refused(crisis: Crisis) -> None:
    await factories.audience(crisis, 3, "Ekte mennesker")
    with pytest.raises(Conflict, match="the audience Ekte mennesker, 3 recipients"):
        async with crisis.db.transaction() as session:
            await check_database(session, known_accounts(crisis), SANDBOX)
    async with crisis.db.transaction() as session:
        assert await session.get(Audience, 1) is not None
