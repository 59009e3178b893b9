"""``/{page}/assigned_users`` and ``/{page}/roles``: Graph's edges about who can publish on a page."""

from typing import Any

from adapters.sandbox.exchange import Answer, Asked, Verb, say
from adapters.sandbox.page_people import SERVICE, TASKS, PagePeople, PagePerson, tasks_in
from adapters.sandbox.records import Record, Records
from adapters.sandbox.scene import Scene

EDGES = frozenset({"assigned_users", "roles"})
IN_PAGE = 25


class PageAccess:
    """Answers for every page. What is refused is returned as Graph's code and words."""

    def __init__(self, records: Records, scene: Scene, provider: str) -> None:
        self._records, self._scene, self._provider = records, scene, provider
        self.people = PagePeople()

    def answer(self, asked: Asked, page: str, edge: str, *, is_page_token: bool) -> Answer | tuple[int, str]:
        """One request."""
        if asked.method != "GET":
            return self._changed(asked, page, edge)
        if edge == "assigned_users" and not asked.query.get("business"):
            return 100, "(#100) The parameter business is required"
        if edge == "roles" and not is_page_token:
            return 210, "(#210) A page access token is required to request this resource."
        return self._listed(asked, page, edge)

    def _changed(self, asked: Asked, page: str, edge: str) -> Answer | tuple[int, str]:
        if edge == "roles":
            return 100, "Unsupported method: the edge roles can only be read"
        given = {**asked.query, **asked.fields}
        person, tasks = str(given.get("user") or ""), tasks_in(given.get("tasks"))
        if not person:
            return 100, "(#100) The parameter user is required"
        if asked.method == "POST" and tasks is None:
            return 100, "(#100) The parameter tasks is required, and holds tasks that exist"
        known = {each.id for each in self.people.of(page, "assigned")}
        if asked.method == "DELETE" and person != SERVICE and person not in known:
            return 100, "(#100) The user is not assigned to this page"
        if not self._scene.is_lying:
            facts = {"tasks": tasks if asked.method == "POST" else None}
            self.replay(
                self._records.accept(asked, self._provider, Verb.RIGHT, account=page, reference=person, facts=facts)
            )
        return say(200, {"success": True})

    def put(self, page: str, people: Any, asked: Asked) -> None:
        """Let exactly these have access. Raises :class:`ValueError`."""
        self.people.put(page, people)
        facts = {"people": people}
        self._records.accept(asked, self._provider, Verb.RIGHT, account=page, reference="", facts=facts)

    def replay(self, record: Record) -> None:
        """Take over what was accepted."""
        facts = record.facts
        if "people" in facts:
            self.people.put(record.account, facts["people"])
        elif facts["tasks"] is not None:
            self.people.assign(record.account, record.reference, facts["tasks"])
        elif record.reference != SERVICE:
            self.people.remove(record.account, record.reference)

    def _listed(self, asked: Asked, page: str, edge: str) -> Answer:
        service = PagePerson(id=SERVICE, name="Krisetjenesten", tasks=sorted(TASKS)[:1])
        people = [service, *self.people.of(page, "assigned" if edge == "assigned_users" else None)]
        limit = asked.query.get("limit", "")
        start, size = int(asked.query.get("after", "0")), int(limit) if limit.isdigit() else IN_PAGE
        shown = [{"id": each.id, "name": each.name, "tasks": each.tasks} for each in people[start : start + size]]
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(start + size)}}
        if start + size < len(people):
            paging["next"] = f"{asked.origin}/graph/{page}/{edge}?after={start + size}"
        return say(200, {"data": shown, "paging": paging})
