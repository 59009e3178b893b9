"""Page: a document as one HTML file that needs nothing beside it: for the package, and for whoever reads it in ten years."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from crisis.compiled import Compiled
from crisis.drills.report.document import Document
from crisis.errors import Unready

TEMPLATE: Final = "report/page.html"
_COMPILED: Final = Compiled()


def whole(document: Document, templates_dir: Path) -> str:
    """The file. Everything in it is escaped; no text of anybody's is ever a template. Raises :class:`crisis.errors.Unready`."""
    environment = Environment(
        loader=FileSystemLoader(templates_dir),
        bytecode_cache=_COMPILED,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    try:
        return environment.get_template(TEMPLATE).render(document=document)
    except TemplateError as error:
        raise Unready(f"The report cannot be set as a page: {error.message}. Install again.") from error
