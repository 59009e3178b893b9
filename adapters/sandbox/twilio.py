"""Twilio's Messages resource (create, fetch, list, redact, cancel, delete), and the accounts below the one there is."""

import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from adapters.sandbox.callbacks import Announcement, Callbacks
from adapters.sandbox.exchange import Answer, Asked, Verb, say
from adapters.sandbox.faults import Facts, Fault
from adapters.sandbox.foreign import ForeignPost
from adapters.sandbox.records import Record, Records
from adapters.sandbox.scene import Scene
from adapters.sandbox.sms import API, FINAL, WORDING, Sms, find_fault, key_of
from adapters.sandbox.sub_accounts import SID, SubAccounts, basic

UNDELIVERED = 30003  # unreachable handset
SOMEBODY = "+4799999999"
"""Who gets what was sent behind our back."""
STATUS = {20003: 401, 20005: 403, 20404: 404, 20009: 409, 20429: 429, 20503: 503, 30409: 409}
FILTERS = ("To", "From", "DateSent", "DateSent>", "DateSent<")


class Twilio:
    """One account with its auth token."""

    name = "twilio"

    def __init__(
        self, records: Records, callbacks: Callbacks, scene: Scene, *, account: str, token: str, step: float
    ) -> None:
        self._records = records
        self._scene = scene
        self._below = SubAccounts(records, scene, parent=account, provider=self.name)
        self._callbacks = callbacks
        self._account = account
        self._token = token
        self._step = step
        self._authorization = basic(account, token)
        self._messages = f"/{API}/Accounts/{account}/Messages"
        self._by_to: dict[str, list[Sms]] = {}
        self.messages: dict[str, Sms] = {}
        self.texts: dict[str, list[Any]] = {}
        """For each text: how many went out with it, and the last of them. Latest text last."""

    def verb(self, asked: Asked) -> Verb:
        if asked.method == "POST":
            if asked.path.endswith("/Messages.json"):
                return Verb.CREATE
            return Verb.EDIT if "/Messages/" in asked.path else Verb.RIGHT
        return Verb.DELETE if asked.method == "DELETE" else Verb.READ

    def facts(self, asked: Asked) -> Facts:
        return asked.fields.get("To") or asked.query.get("To"), asked.fields.get("Body")

    def answer(self, asked: Asked, faults: list[Fault]) -> Answer:  # noqa: PLR0911 - a line a route
        path = asked.path
        if not hmac.compare_digest(asked.authorization.encode(), self._authorization.encode()):
            below = SID.match(path)
            if below is None or below[2] == ".json" or asked.method != "POST":
                return self._refuse(20003)
            code = self._below.sends(asked, below[1])
            return self._refuse(code) if code else self._create(asked, faults, below[1])
        if path == f"{self._messages}.json":
            return self._create(asked, faults) if asked.method == "POST" else self._list(asked)
        if (named := SID.match(path)) and named[2] == ".json":
            answer = self._below.answer(asked, named[1])
            return self._refuse(answer) if isinstance(answer, int) else answer
        sid = path.removeprefix(f"{self._messages}/").removesuffix(".json")
        sms = self.messages.get(sid)
        if sms is None or not path.startswith(self._messages):
            return self.refusal(404, 20404, f"The requested resource {path} was not found")
        match asked.method:
            case "GET":
                return say(200, sms.show(skew=self._scene.skew_seconds))
            case "POST":
                return self._update(asked, sms)
            case "DELETE":
                return self._delete(asked, sms)
        return self.refusal(405, 20004, "Method not allowed")

    def _create(self, asked: Asked, faults: list[Fault], below: str | None = None) -> Answer:
        form = asked.fields
        code = find_fault(form)
        if code is not None:
            return self._refuse(code)
        callback, send_at = form.get("StatusCallback") or None, form.get("SendAt")
        facts: dict[str, Any] = {
            "from": form.get("From"),
            "service": form.get("MessagingServiceSid"),
            "callback": callback,
        }
        if below is not None:
            facts["account"] = below
        if form.get("ValidityPeriod"):
            facts["validity"] = int(form["ValidityPeriod"])
        if send_at:
            try:
                facts["send_at"] = datetime.fromisoformat(send_at).timestamp() - self._scene.skew_seconds
            except ValueError:
                return self._refuse(35118)
        lost = next((fault for fault in faults if fault.kind == "undelivered"), None)
        if lost is not None:
            facts["error"] = int(lost.code or UNDELIVERED)
        record = self._records.accept(
            asked, self.name, Verb.CREATE, account=facts["service"] or facts["from"],
            reference="SM" + secrets.token_hex(16), to=form["To"], text=form.get("Body", ""),
            key=key_of(callback), facts=facts,
        )  # fmt: skip
        self.replay(record)
        sms = self.messages[record.reference]
        answer = say(201, sms.show(sms.statuses[0], self._scene.skew_seconds))
        if callback is not None:
            answer.after = self._announce(sms, callback, faults)
        return answer

    def _announce(self, sms: Sms, callback: str, faults: list[Fault]) -> Any:
        kinds = {fault.kind: fault for fault in faults}
        if "no_callbacks" in kinds:
            return None
        steps = sms.callback_steps()
        if (shuffle := kinds.get("shuffled_callbacks")) is not None:
            steps = shuffle.shuffle(steps)
        if (double := kinds.get("duplicate_callbacks")) is not None:
            steps = [step for step in steps for _ in range(double.copies)]
        first = "callback_before_response" in kinds
        announcement = Announcement(
            url=callback,
            token=self._token[::-1] + "-forged" if "forged_callbacks" in kinds else self._token,
            fields=sms.callback_fields(),
            steps=steps,
            delay=0.0 if first else self._step,
            still_wanted=lambda: not sms.canceled and sms.sid in self.messages,
        )
        late = kinds.get("late_callback")
        wait = (late.seconds or 0.0) if late is not None else 0.0
        wait += max(0.0, sms.starts - sms.record.published)
        self._callbacks.begin(announcement, wait if first else wait + self._step)
        return announcement.done if first else None

    def _list(self, asked: Asked) -> Answer:
        query = asked.query
        try:
            size = max(1, min(int(query.get("PageSize", "50")), 1000))
            page = max(0, int(query.get("Page", "0")))
        except ValueError:
            return self.refusal(400, 20001, "Page and PageSize must be numbers")
        base = f"{self._messages}.json"
        chosen = {name: query[name] for name in FILTERS if name in query}
        found = list(islice(self._matching(chosen), page * size, (page + 1) * size + 1))
        shown = found[:size]

        def uri(number: int) -> str:
            return f"{base}?{urlencode({**chosen, 'PageSize': size, 'Page': number})}"

        return say(
            200,
            {
                "messages": [sms.show(skew=self._scene.skew_seconds) for sms in shown],
                "uri": uri(page), "first_page_uri": uri(0), "page": page, "page_size": size,
                "next_page_uri": uri(page + 1) if len(found) > size else None,
                "previous_page_uri": uri(page - 1) if page else None,
                "start": page * size, "end": page * size + max(0, len(shown) - 1),
            },
        )  # fmt: skip

    def _matching(self, chosen: dict[str, str]) -> Iterable[Sms]:
        pool = self._by_to.get(chosen["To"], []) if "To" in chosen else self.messages.values()
        for sms in reversed(pool):
            if sms.account != self._account:
                continue
            if "From" in chosen and sms.record.facts.get("from") != chosen["From"]:
                continue
            # A message has no date_sent before it is sent, so every DateSent filter misses it until then.
            day = _day(self._scene.shown(sms.starts)) if sms.status in {"sent", "delivered", "undelivered"} else None
            if all(day is not None and _holds(name, day, chosen[name]) for name in FILTERS[2:] if name in chosen):
                yield sms

    def _update(self, asked: Asked, sms: Sms) -> Answer:
        form = asked.fields
        if form.get("Status") == "canceled":
            if sms.status != "scheduled":
                return self._refuse(30409)
            facts = {"status": "canceled"}
        elif form.get("Body") == "":
            facts = {"body": ""}
        else:
            return self.refusal(400, 20001, "Only Body='' and Status=canceled can be posted to a message")
        record = self._records.accept(
            asked, self.name, Verb.EDIT, account=sms.record.account, reference=sms.sid, to=sms.record.to, facts=facts
        )
        self.replay(record)
        return say(200, sms.show())

    def _delete(self, asked: Asked, sms: Sms) -> Answer:
        if sms.status not in FINAL:
            return self._refuse(20009)
        record = self._records.accept(
            asked, self.name, Verb.DELETE, account=sms.record.account, reference=sms.sid, to=sms.record.to
        )
        self.replay(record)
        return Answer(204, b"", [])

    def _refuse(self, code: int) -> Answer:
        return self.refusal(STATUS.get(code, 400), code, WORDING[code])

    def refusal(self, status: int, code: int | str | None, message: str) -> Answer:
        number = int(code) if code is not None else status
        more = f"https://www.twilio.com/docs/errors/{number}"
        return say(status, {"code": number, "message": message, "more_info": more, "status": status})

    def throttled(self, seconds: float | None) -> Answer:
        answer = self._refuse(20429)
        if seconds is not None:
            answer.headers.append((b"retry-after", str(max(1, round(seconds))).encode()))
        return answer

    def failing(self, status: int | None) -> Answer:
        return self.refusal(status or 503, 20503, WORDING[20503])

    def replay(self, record: Record) -> None:
        if record.verb is Verb.RIGHT:
            self._below.replay(record)
        elif record.verb is Verb.CREATE:
            error = record.facts.get("error")
            account = record.facts.get("account", self._account)
            sms = Sms(record, account, self._step, "delivered" if error is None else "undelivered", error)
            self.messages[sms.sid] = sms
            self._by_to.setdefault(record.to or "", []).append(sms)
            text = record.text or ""
            self.texts[text] = [self.texts.pop(text, [0])[0] + 1, sms]
        elif record.verb is Verb.DELETE:
            gone = self.messages.pop(record.reference)
            self._by_to[gone.record.to or ""].remove(gone)
        elif record.facts.get("status") == "canceled":
            self.messages[record.reference].canceled = True
        else:
            self.messages[record.reference].redacted = True

    def take_foreign(self, post: ForeignPost, asked: Asked) -> str:
        """An SMS that somebody sent with the account's own token."""
        facts: dict[str, Any] = {"from": post.account, "service": None, "callback": None, "age": post.age_seconds}
        if post.due_in_seconds is not None:
            facts["send_at"] = asked.arrived + post.due_in_seconds
        record = self._records.accept(
            asked, self.name, Verb.CREATE, account=post.account, reference="SM" + secrets.token_hex(16),
            to=SOMEBODY, text=post.text, facts=facts,
        )  # fmt: skip
        self.replay(record)
        return record.reference

    def set_rights(self, account: str, rights: object, asked: Asked) -> None:
        """Let a sub-account be ``active``, ``suspended`` or ``closed``."""
        self._below.set(account, rights, asked)

    def rights(self, account: str) -> object:
        """What a sub-account is."""
        return self._below.status(account)

    def clear(self) -> None:
        self._below.clear()
        self.messages.clear()
        self._by_to.clear()
        self.texts.clear()


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _holds(name: str, day: str, wanted: str) -> bool:
    wanted = wanted[:10]
    return day >= wanted if name.endswith(">") else day <= wanted if name.endswith("<") else day == wanted
