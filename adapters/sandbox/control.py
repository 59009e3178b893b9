"""``/sandbox/...``: how a test or a drill scripts the sandbox and asks what it saw."""

from collections.abc import Mapping

from pydantic import ValidationError

from adapters.sandbox.callbacks import Callbacks
from adapters.sandbox.exchange import Answer, Asked, say
from adapters.sandbox.faults import KINDS, Fault, Faults
from adapters.sandbox.provider import Provider
from adapters.sandbox.records import Records
from adapters.sandbox.residents import ResidentPost, Residents
from adapters.sandbox.staging import PARTS, Staging
from adapters.sandbox.traffic import Traffic


class Control:
    """Faults in, records out."""

    def __init__(
        self,
        *,
        providers: Mapping[str, Provider],
        records: Records,
        faults: Faults,
        traffic: Traffic,
        callbacks: Callbacks,
        residents: Residents,
        staging: Staging,
    ) -> None:
        self._providers = providers
        self._records = records
        self._faults = faults
        self._traffic = traffic
        self._callbacks = callbacks
        self._residents = residents
        self._staging = staging

    def answer(self, asked: Asked) -> Answer:  # noqa: C901, PLR0911, PLR0912 - one line an address
        """One request under ``/sandbox``."""
        kind, _, key = asked.path[1:].partition("/")
        if kind in PARTS:
            return self._staging.answer(asked, kind, key)
        if key and kind in {"faults", "residents"} and asked.method in {"PUT", "DELETE"}:
            return self._put(kind, key, asked) if asked.method == "PUT" else self._take_away(kind, key)
        match asked.method, asked.path:
            case "GET", "/health":
                return say(200, {"status": "ok"})
            case "POST", "/faults":
                return self._add_fault(asked)
            case "GET", "/faults":
                kinds = {name: kind.meaning for name, kind in KINDS.items()}
                return say(200, {"faults": [fault.model_dump() for fault in self._faults.all()], "kinds": kinds})
            case "DELETE", "/faults":
                self._faults.clear()
                return say(200, {"faults": []})
            case "GET", "/residents":
                return say(200, {"residents": [post.model_dump() for post in self._residents.all()]})
            case "DELETE", "/residents":
                self._residents.clear()
                return say(200, {"residents": []})
            case "GET", "/records":
                return self._show_records(asked)
            case "DELETE", "/records":
                self._clear()
                return say(200, {"records": []})
            case "GET", "/counts":
                return say(200, self._counts())
            case "GET", "/requests":
                return self._show_requests(asked)
            case "GET", "/callbacks":
                return say(200, {"callbacks": list(self._callbacks.outcomes), **self._callbacks.figures()})
        return say(404, {"detail": f"The sandbox has no {asked.method} /sandbox{asked.path}."})

    def _add_fault(self, asked: Asked) -> Answer:
        try:
            fault = Fault.model_validate_json(asked.body)
        except ValidationError as error:
            return _refused("This fault cannot be scripted.", error)
        self._faults.add(fault)
        return say(201, fault.model_dump())

    def _put(self, kind: str, key: str, asked: Asked) -> Answer:
        """Make something by this id so: a drill says what is to be, again and again, and nothing happens twice."""
        try:
            if kind == "faults":
                fault = Fault.model_validate({**asked.fields, "id": key})
                self._faults.put(fault)
                return say(200, fault.model_dump())
            post = ResidentPost.model_validate({**asked.fields, "id": key})
        except ValidationError as error:
            return _refused(f"This cannot be put among the {kind}.", error)
        if not self._residents.put(post):
            return say(409, {"detail": "There are as many residents' posts as the sandbox shows."})
        return say(200, post.model_dump())

    def _take_away(self, kind: str, key: str) -> Answer:
        (self._faults if kind == "faults" else self._residents).remove(key)
        return say(200, {"id": key})

    def _show_records(self, asked: Asked) -> Answer:
        query = asked.query
        try:
            after, limit = int(query.get("after", "-1")), int(query.get("limit", "1000"))
        except ValueError:
            return say(400, {"detail": "after and limit are numbers."})
        records, cursor = self._records.page(
            provider=query.get("provider"), verb=query.get("verb"), after=after, limit=max(1, limit)
        )
        return say(200, {"records": records, "after": cursor})

    def _show_requests(self, asked: Asked) -> Answer:
        limit = asked.query.get("limit", "200")
        if not limit.isdigit():
            return say(400, {"detail": "limit is a number."})
        return say(200, {"requests": self._traffic.show(asked.query.get("provider"), int(limit))})

    def _counts(self) -> dict[str, object]:
        counts: dict[str, object] = {}
        for name in self._providers:
            verbs = {
                verb: self._records.verbs.get(name, {}).get(verb, 0) for verb in ("create", "edit", "delete", "comment")
            }
            counts[name] = {
                **verbs,
                "accepted": sum(verbs.values()),
                "requests": self._traffic.requests.get(name, 0),
                "tokens_in_urls": self._traffic.tokens_in_urls.get(name, 0),
                **(self._records.recipients() if name == "twilio" else {}),
            }
        return {**counts, "callbacks": self._callbacks.figures()}

    def _clear(self) -> None:
        self._records.clear()
        self._traffic.clear()
        self._callbacks.clear()
        self._residents.clear()
        self._staging.clear()
        for provider in self._providers.values():
            provider.clear()


def _refused(detail: str, error: ValidationError) -> Answer:
    problems = [{"where": list(each["loc"]), "what": each["msg"]} for each in error.errors()]
    return say(422, {"detail": detail, "problems": problems})
