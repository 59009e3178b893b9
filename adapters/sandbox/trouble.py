"""What one fault does to one answer."""

from itertools import repeat

import orjson

from adapters.sandbox.exchange import HTML, Answer, say
from adapters.sandbox.faults import Fault
from adapters.sandbox.provider import Provider
from adapters.sandbox.wire import Wire

PROBLEM = (b"content-type", b"application/problem+json")
SCRIPTED = "Refused by the sandbox's script"
HUGE = 50_000_000
CHUNK = 64_000
GATEWAY = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n"


async def enact(fault: Fault, provider: Provider, answer: Answer, wire: Wire) -> int:
    """Do it. ``answer`` is what would have been said. Returns the status that went out, 0 when none did."""
    name = fault.kind.removesuffix("_before").removesuffix("_after")
    match name:
        case "timeout":
            await wire.gone(60.0 if fault.seconds is None else fault.seconds)
            await wire.drop()
            return 0
        case "drop":
            await wire.drop()
            return 0
        case "drip":
            pieces = (answer.body[at : at + 1] for at in range(len(answer.body)))
            await wire.trickle(answer, pieces, len(answer.body), 1.0 if fault.seconds is None else fault.seconds)
            return answer.status
        case "huge":
            await wire.trickle(answer, repeat(b" " * CHUNK, HUGE // CHUNK), HUGE // CHUNK * CHUNK, 0)
            return answer.status
    answer = _instead(name, fault, provider, answer)
    await wire.reply(answer)
    return answer.status


def _instead(name: str, fault: Fault, provider: Provider, answer: Answer) -> Answer:  # noqa: PLR0911 - a line a kind
    match name:
        case "429" | "429_no_header":
            return provider.throttled(None if name == "429_no_header" else fault.seconds or 1.0)
        case "error":
            return provider.refusal(fault.status or 400, fault.code, fault.message or SCRIPTED)
        case "problem":
            status, code = fault.status or 400, fault.code or 20001
            problem = {
                "type": f"https://www.twilio.com/docs/errors/{code}",
                "title": "Refused",
                "status": status,
                "code": code,
            }
            return Answer(status, orjson.dumps(problem | {"detail": fault.message or SCRIPTED}), [PROBLEM])
        case "5xx":
            return provider.failing(fault.status)
        case "garbage":
            return Answer(answer.status, b'{"id": "12', list(answer.headers))
        case "wrong_type":
            return say(answer.status, [{"id": None, "sid": 7, "data": "none"}])
        case "html":
            return Answer(502, GATEWAY, [HTML])
        case "bare":
            return Answer(503, b"", [])
        case "json_503":
            return say(503, {"message": "Service temporarily unavailable"})
    raise ValueError(f"the fault {fault.kind!r} has no effect here")
