"""``crisis drill report``, ``package`` and ``verify``, and the first two of a real crisis under ``crisis activation``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from crisis.bootstrap import Crisis
from crisis.cli import door, screen
from crisis.cli.groups import group
from crisis.drills import exporting, package
from crisis.drills.exporting import Package
from crisis.drills.measures.figure import Figure
from crisis.drills.report import page
from crisis.drills.report.material import Material
from crisis.drills.report.service import Reports
from crisis.drills.report.words import MEASURES, amount, target, verdict
from crisis.drills.subject import Subject
from crisis.errors import Invalid
from crisis.tongue import texts

DrillArgument = Annotated[int, typer.Argument(metavar="DRILL", help="Its number.")]
ActivationArgument = Annotated[int, typer.Argument(metavar="ACTIVATION", help="Its number. See: crisis status.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; no file is replaced.")]
PdfOption = Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Write the whole report as a PDF.")]
HtmlOption = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the whole report as a page.")]
LanguageOption = Annotated[str, typer.Option(metavar="LANGUAGE", help="nb, nn or en.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    drills = group(app, "drill", "Exercises from playbooks.")
    drills.command("report")(report_of_drill)
    drills.command("package")(package_of_drill)
    drills.command("verify")(verify)
    activations = group(app, "activation", "What a crisis leaves behind.")
    activations.command("report")(report_of_activation)
    activations.command("package")(package_of_activation)


def report_of_drill(
    drill: DrillArgument,
    *,
    pdf: PdfOption = None,
    html: HtmlOption = None,
    language: LanguageOption = texts.SOURCE,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Show what the log says of a drill; with --pdf or --html, write the whole report."""
    _report(Subject(drill_id=drill), pdf, html, language, by, as_json=as_json)


def report_of_activation(
    activation: ActivationArgument,
    *,
    pdf: PdfOption = None,
    html: HtmlOption = None,
    language: LanguageOption = texts.SOURCE,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Show what the log says of a crisis; with --pdf or --html, write the whole report."""
    _report(Subject(activation_id=activation), pdf, html, language, by, as_json=as_json)


def package_of_drill(
    drill: DrillArgument,
    file: FileArgument,
    *,
    language: LanguageOption = texts.SOURCE,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Write everything about a drill into one sealed file: log, messages, report, answers, playbook. Goes on record."""
    _package(Subject(drill_id=drill), file, language, by, as_json=as_json)


def package_of_activation(
    activation: ActivationArgument,
    file: FileArgument,
    *,
    language: LanguageOption = texts.SOURCE,
    by: door.ByOption = None,
    as_json: door.JsonOption = False,
) -> None:
    """Write everything about a crisis into one sealed file: log, messages, report. Goes on record."""
    _package(Subject(activation_id=activation), file, language, by, as_json=as_json)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A package, of a drill or of a crisis.")],
    *,
    as_json: door.JsonOption = False,
) -> None:
    """Say whether a package is as it was made, and what of it was altered. Needs no database."""
    found = package.verify(file)
    if as_json:
        told = {"holds": found.holds, "about": found.about, "manifest": found.digest, "audit_head": found.head}
        screen.show_json(told | {"files": found.files, "entries": found.entries, "faults": list(found.faults)})
    elif found.holds:
        entries = screen.many(found.entries, "entry", "entries")
        screen.say(f"The package holds: {screen.many(found.files, 'file')}, {entries} of the log.", style="green")
        screen.say(
            f"It is about {found.about}. The audit log has its manifest under export_package:", f"  {found.digest}"
        )
    else:
        screen.say("The package does not hold:", *(f"- {fault}" for fault in found.faults), style="red")
    if not found.holds:
        raise typer.Exit(1)


def described(figure: Figure) -> dict[str, Any]:
    """A figure as JSON."""
    return exporting.measured(figure)


def _report(
    subject: Subject, pdf: Path | None, html: Path | None, language: str, by: str | None, *, as_json: bool
) -> None:
    for path in (pdf, html):
        check_free(path)

    async def act(crisis: Crisis) -> tuple[Material, Reports, bytes | None]:
        reports = Reports.of(crisis)
        found = await reports.read(door.actor(by), subject)
        return found, reports, await reports.pdf(found, language) if pdf else None

    found, reports, set_ = door.run(act)
    if pdf and set_ is not None:
        write(pdf, set_)
    if html:
        folder = reports.shelf.settings.templates_dir
        write(html, page.whole(reports.document(found, language), folder).encode())
    if as_json:
        screen.show_json({"about": found.subject.name, "measures": [described(each) for each in found.figures]})
        return
    speaker = reports.speaker(language)
    rows = [
        (
            speaker.gettext(MEASURES[each.measured]),
            amount(speaker, each.value, each.unit),
            target(speaker, each),
            screen.under(verdict(speaker, each), speaker.gettext(each.why)) if each.why else verdict(speaker, each),
            amount(speaker, found.trends[each.measured].median, each.unit),
        )
        for each in found.figures
    ]
    columns = tuple(speaker.gettext(name) for name in ("Hva", "Målt", "Mål", "Resultat", "Median av siste fem"))
    screen.show(screen.table(columns, rows, wrap=columns[1:]))
    for path in filter(None, (pdf, html)):
        screen.say(f"The report is in {path}.")


def _package(subject: Subject, path: Path, language: str, by: str | None, *, as_json: bool) -> None:
    check_free(path)

    async def act(crisis: Crisis) -> Package:
        return await exporting.make(door.actor(by), subject, Reports.of(crisis), language)

    made = door.run(act)
    write(path, made.body)
    if as_json:
        screen.show_json({"file": str(path), "bytes": len(made.body), "manifest": made.digest})
    else:
        screen.say(
            f"Everything about {subject.name.replace(':', ' ')} is in {path}. Its manifest, as the audit log has it:"
        )
        screen.say(f"  {made.digest}", f"Whoever gets it can check it: crisis drill verify {path}")


def check_free(path: Path | None) -> None:
    """Raise :class:`Invalid` where there is a file already."""
    if path is not None and path.exists():
        raise Invalid(f"There is a file {path} already. Nothing was done. Take another name, or remove it first.")


def write(path: Path, body: bytes) -> None:
    """A new file. Raises :class:`Invalid` where it cannot be written."""
    try:
        with path.open("xb") as opened:
            opened.write(body)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}. Take another place.") from None
