"""Answers: the questionnaire behind the link, open to whoever has it; and what came in, for those who read the log."""

from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.reports import reports
from api.desk.route import AnyVisit, PageRoute, TheVisit
from api.desk.visit import Visit
from crisis.drills import questionnaire
from crisis.drills.questionnaire import TEXT_MOST, Answered, Asked, LinkOver, TooMany
from crisis.drills.report import people
from crisis.drills.subject import Subject
from crisis.errors import Invalid
from crisis.mode import Mode

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/answer/{token}")
async def ask(visit: AnyVisit, token: str) -> Response:
    """The questions. Nobody is asked for a name."""
    visit.mode = Mode.EXERCISE
    try:
        async with visit.crisis.db.transaction() as session:
            asked = await questionnaire.open_by(session, token)
    except LinkOver:
        return await visit.page("answer-over", status=404, thanks=False)
    return await _page(visit, token, asked, {"once": str(uuid4())})


@router.post("/answer/{token}")
async def answer(visit: AnyVisit, token: str) -> Response:
    """Keep what was answered, once for each time that the questions were opened."""
    form, _ = await visit.form(), visit.gettext
    visit.mode = Mode.EXERCISE
    typed = {name: str(value)[: TEXT_MOST + 1] for name, value in form.items() if isinstance(value, str)}
    given = {name.removeprefix("q-"): said for name, said in typed.items() if name.startswith("q-")}
    try:
        once = UUID(typed.get("once", ""))
    except ValueError:
        once = uuid4()
    try:
        await questionnaire.answer(visit.crisis.db, token, Answered(given, once, typed.get("part", "")))
    except LinkOver:
        return await visit.page("answer-over", status=404, thanks=False)
    except TooMany:
        problem = _("Mange svarer akkurat nå. Ingenting er lagret. Vent et minutt, og trykk «Send svarene» igjen.")
    except Invalid:
        problem = _("Svar på minst ett spørsmål, og skriv høyst %(most)s tegn på hvert.", most=TEXT_MOST)
    else:
        return await visit.page("answer-over", thanks=True)
    async with visit.crisis.db.transaction() as session:
        asked = await questionnaire.open_by(session, token)
    return await _page(visit, token, asked, typed | {"once": str(once)}, problem)


@router.get("/drills/{drill_id:int}/answers")
async def show(visit: TheVisit, drill_id: int) -> Response:
    """Question by question, nobody named."""
    found = await reports(visit).read(visit.actor, Subject(drill_id=drill_id))
    visit.mode = found.mode
    document = reports(visit).document(found, visit.language)
    return await visit.page(
        "answers",
        document=document,
        section=document.section(people.ANSWERS),
        path_back=f"{found.subject.path}/impression",
    )


async def _page(visit: Visit, token: str, asked: Asked, typed: dict[str, str], problem: str | None = None) -> Response:
    script = asked.script.spoken(visit.language)
    return await visit.page(
        "answer",
        status=422 if problem else 200,
        token=token,
        title=script.title,
        questions=[
            (str(each.get("id")), script.text(each.get("text")), int(each.get("scale") or 0))
            for each in script.questions
        ],
        parts=[(key, title) for key, title, plays in script.roles if plays],
        typed=typed,
        problem=problem,
        most=TEXT_MOST,
    )
