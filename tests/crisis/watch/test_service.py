"""The three acts on a breach: contact its owner, take it down, let it stand. Each is on record, and says what really happened."""

from collections.abc import Callable
from typing import Any

import pytest

from crisis.bootstrap import openers_for
from crisis.channels import Capabilities, Found, Rejected
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.mode import Mode
from crisis.watch import breaches, service
from crisis.watch.breaches import Standing
from crisis.watch.models import BreachState
from tests import factories
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench
from tests.crisis.watch.wall import Wall
from tests.crisis.watch.watchman import Watchman

Watching = Callable[..., Watchman]


async def breached(bench: Workbench, watchman: Watching, wall: Wall) -> Standing:
    library = await bench.unit_account()
    await factories.activation(bench.db)
    wall.put_up(library, "Kom på lesestund i kveld!")
    (breach,) = await watchman(wall).look()
    return breach


def outside(bench: Workbench, wall: Wall) -> Callable[[Mode], Any]:
    return lambda mode: ({wall.name: wall}, openers_for(mode, bench.crisis.settings))


async def count_open(bench: Workbench) -> int:
    async with bench.db.transaction() as session:
        return len(await breaches.open_numbers(session, Mode.ACTUAL))


async def test_who_was_reached_and_what_was_said_is_written_down(bench: Workbench, watchman: Watching) -> None:
    breach = await breached(bench, watchman, Wall())
    assert await count_open(bench) == 1
    done = await service.contact(bench.db, factories.EDITOR, breach.id, reached="Kari Holm", said="Tar det ned selv.")
    assert (done.state, done.handled_by, done.note) == (
        BreachState.CONTACTED,
        "Nettredaksjonen",
        "Kari Holm: Tar det ned selv.",
    )
    assert await count_open(bench) == 0
    accepted = await service.accept(bench.db, factories.EDITOR, breach.id, reason="Det er ikke i veien.")
    assert (accepted.state, accepted.note) == (BreachState.ACCEPTED, "Det er ikke i veien.")
    watching = watchman(Wall())
    (entry,) = await watching.entries("contact_owner")
    assert (entry["actor"], entry["detail"]["reached"]) == ("Nettredaksjonen", "Kari Holm")
    assert len(await watching.entries("accept_breach")) == 1


async def test_it_is_taken_down_and_read_back(bench: Workbench, watchman: Watching) -> None:
    wall = Wall()
    breach = await breached(bench, watchman, wall)
    wall.find_back = Found.NO
    done = await service.take_down(bench.db, factories.EDITOR, breach.id, outside(bench, wall))
    assert done.is_gone
    assert done.breach.state is BreachState.TAKEN_DOWN
    assert wall.withdrawn == [breach.reference]
    with pytest.raises(Conflict, match="taken down already, by Nettredaksjonen"):
        await service.take_down(bench.db, factories.EDITOR, breach.id, outside(bench, wall))
    with pytest.raises(Conflict):
        await service.accept(bench.db, factories.EDITOR, breach.id, reason="Likevel.")
    assert len(await watchman(wall).entries("taken_down")) == 1


@pytest.mark.parametrize(
    ("refuses", "found", "said"),
    [
        (Rejected("This user may not delete others' posts."), Found.YES, "This user may not delete others' posts."),
        (None, Found.YES, "said yes, and the post is still there"),
        (None, Found.CANNOT_TELL, "nobody can tell"),
    ],
)
async def test_what_the_platform_does_not_do_is_said_as_it_is(
    bench: Workbench, watchman: Watching, refuses: Rejected | None, found: Found, said: str
) -> None:
    wall = Wall()
    breach = await breached(bench, watchman, wall)
    wall.refuses, wall.find_back = refuses, found
    done = await service.take_down(bench.db, factories.EDITOR, breach.id, outside(bench, wall))
    assert not done.is_gone
    assert said in done.answer
    assert done.breach.is_open
    assert done.breach.refused is not None
    assert said in done.breach.refused
    watching = watchman(wall)
    assert len(await watching.entries("take_down")) == 1
    assert len(await watching.entries("not_taken_down")) == 1
    assert await watching.entries("taken_down") == []


async def test_a_channel_without_a_way_to_take_down_says_so(bench: Workbench, watchman: Watching) -> None:
    wall = Wall(capabilities=Capabilities())
    breach = await breached(bench, watchman, wall)
    with pytest.raises(Conflict, match="cannot take down"):
        await service.take_down(bench.db, factories.EDITOR, breach.id, outside(bench, wall))
    assert wall.withdrawn == []


async def test_only_the_desk_deals_with_breaches_and_says_what_it_did(bench: Workbench, watchman: Watching) -> None:
    breach = await breached(bench, watchman, Wall())
    for attempt in (
        service.contact(bench.db, LIBRARIAN, breach.id, reached="Meg selv", said="Greit."),
        service.accept(bench.db, LIBRARIAN, breach.id, reason="Greit."),
        service.take_down(bench.db, LIBRARIAN, breach.id, outside(bench, Wall())),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    for reached, said in (("", "Greit."), ("Kari", "  "), ("K" * 200, "Greit."), ("Kari", "x" * 2_000)):
        with pytest.raises(Invalid):
            await service.contact(bench.db, factories.EDITOR, breach.id, reached=reached, said=said)
    with pytest.raises(Invalid):
        await service.accept(bench.db, factories.EDITOR, breach.id, reason=" ")
    with pytest.raises(NotFound):
        await service.accept(bench.db, factories.EDITOR, 999, reason="Greit.")
    assert await count_open(bench) == 1
