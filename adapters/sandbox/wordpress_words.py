"""How WordPress's REST API says no, later, and that it fails."""

from adapters.sandbox.exchange import Answer, say
from adapters.sandbox.wordpress_users import User


class WordPressWords:
    """Its errors."""

    def may_not(self, me: User | None, act: str) -> Answer:
        message = f"Sorry, you are not allowed to {act} posts as this user."
        return self.refusal(401 if me is None else 403, f"rest_cannot_{act}", message)

    def refusal(self, status: int, code: int | str | None, message: str) -> Answer:
        return say(status, {"code": str(code or "error"), "message": message, "data": {"status": status}})

    def throttled(self, seconds: float | None) -> Answer:
        answer = self.refusal(429, "too_many_requests", "Too Many Requests")
        if seconds is not None:
            answer.headers.append((b"retry-after", str(max(1, round(seconds))).encode()))
        return answer

    def failing(self, status: int | None) -> Answer:
        return self.refusal(status or 500, "internal_server_error", "There has been a critical error on this website.")
