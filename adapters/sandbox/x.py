"""X: v2's posts, own timeline and deletion, its problem objects and rate headers; and v1.1's tokens, verified and invalidated."""

import re
import time
from datetime import datetime
from hashlib import blake2b
from typing import Any

from twitter_text import parse_tweet

from adapters.sandbox.exchange import Answer, Asked, Headers, Verb, say
from adapters.sandbox.faults import Facts, Fault
from adapters.sandbox.foreign import ForeignPost
from adapters.sandbox.records import Record, Records
from adapters.sandbox.scene import Scene
from adapters.sandbox.tweet import Tweet, new_id

OWNER = re.compile(r"^(\d+)-")
OAUTH_TOKEN = re.compile(r'oauth_token="([^"]*)"')
MAY_HOLD = frozenset(
    {"text", "reply", "media", "quote_tweet_id", "reply_settings", "poll", "edit_options", "geo", "nullcast",
     "for_super_followers_only", "direct_message_deep_link", "card_uri", "community_id", "share_with_followers",
     "made_with_ai", "paid_partnership"}
)  # fmt: skip
WINDOW = 900
TOKEN_INVALID = 89
DUPLICATE_SECONDS = 60
"""How long the same text is refused as a duplicate. X does not say how long it remembers; here it is so short that a drill may be
played again on the same sandbox. Repeats are counted all the same (`/sandbox/counts`).
"""
TITLES = {
    400: "Invalid Request", 401: "Unauthorized", 402: "CreditsDepleted", 403: "Forbidden", 404: "Not Found Error",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout",
}  # fmt: skip


class X:
    """All users of the stand-in. A token shaped like X's own (``<user id>-...``) says whose it is.

    Posts under any other token show on every timeline: such a token does not say who posts.
    """

    name = "x"

    def __init__(self, records: Records, scene: Scene, *, weigh: bool, limit: int) -> None:
        self._records = records
        self._scene = scene
        self._revoked: set[str] = set()
        self._weigh = weigh
        self._limit = limit
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}
        self._said: dict[tuple[str, str], str] = {}
        self.tweets: dict[str, Tweet] = {}
        self.removed: list[tuple[Tweet, float]] = []
        """Posts that were deleted, with the time; nobody but the page of the sandbox can still see them."""

    def verb(self, asked: Asked) -> Verb:
        if asked.method == "POST" and "/oauth/" in asked.path:
            return Verb.RIGHT
        if asked.method == "POST":
            return Verb.EDIT if "edit_options" in asked.fields else Verb.CREATE
        return Verb.DELETE if asked.method == "DELETE" else Verb.READ

    def facts(self, asked: Asked) -> Facts:
        return None, asked.fields.get("text")

    def answer(self, asked: Asked, faults: list[Fault]) -> Answer:  # noqa: ARG002 - X sends no callbacks here
        token = _token(asked)
        if not token:
            return self.refusal(401, None, "Unauthorized")
        rate = self._rate(token, asked.method)
        if rate is None:
            return self.throttled(WINDOW)
        owner = OWNER.match(token)
        if _digest(token) in self._revoked:
            answer = self.refusal(401, TOKEN_INVALID, "Invalid or expired token.")
        else:
            answer = self._route(asked, owner.group(1) if owner else "", token)
        answer.headers.extend(rate)
        return answer

    def _route(self, asked: Asked, author: str, token: str) -> Answer:  # noqa: PLR0911 - a line a route
        parts = [part for part in asked.path.split("/") if part]
        if author in self._scene.gone and parts[:1] == ["1.1"]:
            return self.refusal(404, 50, "User not found.")
        match asked.method, parts[1:] if parts[:1] == ["2"] else parts:
            case "GET", ["1.1", "account", "verify_credentials.json"]:
                user = author or "0"
                return say(200, {"id_str": user, "screen_name": f"sandbox_{user}", "name": "Sandbox"})
            case "POST", ["1.1", "oauth", "invalidate_token.json"]:
                return self._invalidate(asked, author, token)
            case "POST", ["tweets"]:
                return self._create(asked, author, token)
            case "GET", ["tweets", identity]:
                return self._read(asked, identity)
            case "DELETE", ["tweets", identity]:
                return self._delete(asked, author, identity)
            case "GET", ["users", "me"]:
                user = author or "0"
                return say(200, {"data": {"id": user, "name": "Sandbox", "username": f"sandbox_{user}"}})
            case "GET", ["users", user, "tweets"]:
                return self._timeline(asked, user)
        return self.refusal(404, None, f"No such endpoint: {asked.path}")

    def _invalidate(self, asked: Asked, author: str, token: str) -> Answer:
        if not self._scene.is_lying:
            account, facts = author or "token", {"revoked": _digest(token)}
            record = self._records.accept(
                asked, self.name, Verb.RIGHT, account=account, reference=facts["revoked"], facts=facts
            )
            self.replay(record)
        return say(200, {"access_token": token})

    def _create(self, asked: Asked, author: str, token: str) -> Answer:
        fields, text = asked.fields, asked.fields.get("text")
        if not isinstance(text, str) or not text.strip() or not MAY_HOLD.issuperset(fields):
            return self.refusal(400, None, "One or more parameters to your request was invalid.")
        if self._weigh and not parse_tweet(text).valid:
            return self.refusal(403, None, "Your Tweet text is too long. It must weigh at most 280.")
        account = author or f"token:{_digest(token)}"
        previous = (fields.get("edit_options") or {}).get("previous_post_id")
        replaced = self.tweets.get(str(previous)) if previous else None
        if previous and replaced is None:
            return self.refusal(400, None, f"The post {previous} cannot be edited: it is not there.")
        if self._has_just_said(account, text):
            return self.refusal(403, None, "You are not allowed to create a Tweet with duplicate content.")
        identity = new_id(time.time(), self._records.next_index)
        facts = {
            "author": author,
            "history": [*(replaced.history if replaced else ()), identity],
            "reply_to": (fields.get("reply") or {}).get("in_reply_to_tweet_id"),
        }
        verb = Verb.EDIT if replaced else Verb.CREATE
        record = self._records.accept(
            asked, self.name, verb, account=account, reference=identity, text=text, facts=facts
        )
        self.replay(record)
        return say(201, {"data": self.tweets[identity].show()})

    def _read(self, asked: Asked, identity: str) -> Answer:
        tweet = self.tweets.get(identity)
        if tweet is not None:
            return say(200, {"data": tweet.show(asked.query.get("tweet.fields", ""), self._scene.skew_seconds)})
        return _not_found("tweet", identity)

    def _delete(self, asked: Asked, author: str, identity: str) -> Answer:
        tweet = self.tweets.get(identity)
        if tweet is None:
            return self.refusal(404, None, f"Could not find tweet with id: [{identity}].")
        if tweet.author != author:
            return self.refusal(403, None, "You are not authorized to delete this Tweet.")
        account = author or "token"
        self.replay(self._records.accept(asked, self.name, Verb.DELETE, account=account, reference=identity))
        return say(200, {"data": {"deleted": True}})

    def _timeline(self, asked: Asked, user: str) -> Answer:
        query = asked.query
        if user in self._scene.gone:
            return _not_found("user", user)
        try:
            since, until = int(query.get("since_id", "0")), int(query.get("until_id", str(1 << 63)))
            start, end = _moment(query.get("start_time"), 0.0), _moment(query.get("end_time"), float("inf"))
            most, skip = int(query.get("max_results", "10")), int(query.get("pagination_token", "0"))
        except ValueError:
            return self.refusal(400, None, "One or more parameters to your request was invalid.")
        if not 5 <= most <= 100:  # noqa: PLR2004 - X's own bounds
            return self.refusal(400, None, f"The `max_results` query parameter value [{most}] is not between 5 and 100")
        found = [
            tweet
            for tweet in reversed(self.tweets.values())
            if tweet.author in {user, ""}
            and since < int(tweet.id) < until
            and start <= self._scene.shown(tweet.created) < end
        ]
        found.sort(key=lambda tweet: -tweet.created)
        shown = found[skip : skip + most]
        if not shown:
            return say(200, {"meta": {"result_count": 0}})
        meta: dict[str, Any] = {"result_count": len(shown), "newest_id": shown[0].id, "oldest_id": shown[-1].id}
        if len(found) > skip + most:
            meta["next_token"] = str(skip + most)
        return say(
            200,
            {
                "data": [tweet.show(query.get("tweet.fields", ""), self._scene.skew_seconds) for tweet in shown],
                "meta": meta,
            },
        )

    def _rate(self, token: str, method: str) -> Headers | None:
        now = time.time()
        ends, used = self._windows.get((token, method), (now + WINDOW, 0))
        if ends <= now:
            ends, used = now + WINDOW, 0
        if used >= self._limit:
            return None
        self._windows[token, method] = (ends, used + 1)
        figures = {"limit": self._limit, "remaining": self._limit - used - 1, "reset": int(ends)}
        return [(f"x-rate-limit-{name}".encode(), str(figure).encode()) for name, figure in figures.items()]

    def refusal(self, status: int, code: int | str | None, message: str) -> Answer:
        problem = {"title": TITLES.get(status, "Error"), "detail": message, "type": "about:blank", "status": status}
        if status == 200:  # noqa: PLR2004 - partial errors come with success
            return say(status, {"errors": [problem]})
        return say(status, problem if code is None else problem | {"errors": [{"code": code, "message": message}]})

    def throttled(self, seconds: float | None) -> Answer:
        answer = self.refusal(429, None, "Too Many Requests")
        if seconds is not None:
            reset = str(int(time.time() + seconds) + 1).encode()
            answer.headers += [
                (b"x-rate-limit-limit", str(self._limit).encode()),
                (b"x-rate-limit-remaining", b"0"),
                (b"x-rate-limit-reset", reset),
            ]
        return answer

    def failing(self, status: int | None) -> Answer:
        status = status or 503
        return self.refusal(status, None, TITLES.get(status, "Error"))

    def replay(self, record: Record) -> None:
        if record.verb is Verb.RIGHT:
            self._revoked.add(record.facts["revoked"])
            return
        if record.verb is Verb.DELETE:
            if (removed := self.tweets.get(record.reference)) is not None:
                self.removed.append((removed, record.published))
            self._forget(record.reference)
            return
        facts = record.facts
        for older in facts["history"][:-1]:
            self._forget(older)
        self._said[record.account, record.text or ""] = record.reference
        self.tweets[record.reference] = Tweet(
            record.reference, facts["author"], record.text or "", record.published - facts.get("age", 0.0),
            tuple(facts["history"]), facts["reply_to"],
        )  # fmt: skip

    def take_foreign(self, post: ForeignPost, asked: Asked) -> str:
        """A post made in X's own window, or by another tool."""
        if post.due_in_seconds is not None:
            raise ValueError("What is scheduled at X no interface shows.")
        identity = new_id(time.time() - post.age_seconds, self._records.next_index)
        facts = {"author": post.account, "history": [identity], "reply_to": None, "age": post.age_seconds}
        record = self._records.accept(
            asked, self.name, Verb.CREATE, account=post.account, reference=identity, text=post.text, facts=facts
        )
        self.replay(record)
        return identity

    def _has_just_said(self, account: str, text: str) -> bool:
        said = self.tweets.get(self._said.get((account, text), ""))
        return said is not None and time.time() - said.created < DUPLICATE_SECONDS

    def _forget(self, identity: str) -> None:
        self.tweets.pop(identity, None)
        self._said = {said: where for said, where in self._said.items() if where != identity}

    def clear(self) -> None:
        self.tweets.clear()
        self.removed.clear()
        self._said.clear()
        self._windows.clear()
        self._revoked.clear()


def _digest(token: str) -> str:
    return blake2b(token.encode(), digest_size=6).hexdigest()


def _not_found(what: str, identity: str) -> Answer:
    problem = {
        "value": identity, "detail": f"Could not find {what} with id: [{identity}].", "title": "Not Found Error",
        "resource_type": what, "parameter": "id", "resource_id": identity,
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }  # fmt: skip
    return say(200, {"errors": [problem]})


def _token(asked: Asked) -> str:
    if asked.bearer and "oauth_" not in asked.bearer:
        return asked.bearer
    found = OAUTH_TOKEN.search(asked.authorization)
    return found.group(1) if found else ""


def _moment(text: str | None, default: float) -> float:
    return datetime.fromisoformat(text).timestamp() if text else default
