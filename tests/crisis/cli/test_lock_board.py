"""``crisis lock board`` and ``crisis lock certificate``."""

from pathlib import Path

from crisis.activations import drain
from crisis.activations.service import stand_down
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from tests import factories
from tests.crisis.cli.conftest import Shell
from tests.factories import DIRECTOR


async def test_the_board_says_one_word_of_each_account_and_what_to_do(shell: Shell, crisis: Crisis) -> None:
    nothing = await shell("lock", "board")
    assert nothing.code == 1
    assert "nothing has been locked" in nothing.complained
    await factories.account(crisis, "website", name="Krisesiden")
    await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    await factories.activation(crisis.db)
    ran = await shell("lock", "board")
    assert "2 accounts: 1 cannot be enforced here, 1 held here." in ran.said
    assert "1 of them need a person." in ran.said
    assert "Biblioteket" in ran.out
    assert "cannot be enforced here" in ran.line("Facebook")
    found = (await shell("lock", "board", "--json")).json
    assert sum(found["totals"].values()) == found["total"] == len(found["accounts"]) == 2
    assert [each["state"] for each in found["accounts"]] == ["not_enforceable", "held"]
    assert set(found["accounts"][0]["needs"][0]["sentences"]) == {"nb", "nn", "en"}
    assert found["accounts"][1]["evidence"][0]["kind"] == "gate"
    held = (await shell("lock", "board", "--state", "held", "--json")).json
    assert [each["name"] for each in held["accounts"]] == ["Krisesiden"]
    assert (held["total"], held["needing"]) == (2, 1)


async def test_the_certificate_gives_numbers_that_the_audit_log_proves(
    shell: Shell, crisis: Crisis, tmp_path: Path
) -> None:
    await factories.account(crisis, "website", name="Krisesiden")
    activation = await factories.activation(crisis.db, Mode.EXERCISE)
    await drain.step(crisis.db, activation.id, 60)
    await stand_down(crisis.db, DIRECTOR, activation.id)
    ran = await shell("lock", "certificate", "--exercise")
    assert ran.out.startswith("ØVELSE ØVELSE ØVELSE")
    assert "0, of which 0 ended by themselves" in ran.said
    written = tmp_path / "bevis.html"
    found = (await shell("lock", "certificate", "--exercise", "--json", "--html", str(written))).json
    assert [each["action"] for each in found["audit"]] == ["activate", "confirm", "stand_down"]
    for each in found["audit"]:
        assert (await shell("audit", "verify", "--head", each["head"])).code == 0
    assert found["is_final"]
    assert "ØVELSE ØVELSE ØVELSE" in written.read_text(encoding="utf-8")
    assert (await shell("lock", "certificate", "--exercise", "--html", str(written))).code == 1
