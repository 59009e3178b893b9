"""What a page weighs on a bad line: under 150 kB the first time, and under 30 kB from then on."""

from tests.browser import places
from tests.browser.conftest import Enter
from tests.browser.town import Town
from tests.browser.weight import Scales

FIRST, AFTER = 150_000, 30_000


async def test_no_page_of_the_desk_is_heavy(enter: Enter, town: Town) -> None:
    ids = await town.in_crisis()
    weighed = []
    for role, path in places.of(ids):
        window = await enter(role)
        scales = await Scales.under(window.page)
        weights = []
        for _ in range(2):
            await window.go(path)
            await window.page.wait_for_timeout(100)
            weights.append(scales.empty())
        await window.context.close()
        weighed.append((path, *weights))
    print(*weighed, sep="\n")  # noqa: T201 - pytest shows it with a failure
    assert [each for each in weighed if each[1] > FIRST or each[2] > AFTER] == []
