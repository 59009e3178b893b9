"""``crisis lock board`` and ``crisis lock certificate``: what a lock is worth on every account, and the proof of it afterwards."""

from typing import Annotated, Any

import typer
from rich.console import Group

from crisis.accounts.locks import WORDS, LockState
from crisis.activations import service
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.bootstrap import Crisis
from crisis.cli import door, screen, times, watching
from crisis.cli.drill_reports import HtmlOption, LanguageOption, PdfOption, check_free, write
from crisis.cli.groups import group
from crisis.cli.lock import ABOUT
from crisis.drills.report import locked, page, typeset
from crisis.drills.report.service import Reports
from crisis.errors import NotFound
from crisis.locks import board as boards
from crisis.locks import certificate as certificates
from crisis.locks.certificate import Certificate
from crisis.locks.reading import Around
from crisis.mode import Mode
from crisis.tongue import lock_json, texts

ActivationOption = Annotated[
    int | None,
    typer.Option("--activation", metavar="N", help="Its number. [default: the one in force, or the last one]"),
]
UnitOption = Annotated[str | None, typer.Option(help="One unit's accounts only.")]
StateOption = Annotated[LockState | None, typer.Option(help="Only accounts in this state.")]
_STYLES = {
    LockState.BREACHED: "bold red",
    LockState.NOT_ENFORCEABLE: "yellow",
    LockState.INSTRUCTED: "yellow",
    LockState.ACKNOWLEDGED: "green",
    LockState.HELD: "green",
    LockState.ACCESS_REVOKED: "green",
}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    lock = group(app, "lock", ABOUT)
    lock.command("board")(board)
    lock.command("certificate")(certificate)


def board(
    *,
    activation: ActivationOption = None,
    unit: UnitOption = None,
    state: StateOption = None,
    needing: Annotated[bool, typer.Option("--needing", help="Only those that need a person.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on showing it, until Ctrl-C.")] = False,
    exercise: door.ExerciseOption = False,
    as_json: door.JsonOption = False,
) -> None:
    """What the lock is worth on every account, what needs a person first."""

    async def act(crisis: Crisis) -> None:
        speakers = Reports.of(crisis).speakers

        async def read() -> dict[str, Any]:
            async with crisis.db.transaction() as session:
                known = await find(crisis, activation, door.mode(exercise=exercise))
                found = await boards.read(session, known, Around(crisis.settings, crisis.capabilities))
            rows = [lock_json.row(each, speakers) for each in found.of(unit, state, needing=needing)]
            return lock_json.board(found) | {"accounts": rows}

        await watching.show(read, drawn, watch=watch, as_json=as_json)

    try:
        door.run(act)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def certificate(
    *,
    activation: ActivationOption = None,
    pdf: PdfOption = None,
    html: HtmlOption = None,
    language: LanguageOption = texts.SOURCE,
    exercise: door.ExerciseOption = False,
    as_json: door.JsonOption = False,
) -> None:
    """Show what the lock was, with the numbers that the audit log proves; with --pdf or --html, write the certificate."""
    for path in (pdf, html):
        check_free(path)

    async def act(crisis: Crisis) -> tuple[Certificate, Reports, bytes | None]:
        reports, folder = Reports.of(crisis), crisis.settings.templates_dir
        known = await find(crisis, activation, door.mode(exercise=exercise))
        async with crisis.db.transaction() as session:
            found = await certificates.read(session, known.id, Around(crisis.settings, crisis.capabilities))
        made = None
        if pdf is not None:
            document = locked.document(found, reports.speaker(language), reports.marker)
            made = await typeset.pdf(document, folder, found.read_at)
        return found, reports, made

    found, reports, made = door.run(act)
    if pdf is not None and made is not None:
        write(pdf, made)
    if html is not None:
        document = locked.document(found, reports.speaker(language), reports.marker)
        write(html, page.whole(document, reports.shelf.settings.templates_dir).encode())
    if as_json:
        screen.show_json(lock_json.certificate(found, reports.speakers))
        return
    _say(found)
    for written in filter(None, (pdf, html)):
        screen.say(f"The certificate is in {written}.")


async def find(crisis: Crisis, number: int | None, mode: Mode) -> Activation:
    """The activation of this number; or the one in force, or the last one. Raises :class:`NotFound`."""
    async with crisis.db.transaction() as session:
        if number is not None:
            return await service.get(session, number)
        found = await service.find_latest(session, mode)
    if found is None:
        raise NotFound("activation", mode.value, "There has been none of this mode: nothing has been locked.")
    return found


def drawn(found: dict[str, Any]) -> Group:
    """The board for the screen."""
    activation = found["activation"]
    exercise = "ØVELSE ØVELSE ØVELSE  " if activation["mode"] == Mode.EXERCISE.value else ""
    title = screen.text(f"{exercise}{activation['title']}", "bold")
    title.append(f"; lock {activation['epoch']} since {times.shown(activation['activated_at'])}", "dim")
    if activation["state"] == ActivationState.STOOD_DOWN.value:
        title.append(f", opened {times.shown(activation['stood_down_at'])}", "dim")
    counts = ", ".join(f"{count:,} {WORDS[LockState(state)]}" for state, count in found["totals"].items())
    total = screen.many(found["total"], "account")
    parts: list[Any] = [title, screen.text(f"{total}: {counts}." if counts else "No account is in the register yet.")]
    if found["needing"]:
        parts.append(screen.text(f"{found['needing']:,} of them need a person.", "yellow"))
    coverage = found["coverage"]
    seen = f", none of them seen before {times.shown(coverage['oldest_look'])}" if coverage["oldest_look"] else ""
    blind = f"; {coverage['blind']:,} cannot be seen now" if coverage["blind"] else ""
    parts.append(screen.text(f"The watch looks at {coverage['watched']:,} of {total}{seen}{blind}.", "dim"))
    rows = [
        (
            screen.channel_name(each["channel"]),
            screen.under(each["name"], each["unit"]),
            screen.text(each["words"], _STYLES.get(LockState(each["state"]), "")),
            times.shown(each["at"]),
            "\n".join(need["sentences"]["en"] for need in each["needs"]),
        )
        for each in found["accounts"]
    ]
    if rows:
        columns = ("Channel", "Account", "Lock", "Since", "What to do")
        parts.append(screen.table(columns, rows, wrap={"Account", "What to do"}))
    return Group(*parts)


def _say(found: Certificate) -> None:
    activation = found.activation
    exercise = "ØVELSE ØVELSE ØVELSE  " if activation.mode is Mode.EXERCISE else ""
    screen.say(f"{exercise}Lock certificate of “{activation.title}”, read {times.shown(found.read_at)}", style="bold")
    permits = (
        f"{len(found.permits):,}, of which {len(found.drained):,} ended by themselves, {len(found.taken):,} were taken from a "
        f"dead sender, {len(found.still_open):,} are open"
    )
    unresolved = ", ".join(f"{screen.channel_name(each.channel)}: {each.account}" for each in found.unresolved)
    counted = [each.held.state for each in found.accounts]
    told = (
        ("Lock", f"number {activation.epoch}, by {activation.activated_by}"),
        ("Locked", times.shown(activation.activated_at)),
        ("Confirmed", times.shown(activation.confirmed_at) or "never"),
        (
            "Opened",
            f"{times.shown(activation.stood_down_at)} by {activation.stood_down_by}"
            if activation.stood_down_at
            else "not yet",
        ),
        ("Posts under way", permits),
        ("May be out", unresolved or "none"),
        ("Accounts", "\n".join(f"{counted.count(state):,} {WORDS[state]}" for state in LockState if state in counted)),
        ("Acknowledged by", ", ".join(each.name for each in found.acknowledged) or "nobody"),
        ("Breaches", f"{sum(len(each.breaches) for each in found.accounts):,}"),
        ("Everything given back", "yes" if found.is_final else "no: see crisis lock board"),
    )
    screen.show(screen.table(("", " "), told, wrap={" "}))
    screen.say("Entries of the audit log; each is proved by: crisis audit verify --head SEQ:HASH", style="dim")
    for each in found.entries:
        screen.say(f"  {each.action.replace('_', ' ')}, {times.shown(each.at)}:", f"  {each.head}")
