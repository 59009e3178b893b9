"""A visit: one request of the desk's, who makes it, and how a page answers it."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import quote, unquote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.desk import bar, cross_site, navigation, packing, strip
from api.desk.pages import Pages
from api.desk.part import Met, meet
from api.errors import TooLarge
from api.uploads import spooling
from crisis.bootstrap import Crisis
from crisis.roles import Act, Actor, can, require
from crisis.tokens.service import NotAuthenticated
from crisis.tongue import texts
from crisis.users import kept_forms, sessions
from crisis.users.sessions import SignedIn

FORM_MOST = 1 << 20
"""Bytes of a form without a file. A message in ten languages has some tens of thousands."""
FIELDS_MOST = 1000
_SAID = "crisis-said"
_SAID_SECONDS = 60
LANGUAGE = "crisis-language"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; frame-src 'self'; manifest-src 'self'"
)
"""Content-Security-Policy of every page: nothing from elsewhere, nothing inline, in nobody's frame."""

_VARY = "Cookie, HX-Request, Accept-Encoding, Sec-Fetch-Site"
HSTS = "max-age=31536000"
"""A year, as OWASP ASVS 5.0, 3.4.1 asks. Other names under the same domain are not ours to decide about."""


class SignInNeeded(NotAuthenticated):
    """Nobody is signed in; or the session has ended, and what was typed is to be kept."""

    def __str__(self) -> str:
        return "Sign in first. What was saved is kept."


class Visit:
    """What a page's handler acts and answers through."""

    def __init__(self, request: Request, crisis: Crisis, pages: Pages, signed_in: SignedIn | None) -> None:
        self.request, self.crisis = request, crisis
        self._pages, self._signed_in = pages, signed_in
        self._form: FormData | None = None
        self._met: Met | None = None
        self.renewed = ""
        """The session's new secret, where this request gave it one."""
        self.speaks = ""
        """The language that whoever opens a link was written to in: theirs, where nobody is signed in."""
        self.mode = navigation.mode_of(request.query_params.get(navigation.MODE))
        """Whose world the page shows: by ``?mode=exercise``, until the handler says that its thing belongs to the other."""

    @classmethod
    async def begin(cls, request: Request, crisis: Crisis, pages: Pages) -> Self:
        """Who comes, by their cookie."""
        secret = request.cookies.get(cookie_name(crisis))
        demo = crisis.settings.demo
        return cls(request, crisis, pages, await sessions.find(crisis.db, secret, demo=demo) if secret else None)

    @property
    def is_signed_in(self) -> bool:
        """Somebody is."""
        return self._signed_in is not None

    @property
    def signed_in(self) -> SignedIn:
        """Who. Raises :class:`SignInNeeded`."""
        if self._signed_in is None:
            raise SignInNeeded
        return self._signed_in

    @property
    def actor(self) -> Actor:
        """Who acts: on the pages of an exercise as the part that they play in it. Raises :class:`SignInNeeded`."""
        return self._met.actor if self._met is not None else self.signed_in.actor

    @property
    def person(self) -> Actor:
        """Who it is, whatever they play. Raises :class:`SignInNeeded`."""
        return self.signed_in.actor

    @property
    def needs_word(self) -> bool:
        """The exercise's signing in "does not answer" them: they come in with the drill's emergency word, or not at all."""
        return self._met is not None and self._met.needs_word

    async def meet(self, *, has_form: bool) -> None:
        """Find out whether they play a part here. Before the handler runs, and once."""
        if self._signed_in is not None:
            said = (await self.form()).get(navigation.MODE) if has_form else None
            self._met = await meet(self.crisis, self.request, self._signed_in.actor, said)

    @property
    def language(self) -> str:
        """The language of the page: the person's own, or else the one they were written to in, or chose before signing in."""
        chosen = self._signed_in.language if self._signed_in else self.speaks or self.request.cookies.get(LANGUAGE)
        return chosen if chosen in texts.LANGUAGES else texts.SOURCE

    @property
    def is_partial(self) -> bool:
        """Htmx asks for a part of the page, and not to go to it."""
        headers = self.request.headers
        return "hx-request" in headers and "hx-boosted" not in headers and "hx-history-restore-request" not in headers

    def gettext(self, text: str, /, **values: object) -> str:
        """A text in the page's language. Named ``_`` where it is used, so that translators' tools find it."""
        said = self._pages.translations[self.language].gettext(text)
        return said % values if values else said

    def ngettext(self, one: str, many: str, count: int, **values: object) -> str:
        """The same where a number decides; ``%(num)s`` is the number."""
        return self._pages.translations[self.language].ngettext(one, many, count) % {"num": count, **values}

    def require(self, act: Act) -> Actor:
        """The actor, if they may. Raises :class:`SignInNeeded` and :class:`crisis.errors.NotAllowed`."""
        require(self.actor, act)
        return self.actor

    @property
    def mark(self) -> str:
        """Of whose forms these are, for when one of them comes after the session has ended. Empty where nobody is signed in."""
        return kept_forms.mark(self.crisis.credentials, self._signed_in) if self._signed_in else ""

    @property
    def token(self) -> str:
        """What every form carries: that it is this session's, and whose. Empty where nobody is signed in."""
        if self._signed_in is None:
            return ""
        mark = self.mark
        return f"{self._signed_in.csrf}{cross_site.MARK}{mark}" if mark else self._signed_in.csrf

    async def renew(self, secret: str) -> None:
        """The session has a new secret, since a factor was shown: pages from here on know it, and so will the browser."""
        self.renewed = secret
        self._signed_in = await sessions.find(self.crisis.db, secret, demo=self.crisis.settings.demo)

    async def check(self, most: int = FORM_MOST, *, has_file: bool = False) -> None:
        """Raise :class:`cross_site.FromElsewhere` unless one of our own pages asks for this act. Reads no more than ``most``
        bytes, and of a form with a file none at all.
        """
        cross_site.check_origin(self.request)
        said = self.request.headers.get("content-length", "")
        if not said.isascii() or not said.isdigit() or int(said) > most:
            raise TooLarge(most)
        if self._signed_in is None:
            return
        own, given = self._signed_in.csrf, self.request.headers.get(cross_site.HEADER)
        if given is None and has_file:
            own = cross_site.token_of(self.request.url.path, own)
            given = self.request.query_params.get(cross_site.FIELD, "")
        elif given is None:
            given = str((await self.form()).get(cross_site.FIELD, ""))
        cross_site.check_token(own, given)

    async def form(self) -> FormData:
        """What was typed. Line breaks come as the browser sends them."""
        if self._form is None:
            with spooling():
                self._form = await self.request.form(max_fields=FIELDS_MOST, max_part_size=FORM_MOST)
        return self._form

    async def page(self, name: str, *, status: int = 200, **context: Any) -> Response:
        """A whole page in its frame."""
        said = self._read_said()
        frame: dict[str, Any] = {"said": said, "bar": None, "navigation": (), "strip": None}
        if self._signed_in is not None:
            frame |= {
                "bar": await bar.read(self.crisis, self.mode, self._signed_in),
                "navigation": navigation.of(self.person, self.actor),
                "strip": await strip.read(self.crisis, self.mode, self.person),
            }
        body = self._pages.whole(name, self.language, frame | self._context(context))
        response = packing.answer(self.request, body, status, self._headers())
        if said:
            response.delete_cookie(_SAID)
        return response

    async def block(self, name: str, block: str, *, status: int = 200, **context: Any) -> Response:
        """One block of a page: the answer to htmx. Nothing is read for the frame around it."""
        body = self._pages.block(name, block, self.language, self._context(context))
        return packing.answer(self.request, body, status, self._headers())

    def to(self, path: str, *, said: str = "") -> Response:
        """Go on to a page of ours, and say there what was done. Htmx goes there too, instead of fetching it into a part."""
        response: Response
        if self.is_partial:
            response = Response(None, 204, self._headers() | {"HX-Redirect": path})
        else:
            response = RedirectResponse(path, 303, self._headers())
        if said and self._signed_in is not None:
            value = f"{self._signature(said)}.{quote(said)}"
            secure = is_https(self.crisis)
            response.set_cookie(_SAID, value, max_age=_SAID_SECONDS, secure=secure, httponly=True, samesite="lax")
        return response

    def _context(self, context: Mapping[str, Any]) -> dict[str, Any]:
        shown = {
            "language": self.language,
            "mode": self.mode,
            "path": self.request.url.path,
            "signed_in": self._signed_in,
            "actor": self.actor if self._signed_in else None,
            "csrf": self.token,
            "file_address": self._file_address,
            "municipality": self.crisis.settings.municipality,
            "may": self._may,
            "Act": Act,
        }
        return shown | dict(context)

    def _may(self, act: Act) -> bool:
        return self._signed_in is not None and can(self.actor, act)

    def _file_address(self, path: str) -> str:
        """Where a form with a file is sent to."""
        return f"{path}?{cross_site.FIELD}={cross_site.token_of(path, self.signed_in.csrf)}"

    def _headers(self) -> dict[str, str]:
        told = {"Content-Security-Policy": POLICY, "Vary": _VARY, "Content-Language": self.language}
        if is_https(self.crisis):
            told["Strict-Transport-Security"] = HSTS
        return told

    def _signature(self, said: str) -> str:
        key = self.signed_in.csrf.encode()
        return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()[:32]

    def _read_said(self) -> str | None:
        signature, _, quoted = self.request.cookies.get(_SAID, "").partition(".")
        said = unquote(quoted)
        if self._signed_in is None or not said or not hmac.compare_digest(self._signature(said), signature):
            return None
        return said


def cookie_name(crisis: Crisis) -> str:
    """The session's cookie. Browsers keep one named ``__Host-`` to this host and to https alone."""
    return "__Host-crisis" if is_https(crisis) else "crisis"


def is_https(crisis: Crisis) -> bool:
    """Whether browsers reach the desk so that nobody in between can read along. All but a demo on one's own machine."""
    return crisis.settings.public_url.startswith("https://")
