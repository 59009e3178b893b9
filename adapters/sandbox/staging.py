"""Staging: the part of ``/sandbox`` that arranges what happens at a platform past our service.

``PUT scenes/<provider>`` sets a clock, accounts that are gone, a lever that lies (:class:`~adapters.sandbox.scene.Scene`);
``PUT posts/<id>`` makes a post behind our back (:class:`~adapters.sandbox.foreign.ForeignPost`), once, however often it is put;
``PUT rights/<provider>/<account>`` says who else can publish there. ``GET`` shows scenes and rights.
"""

from collections.abc import Mapping

import orjson
from pydantic import ValidationError

from adapters.sandbox.exchange import Answer, Asked, say
from adapters.sandbox.foreign import ForeignPost, HasRights, TakesForeign
from adapters.sandbox.provider import Provider
from adapters.sandbox.scene import Scene

PARTS = frozenset({"scenes", "posts", "rights"})


class Staging:
    """Everything that was arranged, over all providers."""

    def __init__(self, providers: Mapping[str, Provider], scenes: Mapping[str, Scene]) -> None:
        self._providers = providers
        self._scenes = scenes
        self._references: dict[str, str] = {}

    def answer(self, asked: Asked, part: str, rest: str) -> Answer:  # noqa: PLR0911 - a line an address
        """One request under ``/sandbox/scenes``, ``posts`` or ``rights``."""
        try:
            match asked.method, part:
                case "GET", "scenes" if not rest:
                    return say(200, {name: each.model_dump(mode="json") for name, each in self._scenes.items()})
                case "PUT", "scenes" if rest in self._scenes:
                    self._scenes[rest].set(Scene.model_validate_json(asked.body))
                    return say(200, self._scenes[rest].model_dump(mode="json"))
                case "PUT", "posts" if rest:
                    return self._post(rest, asked)
                case (("GET" | "PUT"), "rights"):
                    return self._rights(asked, *rest.partition("/")[::2])
        except ValidationError as error:
            problems = [{"where": list(each["loc"]), "what": each["msg"]} for each in error.errors()]
            return say(422, {"detail": "This cannot be arranged.", "problems": problems})
        except ValueError as error:
            return say(422, {"detail": f"This cannot be arranged. {error}"})
        return say(404, {"detail": f"The sandbox has no {asked.method} /sandbox/{part}/{rest}."})

    def clear(self) -> None:
        """Everything is as it should be, and nobody has posted behind our back."""
        self._references.clear()
        for scene in self._scenes.values():
            scene.set(Scene())

    def _post(self, key: str, asked: Asked) -> Answer:
        post = ForeignPost.model_validate_json(asked.body)
        if key not in self._references:
            provider = self._providers.get(post.provider)
            if not isinstance(provider, TakesForeign):
                return say(409, {"detail": f"Nobody can post behind our back at {post.provider!r}."})
            self._references[key] = provider.take_foreign(post, asked)
        return say(200, {"id": key, "reference": self._references[key]})

    def _rights(self, asked: Asked, name: str, account: str) -> Answer:
        provider = self._providers.get(name)
        if not isinstance(provider, HasRights) or not account:
            return say(409, {"detail": f"Nobody has rights of their own on an account at {name!r}."})
        if asked.method == "PUT":
            provider.set_rights(account, orjson.loads(asked.body), asked)
        return say(200, {"rights": provider.rights(account)})
