"""What a page weighs on a bad line: under 80 kB the first time, and under 10 kB from then on."""

from crisis.roles import Role
from tests.browser import places
from tests.browser.conftest import Enter
from tests.browser.town import Town
from tests.browser.weight import Scales

FIRST, AFTER = 80_000, 10_000


async def test_no_page_of_the_desk_is_heavy(enter: Enter, town: Town) -> None:
    ids = await town.in_crisis()
    scales: dict[Role, Scales] = {}
    weighed = []
    for role, path in places.of(ids):
        if role not in scales:
            scales[role] = await Scales.under((await enter(role)).page)
        await scales[role].forget()
        weighed.append((path, await scales[role].weigh(town.url + path), await scales[role].weigh(town.url + path)))
    assert min(first for _, first, _ in weighed) > AFTER, "the first visit fetches what all pages share"
    assert [each for each in weighed if each[1] > FIRST or each[2] > AFTER] == []
