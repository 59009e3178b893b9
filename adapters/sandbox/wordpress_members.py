"""``/wp/v2/users`` and what is below it, as WordPress answers."""

from collections.abc import Callable
from typing import Any

from adapters.sandbox.exchange import Answer, Asked, Verb, say
from adapters.sandbox.paging import paged
from adapters.sandbox.records import Record, Records
from adapters.sandbox.scene import Scene
from adapters.sandbox.wordpress_address import name_of
from adapters.sandbox.wordpress_roles import ROLES
from adapters.sandbox.wordpress_users import User, Users

USERS = "/wp/v2/users"
PASSWORDS = "application-passwords"
Refusal = Callable[[int, str, str], Answer]


class Members:
    """Answers about the users of every site."""

    def __init__(self, records: Records, scene: Scene, users: Users, refusal: Refusal) -> None:
        self._records, self._scene, self._users, self._refusal = records, scene, users, refusal

    def answer(self, asked: Asked, site: str, route: str, me: User | None) -> Answer:  # noqa: PLR0911 - a line a route
        """One request."""
        number, _, below = route.removeprefix(USERS).strip("/").partition("/")
        if below not in {"", PASSWORDS}:
            return self._refusal(404, "rest_no_route", "No route was found matching the URL and request method.")
        if not number:
            return self._list(asked, site, me) if asked.method == "GET" else self._create(asked, site, me)
        if number == "me":
            if me is None:
                return self._refusal(401, "rest_not_logged_in", "You are not currently logged in.")
            user: User | None = me
        else:
            user = self._users.one(site, int(number)) if number.isdigit() else None
        if user is None:
            return self._refusal(404, "rest_user_invalid_id", "Invalid user ID.")
        if below:
            return self._passwords(asked, site, user, me)
        match asked.method:
            case "GET":
                return self._read(asked, user, me)
            case "DELETE":
                return self._delete(asked, site, user, me)
        return self._edit(asked, site, user, me)

    def replay(self, record: Record) -> None:
        """Take over what was accepted."""
        site, facts = record.facts["site"], record.facts
        if "people" in facts:
            self._users.put_all(site, facts["people"])
            return
        user = self._users.log_in(site, facts["login"], facts.get("name", ""), facts.get("roles") or ())
        if facts.get("roles"):
            user.roles = list(facts["roles"])
        if facts.get("password"):
            user.passwords.append(facts["password"])
        user.is_deleted = bool(facts.get("deleted"))

    def put(self, site: str, people: Any, asked: Asked) -> None:
        """Let exactly these be there. Raises :class:`ValueError`."""
        self._users.put_all(site, people)
        self._accept(asked, site, "", {"people": people})

    def _list(self, asked: Asked, site: str, me: User | None) -> Answer:
        may_list = me is not None and me.may("list_users")
        edit = asked.query.get("context") == "edit"
        if edit and not may_list:
            return self._denied(me, "rest_forbidden_context", "edit users")
        if ("roles" in asked.query or "capabilities" in asked.query) and not may_list:
            return self._denied(me, "rest_user_cannot_view", "filter users by role")
        roles = {role for role in asked.query.get("roles", "").split(",") if role}
        found = [user for user in self._users.of(site) if not roles or roles & set(user.roles)]
        shown = paged(found, asked.query)
        if shown is None:
            return self._refusal(400, "rest_invalid_param", "Invalid parameter(s): per_page, page")
        return say(
            200, [user.show(edit=edit, fields=asked.query.get("_fields")) for user in shown.items], shown.headers
        )

    def _read(self, asked: Asked, user: User, me: User | None) -> Answer:
        edit = asked.query.get("context") == "edit"
        if edit and me is not user and (me is None or not me.may("list_users")):
            return self._denied(me, "rest_user_cannot_view", "edit this user")
        return say(200, user.show(edit=edit, fields=asked.query.get("_fields")))

    def _create(self, asked: Asked, site: str, me: User | None) -> Answer:
        if me is None or not me.may("create_users"):
            return self._denied(me, "rest_cannot_create_user", "create new users")
        fields = asked.fields
        login, roles = str(fields.get("username", "")), fields.get("roles") or ["subscriber"]
        if not login or not fields.get("email") or not fields.get("password"):
            return self._refusal(400, "rest_missing_callback_param", "Missing parameter(s): username, email, password")
        if any(user.login == login for user in self._users.of(site)):
            return self._refusal(500, "existing_user_login", "Sorry, that username already exists!")
        if not set(roles) <= ROLES.keys():
            return self._refusal(400, "rest_user_invalid_role", "The role does not exist.")
        self._accept(asked, site, login, {"name": str(fields.get("name") or login), "roles": list(roles)})
        return say(201, self._users.log_in(site, login).show(edit=True, fields=asked.query.get("_fields")))

    def _edit(self, asked: Asked, site: str, user: User, me: User | None) -> Answer:
        roles = asked.fields.get("roles")
        if me is None or not me.may("promote_users" if roles else "edit_users"):
            return self._denied(me, "rest_cannot_edit_roles" if roles else "rest_cannot_edit", "edit this user")
        shown = user.show(edit=True, fields=asked.query.get("_fields"))
        if not roles:
            return say(200, shown)
        if not isinstance(roles, list) or not set(roles) <= ROLES.keys():
            return self._refusal(400, "rest_user_invalid_role", "The role does not exist.")
        if user is me and not any("edit_users" in ROLES[role] for role in roles):
            return self._refusal(403, "rest_user_invalid_role", "Sorry, you are not allowed to give users that role.")
        if self._scene.is_lying:
            return say(200, {**shown, "roles": roles})
        self._accept(asked, site, user.login, {"roles": roles})
        return say(200, user.show(edit=True, fields=asked.query.get("_fields")))

    def _delete(self, asked: Asked, site: str, user: User, me: User | None) -> Answer:
        if me is None or not me.may("delete_users"):
            return self._denied(me, "rest_user_cannot_delete", "delete this user")
        given = {**asked.query, **asked.fields}
        if not {"force", "reassign"} <= given.keys():
            return self._refusal(400, "rest_missing_callback_param", "Missing parameter(s): force, reassign")
        if str(given["force"]).lower() not in {"true", "1"}:
            return self._refusal(501, "rest_trash_not_supported", "Users do not support trashing. Set 'force=true'.")
        self._accept(asked, site, user.login, {"deleted": True})
        return say(200, {"deleted": True, "previous": user.show(edit=True)})

    def _passwords(self, asked: Asked, site: str, user: User, me: User | None) -> Answer:
        verb = "list" if asked.method == "GET" else "create"
        if me is None or (me is not user and not me.may("edit_users")):
            return self._denied(me, f"rest_cannot_{verb}_application_passwords", f"{verb} application passwords")
        if asked.method == "GET":
            return say(200, user.passwords)
        if asked.method != "POST" or not asked.fields.get("name"):
            return self._refusal(400, "rest_missing_callback_param", "Missing parameter(s): name")
        made = {"uuid": f"00000000-0000-4000-8000-{self._records.next_index:012d}", "app_id": "",
                "name": str(asked.fields["name"]), "created": "2026-01-01T00:00:00", "last_used": None,
                "last_ip": None}  # fmt: skip
        self._accept(asked, site, user.login, {"password": made})
        return say(201, {**made, "password": "abcd efgh ijkl mnop qrst uvwx"})

    def _accept(self, asked: Asked, site: str, login: str, facts: dict[str, Any]) -> None:
        facts = {**facts, "site": site, "login": login}
        self.replay(
            self._records.accept(asked, "wordpress", Verb.RIGHT, account=name_of(site), reference=login, facts=facts)
        )

    def _denied(self, me: User | None, code: str, what: str) -> Answer:
        return self._refusal(401 if me is None else 403, code, f"Sorry, you are not allowed to {what}.")
