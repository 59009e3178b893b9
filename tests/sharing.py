"""How the tests share out the processes of `make test`: by module, and what kills, starves and races on one of them."""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/faults/", "tests/isolation/", "tests/race/")
"""On one process and one after the other, so that none of it is what disturbs another, and they share an installation."""

APART = ("tests/browser/test_screens.py", "tests/browser/test_keyboard_scripts.py")
"""A minute or more for each test, at the end of the run, and they share nothing: each goes wherever there is room."""


class Sharing(LoadScopeScheduling):  # type: ignore[misc] - xdist has no types for us
    """A module's tests stay together and in their order, for what they share."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(APART):
            return nodeid
        return "faults" if nodeid.startswith(TOGETHER) else nodeid.partition("::")[0]
