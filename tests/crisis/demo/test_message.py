"""The message of the demo: what it would look like, on every channel, at any time of day."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from crisis.bootstrap import capabilities_of
from crisis.demo.story import MESSAGE
from crisis.demo.town import IN_FLIGHT, LATER, QUEUED, REFUSED, TODAY
from crisis.messages.content import parse_contents
from crisis.messages.render import Renderer
from crisis.messages.rendered import check
from crisis.mode import Mode
from crisis.settings import Settings


@pytest.fixture
def plain() -> Settings:
    return Settings(municipality="Fjordvik kommune", crisis_page_host="krise.fjordvik.kommune.no")


@pytest.mark.parametrize("hour", [12, 22])
def test_it_fits_everywhere_also_when_the_next_update_comes_after_midnight(plain: Settings, hour: int) -> None:
    """The longest month's name is September's; at 22:55 UTC half an hour later is tomorrow in Norway."""
    renderer = Renderer(plain.templates_dir, municipality=plain.municipality, crisis_page_host=plain.crisis_page_host)
    now = datetime(2026, 9, 29, hour, 55, tzinfo=UTC) - timedelta(hours=1 if hour == 22 else 0)
    contents = parse_contents(json.loads(MESSAGE.read_text(encoding="utf-8")), plain.languages)
    assert list(contents) == ["nb", "nn", "en"]
    for channel, capabilities in capabilities_of(plain).items():
        for language, content in contents.items():
            rendered = renderer.render(
                "alert",
                channel,
                capabilities,
                content,
                language=language,
                mode=Mode.ACTUAL,
                next_update_at=now + timedelta(minutes=30),
                number=1,
                now=now,
                replaced=None,
            )
            assert check(rendered, capabilities) == []
            if channel == "sms":
                assert rendered.length.encoding == "GSM-7"
                assert rendered.length.count <= 2


def test_the_units_posts_fit_their_channels(plain: Settings) -> None:
    capabilities = capabilities_of(plain)
    renderer = Renderer(plain.templates_dir, municipality=plain.municipality, crisis_page_host=plain.crisis_page_host)
    posts = [*TODAY, IN_FLIGHT, *QUEUED, LATER, REFUSED]
    assert len({text for _, text in posts}) == len(posts)
    for (channel, _), text in posts:
        rendered = renderer.render_post(text, "", channel, capabilities[channel], language="nb", mode=Mode.ACTUAL)
        assert check(rendered, capabilities[channel]) == []
