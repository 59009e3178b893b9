"""How Graph refuses, throttles and fails (developers.facebook.com/docs/graph-api/guides/error-handling)."""

from typing import Any

import orjson

from adapters.sandbox.exchange import Answer, say

TYPES = {100: "GraphMethodException"}


class GraphWords:
    """The errors of the stand-in."""

    def missing(self, verb: str, identity: str) -> Answer:
        message = (
            f"Unsupported {verb} request. Object with ID '{identity}' does not exist, cannot be loaded due to missing "
            "permissions, or does not support this operation"
        )
        return self.refusal(400, 100, message, subcode=33)

    def refusal(self, status: int, code: int | str | None, message: str, *, subcode: int | None = None) -> Answer:
        number = int(code) if code is not None else 1
        error: dict[str, Any] = {"message": message, "type": TYPES.get(number, "OAuthException"), "code": number}
        if subcode is not None:
            error["error_subcode"] = subcode
        error |= {"is_transient": number in {1, 2}, "fbtrace_id": "Asandbox"}
        return say(status, {"error": error})

    def throttled(self, seconds: float | None) -> Answer:
        answer = self.refusal(403, 32, "(#32) Page request limit reached")
        if seconds is not None:
            minutes = max(1, round(seconds / 60))
            usage = {
                "type": "pages", "call_count": 100, "total_cputime": 25, "total_time": 25,
                "estimated_time_to_regain_access": minutes,
            }  # fmt: skip
            answer.headers.append((b"x-business-use-case-usage", orjson.dumps({"0": [usage]})))
        return answer

    def failing(self, status: int | None) -> Answer:
        return self.refusal(status or 500, 2, "An unexpected error has occurred. Please retry your request later.")
