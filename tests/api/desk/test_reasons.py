"""Why a delivery stands as it does: whatever the engine and the adapters can leave with it, the desk says in its own languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.graph import ADVICE as FACEBOOK_ADVICE
from adapters.graph import SUBCODES
from adapters.twilio_answer import REFUSALS, SETTINGS_AT_FAULT
from adapters.x_api import ADVICE as X_ADVICE
from api.desk.causes import CAUSES
from api.desk.platform_causes import PLATFORM_CAUSES
from api.desk.provider_causes import PROVIDER_CAUSES
from api.desk.reasons import BY_CODE, reason
from api.desk.wordpress_causes import WORDPRESS_CAUSES
from crisis.deliveries.decisions import Decision
from crisis.tongue.texts import LANGUAGES
from crisis.tongue.tongue import Speaker

ROOT = Path(__file__).resolve().parents[3]
ELSEWHERE = {"history", "second_place", "visit"}
"""Adapters' pages whose sentences are of the crisis page, the log and what was seen from outside."""
ENGINE = {
    "calls": (), "book": (), "follow_up": (), "reconcile": (), "checks": ("_reconcile", "_find", "_DECIDE"),
}  # fmt: skip
"""Where the engine writes down why; and which parts of a module, where not all of it."""
NO_REASONS = {
    "Sighting",
    "ForgedCallback",
    "Conflict",
    "NewConnectionError",
    "ValueError",
    "TypeError",
    "log",
    "look",
    "faults",
}
"""Calls and functions whose words are said of something else."""
FILLED = "Q7"
"""In a sentence's blank."""


def template(node: ast.expr) -> str:
    """A literal with its blanks filled in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(each.value) if isinstance(each, ast.Constant) else FILLED for each in node.values)
    return str(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def strings(tree: ast.AST) -> Iterator[str]:
    """Every literal that is neither a docstring nor said of something else."""
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):
        return
    if getattr(tree, "name", "") in NO_REASONS:
        return
    if isinstance(tree, ast.Call):
        called = tree.func.value if isinstance(tree.func, ast.Attribute) else tree.func
        if getattr(called, "id", "") in NO_REASONS:
            return
    if isinstance(tree, ast.JoinedStr | ast.Constant):
        yield template(tree)
        tree = ast.Tuple([each.value for each in getattr(tree, "values", ()) if isinstance(each, ast.FormattedValue)])
    for each in ast.iter_child_nodes(tree):
        yield from strings(each)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_sentence(said: str) -> bool:
    return bool(re.search(rf"\w [^\n]*[.:] ?({FILLED} ?)*$", said)) or bool(re.match(rf"[A-Z]\w* {FILLED}:", said))


def left() -> set[str]:
    """Everything that can be left with a delivery, as far as it is ours."""
    found = {f"{said} by {FILLED}" for said in ("sent again", "marked as sent", "dropped")}
    assert len(Decision) == 3
    for path in sorted((ROOT / "adapters").glob("*.py")):
        if path.stem not in ELSEWHERE:
            found |= set(filter(is_sentence, strings(parsed(path))))
    for stem, names in ENGINE.items():
        for node in parsed(ROOT / "crisis" / "deliveries" / f"{stem}.py").body:
            name = getattr(node, "name", "") or getattr(getattr(node, "targets", [None])[0], "id", "")
            if not names or name in names:
                found |= set(filter(is_sentence, strings(node)))
    found |= set(filter(is_sentence, strings(parsed(ROOT / "crisis" / "sealing.py"))))
    found.remove("It is out. It counts as accepted now.")  # the answer of a check, which leaves nothing then
    for path in sorted((ROOT / "crisis").rglob("*.py")):
        for said in strings(parsed(path)):
            if "UPDATE deliveries" in said and "error = " in said:
                found |= set(re.findall(r"'(\w+ \w+ [^'\n]+)'", said))
    return found


LEFT = sorted(left())


def quoted(said: str) -> list[str]:
    """What is shown as somebody else's words."""
    return re.findall(r'<span lang="en">(.*?)</span>', said)


@pytest.fixture(scope="module")
def speakers() -> list[Speaker]:
    return [Speaker.of(ROOT / "templates", language) for language in LANGUAGES]


def test_everything_that_can_be_left_with_a_delivery_is_said_in_every_language(speakers: list[Speaker]) -> None:
    assert len(LEFT) > 100
    assert {"held by the lock", "superseded by a newer revision"} <= set(LEFT)
    english = {
        f"{each}: {words}"
        for each in LEFT
        for words in quoted(reason(speakers[0], each, None))
        if words.replace(FILLED, "").strip()
    }
    assert not english, "these have no sentence in api/desk/*causes.py:\n" + "\n".join(english)
    for speaker in speakers[:2]:
        assert "ingenting" in reason(speaker, "No connection to the provider, so nothing was sent. Timeout", None)


def test_the_desk_has_no_cause_that_nothing_leaves() -> None:
    everything = "\n".join([*LEFT, *FACEBOOK_ADVICE.values(), *SUBCODES.values(), *X_ADVICE.values()])
    everything += "\n".join([*REFUSALS.values(), *SETTINGS_AT_FAULT.values()])
    said = {
        each: re.sub(r"\{\w+\}", FILLED, each)
        for each in (*CAUSES, *PROVIDER_CAUSES, *PLATFORM_CAUSES, *WORDPRESS_CAUSES)
    }
    assert not [each for each, filled in said.items() if filled not in everything]


def test_every_code_that_the_adapters_know_is_said(speakers: list[Speaker]) -> None:
    for code, words in {**REFUSALS, **SETTINGS_AT_FAULT}.items():
        for speaker in speakers:
            assert not quoted(reason(speaker, words, str(code))), code
    for text in (*FACEBOOK_ADVICE.values(), *SUBCODES.values(), *X_ADVICE.values()):
        assert not quoted(reason(speakers[0], text, None)), text
    for known in BY_CODE:
        assert len({reason(speaker, None, known) for speaker in speakers}) >= 2


def test_a_providers_own_words_are_quoted_between_ours_and_harm_nothing(speakers: list[Speaker]) -> None:
    nb, nn, en = speakers
    left = "Facebook 190: Error <b>validating</b> access token. The token has expired. Nothing was done. Give the page a new token."
    said = reason(nb, left, "190")
    assert said == (
        "Facebook svarte med kode 190. Tilbyderens egne ord: «"
        '<span lang="en">Error &lt;b&gt;validating&lt;/b&gt; access token</span>». '
        "Nøkkelen har gått ut. Ingenting ble gjort. Gi siden en ny nøkkel."
    )
    assert "Tilbydaren sine eigne ord" in reason(nn, left, "190")
    assert "The provider's own words" in reason(en, left, "190")
    assert quoted(reason(nb, "%(said)s 100 % {0}", None)) == ["%(said)s 100 % {0}"]
    assert reason(nb, "Kode <script>", None).count("&lt;script&gt;") == 1


def test_a_code_that_nobody_knows_is_said_as_it_is_and_nothing_of_nothing(speakers: list[Speaker]) -> None:
    assert reason(speakers[0], None, "30410") == "Tilbyderen oppgir feilkode 30410."
    assert reason(speakers[0], None, None) == ""


def test_a_name_stays_in_its_sentence(speakers: list[Speaker]) -> None:
    said = reason(
        speakers[0], "The Facebook account 'Fjordvik <i>kommune</i>' has no usable page token. Nothing was sent.", None
    )
    assert said == (
        "Facebook-kontoen &#39;Fjordvik &lt;i&gt;kommune&lt;/i&gt;&#39; mangler en nøkkel som kan brukes. "
        "Ingenting ble sendt."
    )
