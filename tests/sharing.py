"""How the tests share out the processes of `make test`: by module, and what kills, starves and races on one of them."""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/faults/", "tests/isolation/", "tests/race/")
"""On one process and one after the other, so that none of it is what disturbs another, and they share an installation."""


class Sharing(LoadScopeScheduling):  # type: ignore[misc] - xdist has no types for us
    """A module's tests stay together and in their order, for what they share."""

    def _split_scope(self, nodeid: str) -> str:
        return "faults" if nodeid.startswith(TOGETHER) else nodeid.partition("::")[0]
