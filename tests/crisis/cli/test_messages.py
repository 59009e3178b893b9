"""``crisis message``."""

import json
from pathlib import Path

import pytest

from crisis.bootstrap import Crisis
from tests import factories
from tests.crisis.cli.conftest import Shell, put

WORDS = (
    *("--headline", "Skred ved Moen: Gå ut av området nå", "--what-happened", "Det har gått et skred."),
    *("--where", "Moen og Elvesletta", "--do", "Gå ut av området.", "--do", "Ring 112 hvis noen er i livsfare."),
    *("--leads", "Politiet", "--contact", "Sentralbordet 74 00 00 00"),
)


@pytest.fixture
async def desk(crisis: Crisis) -> None:
    """An activation, accounts on three channels, and three people."""
    for channel in ("website", "facebook", "twitter", "sms"):
        await factories.account(crisis, channel)
    await factories.audience(crisis, 3, "Innbyggere")
    await factories.activation(crisis.db)


@pytest.mark.usefixtures("desk")
async def test_a_message_goes_from_options_to_everyone(shell: Shell) -> None:
    ran = await shell("message", "write", *WORDS, "--next", "23:59", "--audience", "Innbyggere", "--by", "Vakt")
    assert ran.code == 0, ran.err
    assert "Revision 1 (alert, nb) of message 1 is saved as a draft." in ran.said
    shown = await shell("message", "preview", "1")
    assert shown.code == 0
    assert "Facebook, bokmål" in shown.out
    assert "Skred ved Moen: Gå ut av området nå." in shown.said
    assert "of 280 weighted characters" in shown.said
    assert "Approving it makes 6 deliveries: 1 on Crisis page, 1 on Facebook, 1 on X, 3 on SMS." in shown.said
    sent = await shell("message", "approve", "1", "--json", "--by", "Redaktøren")
    assert sent.json["deliveries"] == {"website": 1, "facebook": 1, "twitter": 1, "sms": 3}
    assert sent.json["revision"]["approved_by"] == "Redaktøren"
    again = await shell("message", "approve", "1")
    assert again.code == 1
    assert "was approved by Redaktøren and is frozen" in again.complained


@pytest.mark.usefixtures("desk")
async def test_a_message_comes_from_a_file_and_a_language_is_added(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    put(file, json.dumps(factories.SLIDE, ensure_ascii=False))
    assert (await shell("message", "write", "--file", str(file), "--next", "23:59")).code == 0
    ran = await shell("message", "edit", "1", "--language", "en", *WORDS, "--json")
    assert ran.json["contents"].keys() == {"nb", "en"}
    assert ran.json["contents"]["nb"]["headline"] == factories.SLIDE["nb"]["headline"]
    assert ran.json["saves"] == 2
    listed = await shell("message", "list")
    assert "alert, nb en" in listed.said
    assert "draft" in listed.out


@pytest.mark.usefixtures("desk")
async def test_what_is_missing_is_said_all_at_once(shell: Shell) -> None:
    ran = await shell("message", "write", "--headline", "Skred", "--next", "23:59")
    assert ran.code == 1
    for field in ("what_happened", "where", "what_to_do", "leads", "contact"):
        assert f"nb: {field} is missing." in ran.complained


@pytest.mark.usefixtures("desk")
async def test_a_text_over_its_limit_is_refused_with_the_numbers(shell: Shell) -> None:
    long = [word for n in range(8) for word in ("--do", f"Råd nummer {n} er ganske langt og tar derfor mye plass.")]
    await shell("message", "write", *WORDS, *long, "--next", "23:59")
    shown = await shell("message", "preview", "1")
    assert shown.code == 1
    assert "It cannot go out as it is:" in shown.out
    assert "of 280" in shown.said
    refused = await shell("message", "approve", "1", "--yes")
    assert refused.code == 1
    assert "Nothing was sent." in refused.complained


@pytest.mark.usefixtures("db")
async def test_a_message_needs_an_activation(shell: Shell) -> None:
    ran = await shell("message", "write", *WORDS, "--next", "23:59")
    assert ran.code == 1
    assert "No actual activation is in force, and a message belongs to one. Activate first." in ran.complained


@pytest.mark.usefixtures("desk")
async def test_a_file_that_is_no_message_is_refused(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    for content, why in (
        ("{", "is not JSON"),
        ("[1]", "is not languages with their fields"),
        ("[" * 100_000, "is not JSON"),
    ):
        put(file, content)
        ran = await shell("message", "write", "--file", str(file))
        assert ran.code == 1
        assert why in ran.complained
    missing = await shell("message", "write", "--file", str(tmp_path / "finnes-ikke.json"))
    assert "No such file" in missing.complained


@pytest.mark.usefixtures("desk")
async def test_an_update_goes_on_with_its_message(shell: Shell) -> None:
    await shell("message", "write", *WORDS, "--next", "23:59")
    early = await shell("message", "write", "--kind", "update", "--message", "1", *WORDS, "--next", "23:59")
    assert "Nothing of message 1 has been sent yet" in early.complained
    await shell("message", "approve", "1", "--yes")
    ran = await shell("message", "write", "--kind", "update", "--message", "1", *WORDS, "--next", "23:59", "--json")
    assert (ran.json["number"], ran.json["kind"], ran.json["supersedes_id"]) == (2, "update", 1)


@pytest.mark.usefixtures("desk")
async def test_a_draft_goes_to_somebody_elses_approval_and_back(shell: Shell) -> None:
    await shell("message", "write", *WORDS, "--next", "23:59", "--by", "Kari")
    assert "Revision 1 waits for approval." in (await shell("message", "submit", "1", "--by", "Kari")).said
    ran = await shell("message", "send-back", "1", "--reason", "Feil møtested", "--by", "Per")
    assert "Revision 1 is returned to Kari." in ran.said
    again = await shell("message", "submit", "1", "--by", "Kari", "--json")
    assert (again.json["state"], again.json["returned_for"]) == ("waiting", None)
    assert "is a draft again" in (await shell("message", "take-back", "1")).said
    assert (await shell("message", "take-back", "1")).code == 1
