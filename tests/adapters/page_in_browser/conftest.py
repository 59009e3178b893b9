"""The crisis page in every state and full of hostile texts, and a browser in which everything that goes wrong is noticed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser

from crisis.messages.content import Content
from crisis.messages.render import Renderer
from crisis.mode import Mode
from tests.adapters.chromium import Watched, chromium
from tests.adapters.told import site, tell, told
from tests.adapters.website.page import ACCOUNT, AT, TEMPLATES

OVER = {"activation-7": datetime(2026, 11, 28, tzinfo=UTC)}


HOSTILE = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\"><svg onload=document.title='owned'>",
    "' onmouseover='document.title=1' x='",
    "</style><script>document.title='owned'</script>",
    "</title><script>document.title='owned'</script>",
    "javascript:document.title='owned'",
    "{{ 7 * 7 }}{% raw %}",
    "${document.title='owned'}",
    "]]><script>document.title='owned'</script>",
    "<!-- --><iframe srcdoc=\"<script>parent.document.title='owned'</script>\">",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a href=\"javascript:document.title='owned'\">klikk</a>",
    "\u202e</p><base href=//example.invalid>",
    "<math><mtext></table><img src onerror=document.title='owned'>",
)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as made:
        yield made


@pytest.fixture
async def watched(browser: Browser) -> AsyncIterator[Watched]:
    context = await browser.new_context()
    yield Watched(await context.new_page())
    await context.close()


@pytest.fixture(scope="module")
async def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page in every state it has."""
    home = tmp_path_factory.mktemp("pages")
    kinds = {
        "peace": (),
        "ongoing": ("alert", "update", "correction"),
        "clear": ("alert", "all_clear"),
        "retracted": ("alert", "update", "retraction"),
        "over": ("alert", "all_clear"),
    }
    for name, told_kinds in kinds.items():
        website = site(home / name)
        await tell(website, told_kinds)
        await website.keep(OVER if name == "over" else {})
    exercise = site(home / "exercise" / "page", mode=Mode.EXERCISE)
    await tell(exercise, kinds["ongoing"], mode=Mode.EXERCISE)
    return {name: home / name for name in kinds} | {"exercise": home / "exercise" / "page"}


@pytest.fixture(scope="module")
async def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every hostile text in every field, through the renderer and onto the page."""
    folder = tmp_path_factory.mktemp("hostile") / "public"
    renderer = Renderer(TEMPLATES, municipality="Fjordvik kommune", crisis_page_host="krise.fjordvik.kommune.no")
    website = site(folder, municipality=f"Fjordvik {HOSTILE[0]}")
    for number, text in enumerate(HOSTILE):
        fields = {
            "headline": text,
            "what_happened": text,
            "where": text,
            "what_to_do": [text],
            "leads": text,
            "contact": text,
        }
        content = Content.model_construct(**fields)
        (outgoing,) = told(("alert",), {"nb": fields}, first=60 + number, message=60 + number)
        rendered = renderer.render(
            "alert", "website", website.capabilities, content,
            language="nb", mode=Mode.ACTUAL, next_update_at=None, number=1, now=AT,
        )  # fmt: skip
        await website.publish(ACCOUNT, replace(outgoing, title=rendered.title, html=rendered.html))
    await website.keep({})
    return folder
