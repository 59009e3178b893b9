"""Every screen in every state, at every width and in both schemes: nothing that axe-core objects to, nothing to scroll sideways,
and everything large enough to press.
"""

from crisis.roles import Role
from tests.browser.conftest import Enter


async def test_in_ordinary_times(enter: Enter) -> None:
    director = await enter(Role.DIRECTOR)
    wrong = []
    for path in ("/activations/new", "/help"):
        await director.go(path)
        wrong += await director.check(f"normal {path}")
    assert not wrong, "\n".join(wrong)
