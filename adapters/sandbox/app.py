"""The sandbox as an ASGI application.

Start it with ``uvicorn --factory adapters.sandbox.app:create_app --port 8900``. Facebook Graph is then at ``/graph``, X at
``/x``, Twilio at ``/twilio``, WordPress at ``/wp``, other sites' feeds at ``/feeds``, everybody's e-mail at ``/mail``, the
scripting at ``/sandbox``, and ``/`` shows what was published. An exercise's crisis page is at ``/crisis-page/``: the files in
the settings' ``exercise_page_dir``.

Environment: ``CRISIS_SANDBOX_TOKEN`` (Twilio's auth token here: opens the account and signs callbacks; needed),
``CRISIS_SANDBOX_ACCOUNT_SID``, ``CRISIS_SANDBOX_JOURNAL`` (file that accepted requests survive in),
``CRISIS_SANDBOX_PAGE_URL`` (where the crisis page is shown from).
"""

import asyncio
import logging
import os
from pathlib import Path

from starlette.types import Receive, Scope, Send

from adapters.sandbox.callbacks import Callbacks
from adapters.sandbox.control import Control
from adapters.sandbox.exchange import Answer, Asked, say
from adapters.sandbox.exercise_page import PATH as EXERCISE_PAGE
from adapters.sandbox.exercise_page import ExercisePage
from adapters.sandbox.faults import Fault, Faults
from adapters.sandbox.feeds import Feeds
from adapters.sandbox.graph import Graph
from adapters.sandbox.mail import Mailbox
from adapters.sandbox.page import Page
from adapters.sandbox.provider import Provider
from adapters.sandbox.records import Records
from adapters.sandbox.residents import Residents
from adapters.sandbox.scene import Scene
from adapters.sandbox.staging import Staging
from adapters.sandbox.traffic import Traffic
from adapters.sandbox.trouble import enact
from adapters.sandbox.twilio import Twilio
from adapters.sandbox.wire import Wire
from adapters.sandbox.wordpress import WordPress
from adapters.sandbox.x import X
from crisis.settings import Settings

ACCOUNT_SID = "ACsandbox00000000000000000000000000"
X_LIMIT = 100_000  # requests a token and method may make in 15 minutes: reported in headers, high enough not to bind
PREFIXES = {"graph": "graph", "x": "x", "twilio": "twilio", "wp": "wordpress", "feeds": "feeds", "mail": "mail"}
BEFORE_RESPONSE_SECONDS = 10.0


class Sandbox:
    """Routes each request to a stand-in, with whatever is to go wrong put around it."""

    def __init__(
        self, *, providers: dict[str, Provider], faults: Faults, traffic: Traffic, callbacks: Callbacks, control: Control,
        page: Page, exercise_page: ExercisePage, records: Records, scenes: dict[str, Scene],
    ) -> None:  # fmt: skip
        self._providers = providers
        self._scenes = scenes
        self._faults = faults
        self._traffic = traffic
        self._callbacks = callbacks
        self._control = control
        self._page = page
        self._exercise_page = exercise_page
        self._records = records

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entrance."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(Wire(scope, receive, send))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._callbacks.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._callbacks.stop()
        self._records.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, wire: Wire) -> None:
        asked = await wire.read()
        if asked is None:
            await wire.reply(say(413, {"detail": "The body is too large for the sandbox."}))
            return
        prefix, _, rest = asked.path[1:].partition("/")
        name = PREFIXES.get(prefix)
        if name is not None:
            asked.path = f"/{rest}"
            wire.date = self._scenes[name].now()
            await self._provide(self._providers[name], asked, wire)
        elif prefix == "sandbox":
            asked.path = f"/{rest}"
            await wire.reply(self._control.answer(asked))
        elif prefix == EXERCISE_PAGE:
            await wire.reply(self._exercise_page.answer(rest, asked))
        elif asked.path == "/":
            await wire.reply(self._page.answer(asked))
        else:
            await wire.reply(
                say(404, {"detail": f"Nothing at {asked.path}. Stand-ins: /graph /x /twilio /wp /feeds /mail"})
            )

    async def _provide(self, provider: Provider, asked: Asked, wire: Wire) -> None:
        script = self._faults.pick(provider.name, provider.verb(asked), lambda: provider.facts(asked))
        if script is None:
            answer = provider.answer(asked, [])
            await wire.reply(answer)
            self._traffic.note(provider.name, asked, answer.status, None)
            return
        for delay in script.delays:
            if not delay.does.accepts:
                await asyncio.sleep(delay.seconds or 1.0)
        fault = script.answer
        accepted = fault is None or fault.does.accepts
        answer = provider.answer(asked, script.callbacks) if accepted else _not_accepted(fault, provider)
        for delay in script.delays:
            if delay.does.accepts:
                await asyncio.sleep(delay.seconds or 1.0)
        if answer.after is not None:
            await _in_time(answer.after)
        status = answer.status
        if fault is None:
            await wire.reply(answer)
        else:
            status = await enact(fault, provider, answer, wire)
        names = [each.kind for each in (*script.delays, *([fault] if fault else []), *script.callbacks)]
        self._traffic.note(provider.name, asked, status, "+".join(names) or None)


def _not_accepted(fault: Fault | None, provider: Provider) -> Answer:
    """What a fault plays with when nothing was accepted: a drip of an error, or a success that says nothing."""
    return provider.failing(None) if fault is not None and fault.kind == "drip_before" else say(200, {})


async def _in_time(done: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(BEFORE_RESPONSE_SECONDS):
            await done.wait()
    except TimeoutError:
        logging.getLogger(__name__).warning("Callbacks did not get through before the response; answering now.")


def create_app(
    token: str | None = None,
    *,
    account_sid: str | None = None,
    callback_delay: float = 0.05,
    callback_tries: int = 8,
    callback_senders: int = 32,
    journal: Path | None = None,
    page_url: str | None = None,
    weigh_posts: bool = True,
    x_limit: int = X_LIMIT,
) -> Sandbox:
    """Build the sandbox. What is not given is read from the environment.

    Args:
        token: Twilio's auth token here. Raises ``ValueError`` when neither this nor the environment has one.
        account_sid: Twilio's account.
        callback_delay: Seconds from one status of an SMS to the next.
        callback_tries: How often a callback is tried on a receiver that is down or fails, over half a minute with 8.
        callback_senders: Callbacks in flight at once.
        journal: File that accepted requests survive in; read back at start.
        page_url: Where the crisis page can be seen.
        weigh_posts: Refuse X posts over 280 weighted characters.
        x_limit: X requests per token and method in 15 minutes.
    """
    settings = Settings()
    held = settings.sandbox_token.get_secret_value() if settings.sandbox_token else ""
    token = token or held
    if not token:
        raise ValueError(
            "The sandbox needs a token to sign callbacks with. Set CRISIS_SANDBOX_TOKEN to any random text."
        )
    if journal is None and os.environ.get("CRISIS_SANDBOX_JOURNAL"):
        journal = Path(os.environ["CRISIS_SANDBOX_JOURNAL"])
    # Lists of messages are asked for with phone numbers in the URL, which an access log would keep.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False

    records, faults, traffic, residents = Records(journal), Faults(), Traffic(), Residents()
    callbacks = Callbacks(callback_senders, callback_tries)
    scenes = {name: Scene() for name in PREFIXES.values()}
    graph = Graph(records, settings.facebook_app_id or "0", scenes["graph"])
    x = X(records, scenes["x"], weigh=weigh_posts, limit=x_limit)
    account = account_sid or os.environ.get("CRISIS_SANDBOX_ACCOUNT_SID") or ACCOUNT_SID
    twilio = Twilio(records, callbacks, scenes["twilio"], account=account, token=token, step=callback_delay)
    wordpress = WordPress(records, scenes["wordpress"])
    feeds = Feeds(records, scenes["feeds"])
    mailbox = Mailbox(records, token=token)
    providers: dict[str, Provider] = {each.name: each for each in (graph, x, twilio, wordpress, feeds, mailbox)}
    for record in records.load():
        providers[record.provider].replay(record)
    page = Page(
        settings.templates_dir, graph=graph, x=x, twilio=twilio, wordpress=wordpress, mailbox=mailbox, residents=residents,
        page_url=page_url or os.environ.get("CRISIS_SANDBOX_PAGE_URL") or "",
    )  # fmt: skip
    control = Control(
        providers=providers, records=records, faults=faults, traffic=traffic, callbacks=callbacks, residents=residents,
        staging=Staging(providers, scenes),
    )  # fmt: skip
    return Sandbox(
        providers=providers, faults=faults, traffic=traffic, callbacks=callbacks, control=control, page=page,
        exercise_page=ExercisePage(settings.exercise_page_dir, faults), records=records, scenes=scenes,
    )  # fmt: skip
