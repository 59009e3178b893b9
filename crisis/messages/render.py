"""Renderer: one content, in one language, as the text of one channel.

The templates in ``templates/messages/`` decide the form: ``<kind>/<channel>.html`` makes a page, ``<kind>/<channel>.txt``
a text. What editors write is data to them: it is escaped on pages and never read as a template. An exercise's marker
and, in short forms, the crisis page's address are checked on the way out, whatever the templates say.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    select_autoescape,
)

from crisis.channels import Capabilities, Unit
from crisis.compiled import Compiled
from crisis.errors import Invalid, Unready
from crisis.messages import retraction
from crisis.messages.content import Content, clean, unusable
from crisis.messages.lengths import measure, normalise
from crisis.messages.phrasing import dense, paragraphs, said_in, sentence, shown, tidied
from crisis.messages.rendered import Rendered, check
from crisis.messages.words import Words
from crisis.mode import Mode

FULL = "messages/_base/full.txt"
POST = "messages/_base/post.txt"
_COMPILED = Compiled()


class Renderer:
    """Raises :class:`crisis.errors.Unready` where templates or words are missing or do not keep what they must."""

    def __init__(self, templates_dir: Path, *, municipality: str, crisis_page_host: str) -> None:
        self.words = Words.load(templates_dir)
        self._templates_dir = templates_dir
        self._municipality = municipality
        self._host = crisis_page_host
        self._environment = Environment(
            loader=FileSystemLoader(templates_dir),
            bytecode_cache=_COMPILED,
            autoescape=select_autoescape(disabled_extensions=("txt",), default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"sentence": sentence, "paragraphs": paragraphs}
        self._environment.tests["said_in"] = said_in

    def render(
        self,
        kind: str,
        channel: str,
        capabilities: Capabilities,
        content: Content,
        *,
        language: str,
        mode: Mode,
        next_update_at: datetime | None,
        number: int,
        now: datetime,
        replaced: int | None = None,
        said: Sequence[str] = (),
    ) -> Rendered:
        """One revision for one channel. ``number`` is the revision's own; ``replaced`` that of the one a correction
        corrects, the one before it where nothing else is said. ``now`` decides whether the next message needs a date. ``said``
        is what the short form of a retraction says; use :meth:`render_retraction`.

        Raises :class:`crisis.errors.Invalid` for a language without words, or a correction of nothing.
        """
        words = self.words.language(language)
        say = words.kinds.get(kind)
        if say is None:
            raise Invalid(f"There is no kind of message called {kind!r}. There are {', '.join(words.kinds)}.")
        replaced = number - 1 if replaced is None else replaced
        if kind == "correction" and replaced < 1:
            raise Invalid("A correction needs an earlier message to correct. Send this as an alert.")
        label = say.label.format(replaced=replaced)
        title = _labelled(label, content.headline)
        brief = _labelled(label, content.short) if content.short else ""
        at = words.moment(next_update_at, now) if next_update_at else ""
        values = self._marks(mode, language) | {
            "content": content,
            "title": title,
            "brief": brief,
            "words": words,
            "say": say.model_copy(update={"label": label, "opening": say.opening.format(replaced=replaced)}),
            "municipality": self._municipality,
            "host": self._host,
            "next": words.next.format(at=at) if at else "",
            "see": words.see.format(host=self._host),
            "sender": words.sender.format(number=number, municipality=self._municipality),
            "leads": "" if kind == "retraction" else content.leads,  # nobody leads what did not happen
            "said": " ".join(sentence(each) for each in said),
        }
        advice = " ".join(content.what_to_do)
        texts = {"short text": brief} if brief else {"headline": title, "advice": advice}
        if not capabilities.short:
            texts = {"headline": title, "account of what happened": content.what_happened, "advice": advice}
        rendered = self._rendered(kind, channel, capabilities, language, values, texts, FULL)
        if capabilities.short and not rendered.text.endswith(self._host):
            raise Unready(
                f"The template for {kind} on {channel} does not end with the crisis page's address, {self._host}. "
                "Nothing was made of it. Let the template extend messages/_base/short.txt."
            )
        return rendered

    def render_retraction(
        self,
        channel: str,
        capabilities: Capabilities,
        alert: Content,
        *,
        language: str,
        mode: Mode,
        sent_at: datetime,
        number: int,
        now: datetime,
    ) -> Rendered:
        """The retraction of an alert for one channel, as it would go out at ``now``. ``number`` is the retraction's own.

        A short form says as much as one SMS, or one post, holds; where not even the least fits, it is that least, and
        ``check`` says by how much.
        """
        words = self.words.language(language)
        content = retraction.prepared(words, alert, sent_at, now)
        forms = retraction.short_forms(words, alert, sent_at, now) if capabilities.short else iter([()])
        made: list[Rendered] = []
        for said in forms:
            made.append(
                self.render(
                    "retraction",
                    channel,
                    capabilities,
                    content,
                    language=language,
                    mode=mode,
                    next_update_at=None,
                    number=number,
                    now=now,
                    said=said,
                )
            )
            one = made[-1].length.unit is not Unit.SEGMENTS or made[-1].length.count == 1
            if one and not check(made[-1], capabilities):
                return made[-1]
        # None is one part: all the headline if the channel takes it in several, else the shortest.
        return next((each for each in made[1:] if not check(each, capabilities)), made[-1])

    def render_post(
        self, text: str, title: str, channel: str, capabilities: Capabilities, *, language: str, mode: Mode
    ) -> Rendered:
        """A unit's own post, with or without a title, in any language. Where a channel has no titles it leads the text.

        Raises :class:`crisis.errors.Invalid` when there is nothing to publish, or characters no channel can carry.
        """
        title, text = re.sub(r"\s+", " ", clean(title)), clean(text)
        problems = [] if text else ["text is empty. Write what to publish."]
        for name, value in {"title": title, "text": text}.items():
            if strange := unusable(value):
                problems.append(f"{name} has a character that cannot be published ({', '.join(strange)}). Delete it.")
        if problems:
            raise Invalid("The post cannot be published as it stands. Mend this and try again:", problems)
        values = self._marks(mode, language) | {"title": title, "text": text}
        texts = {"title": title, "text": text} if title else {}
        return self._rendered("post", channel, capabilities, language, values, texts, POST)

    def _marks(self, mode: Mode, language: str) -> dict[str, Any]:
        exercise = mode is not Mode.ACTUAL
        return {
            "marker": self.words.marker if exercise else "",
            "also_marked": self.words.also_marked(language) if exercise else "",
        }

    def _rendered(
        self,
        kind: str,
        channel: str,
        capabilities: Capabilities,
        language: str,
        values: Mapping[str, Any],
        texts: Mapping[str, str],
        plain: str,
    ) -> Rendered:
        template = self._template(kind, channel)
        mark = " ".join(filter(None, (values["marker"], values["also_marked"])))
        unit = capabilities.limit.unit if capabilities.limit else Unit.CHARACTERS
        try:
            html = dense(template.render(values)) if (template.name or "").endswith(".html") else None
            source = template if html is None else self._environment.get_template(plain)
            text = tidied(source.render(values), one_line=capabilities.short and kind != "post")
        except TemplateError as error:
            raise Unready(
                f"The template for {kind} on {channel} ({template.name}) cannot be used: {error}. Nothing was made of it. "
                "Correct the template, or install again."
            ) from error
        title = ". ".join(filter(None, (mark, values["title"])))
        if unit is Unit.SEGMENTS:
            title, text = normalise(title), normalise(text)
        if not all(each.startswith(mark) for each in (title, text, shown(html or mark))):
            raise Unready(
                f"The template for {kind} on {channel} ({template.name}) does not begin with {mark!r}, which every text of an "
                "exercise must. Nothing was made of it. Let the template extend one of those in messages/_base/."
            )
        parts = tuple((name, measure(value, unit).used) for name, value in texts.items())
        return Rendered(channel, language, self.words.name(language), title, text, html, measure(text, unit), parts)

    def _template(self, kind: str, channel: str) -> Template:
        names = [f"messages/{kind}/{channel}.{ending}" for ending in ("html", "txt")]
        try:
            return self._environment.select_template(names)
        except TemplateNotFound as error:
            raise Unready(
                f"There is no template for {kind} on {channel}: neither {names[0]} nor {names[1]} is in {self._templates_dir}. "
                "Nothing was made for that channel. Add one, or install again."
            ) from error
        except TemplateError as error:
            raise Unready(
                f"The template for {kind} on {channel} cannot be read: {error}. Nothing was made of it. "
                "Correct the template, or install again."
            ) from error


def _labelled(label: str, text: str) -> str:
    """The text behind what kind of message it is, unless it says so itself."""
    return text if not label or said_in(label, text) else f"{label}: {text}"
