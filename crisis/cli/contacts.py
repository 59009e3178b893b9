"""``crisis contacts``: whom to tell of a lock, unit by unit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from crisis.bootstrap import Crisis
from crisis.cli import door, screen
from crisis.errors import Invalid
from crisis.notifications import contact_sheet, contacts
from crisis.notifications.contacts import ContactIn, ContactOut
from crisis.notifications.models import Part

group = typer.Typer(help="Who answers for each unit's accounts, and is told of a lock.", no_args_is_help=True)

PhoneOption = Annotated[str | None, typer.Option(help="Mobile number; - asks for it, so that it is in no history.")]
EmailOption = Annotated[str | None, typer.Option(help="E-mail address; - asks for it.")]
LanguageOption = Annotated[str | None, typer.Option(help="nb, nn or en.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="contacts")


@group.command("list")
def list_all(
    *,
    unit: Annotated[str | None, typer.Option(help="One unit's only.")] = None,
    as_json: door.JsonOption = False,
) -> None:
    """Everyone who is told, with number and address masked."""

    async def act(crisis: Crisis) -> Sequence[ContactOut]:
        async with crisis.db.transaction() as session:
            return await contacts.list_contacts(session, crisis.numbers, unit=unit)

    found = door.run(act)
    if as_json:
        screen.show_json([described(each) for each in found])
    elif not found:
        screen.say("Nobody is told yet. Add them: crisis contacts add --help, or crisis contacts import FILE")
    else:
        columns = ("No.", "Unit", "Name", "Part", "Mobile", "E-mail", "Language")
        rows = [(c.id, c.unit, c.name, c.part.value, c.phone or "", c.email or "", c.language or "") for c in found]
        screen.show(screen.table(columns, rows, right={"No."}))


@group.command()
def add(
    unit: Annotated[str, typer.Argument(help="The unit, as the register of accounts writes it.")],
    name: Annotated[str, typer.Argument(help="The person's name, or the role's.")],
    *,
    part: Annotated[Part, typer.Option(help="What they are to the unit.")],
    phone: PhoneOption = None,
    email: EmailOption = None,
    language: LanguageOption = None,
    by: door.ByOption = None,
) -> None:
    """Say whom to tell of a unit's accounts."""
    given = ContactIn(name, part, _asked(phone, "Mobile number"), _asked(email, "E-mail address"), language)

    async def act(crisis: Crisis) -> ContactOut:
        settings = crisis.settings
        return await contacts.add_contact(
            crisis.db,
            door.actor(by),
            unit,
            given,
            sealer=crisis.numbers,
            region=settings.phone_region,
            editors_unit=settings.editors_unit,
        )

    done = door.run(act)
    screen.say(f"{done.name} ({done.part.value}) is told for {done.unit}, number {done.id}.")


@group.command()
def change(
    contact: Annotated[int, typer.Argument(metavar="CONTACT", help="Its number.")],
    *,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    part: Annotated[Part | None, typer.Option(help="Another part.")] = None,
    phone: PhoneOption = None,
    email: EmailOption = None,
    language: LanguageOption = None,
    by: door.ByOption = None,
) -> None:
    """Change a contact. An empty text takes a number, an address or a language away."""
    given = ContactIn(name, part, _asked(phone, "Mobile number"), _asked(email, "E-mail address"), language)
    if given == ContactIn():
        raise Invalid("Say what to change: --name, --part, --phone, --email or --language.")

    async def act(crisis: Crisis) -> ContactOut:
        return await contacts.change_contact(
            crisis.db, door.actor(by), contact, given, sealer=crisis.numbers, region=crisis.settings.phone_region
        )

    done = door.run(act)
    screen.say(f"{done.name} ({done.unit}) is changed: {done.part.value}, {done.phone or '-'}, {done.email or '-'}.")


@group.command()
def remove(
    contact: Annotated[int, typer.Argument(metavar="CONTACT", help="Its number.")], *, by: door.ByOption = None
) -> None:
    """Tell them nothing any more; number and address are erased."""

    async def act(crisis: Crisis) -> None:
        await contacts.remove_contact(crisis.db, door.actor(by), contact)

    door.run(act)
    screen.say(f"Contact {contact} is removed, with number and address.")


@group.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, UTF-8: unit,name,part,phone,email,language.")],
    *,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Bring the contacts to what a file says; all of it or nothing."""

    async def act(crisis: Crisis) -> contact_sheet.Imported:
        return await contact_sheet.import_contacts(
            crisis.db, door.actor(by), file, sealer=crisis.numbers, settings=crisis.settings
        )

    done = door.run(act)
    if as_json:
        screen.show_json({"new": done.new, "changed": done.changed})
        return
    screen.say(f"{screen.many(done.new, 'new contact')}, {done.changed:,} that were there.")


def described(contact: ContactOut) -> dict[str, Any]:
    """A contact as JSON, masked."""
    return {
        "id": contact.id,
        "unit": contact.unit,
        "name": contact.name,
        "part": contact.part.value,
        "phone": contact.phone,
        "email": contact.email,
        "language": contact.language,
        "created_at": contact.created_at,
    }


def _asked(given: str | None, what: str) -> str | None:
    """What was given, or typed in where that is a lone dash."""
    return str(typer.prompt(what)) if given == "-" else given
