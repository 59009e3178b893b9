"""Reading: the sample is read as it is meant, and each mistake in it is told with its line, its key and what was meant."""

from datetime import date, timedelta

import pytest

from crisis.playbooks.faults import PlaybookRefused
from crisis.playbooks.models import Playbook
from crisis.playbooks.reading import read_file
from tests.crisis.playbooks.sample import FILE, KNOWN, changed, faults, line_of, whole


def test_the_sample_is_read_as_it_is_meant() -> None:
    held = whole()
    assert (held.id, held.version, held.review_by) == ("skred", "1.0.0", date(2027, 6, 1))
    assert held.scenario.area.municipality == "0301"
    assert held.exercise.duration == timedelta(hours=2)
    assert (held.targets.first_message, held.targets.activate) == (timedelta(minutes=10), None)
    assert held.title.get("nn") == "Kvikkleireskred ved Moen"
    assert held.title.get("se") == held.title.get("nb")
    assert held.roles[0].checklist[0].get("nn") == "Set krisestab."
    assert (held.injects[1].from_, held.injects[1].due) == ("Biblioteket", timedelta(minutes=1))
    assert (held.injects[2].fault, held.injects[2].for_) == ("rate_limited", timedelta(minutes=8))
    assert held.expectations[2].match is not None
    assert held.expectations[2].match.elements == ("source", "hazard")


def test_a_copy_of_it_is_the_same_playbook() -> None:
    held = whole()
    assert Playbook.model_validate(held.model_dump(mode="json", by_alias=True, exclude_none=True)) == held


ONE_MISTAKE = {
    "unknown key": ("owner: Bered", "ovner: Bered", "ovner", "is no key of a playbook", "owner"),
    "unknown key inside": ("    via: phone", "    vai: phone", "injects[0].vai", "is no key of injects[0]", "via"),
    "no such word": ("via: phone", "via: phonee", "injects[0].via", "cannot stand here", "phone"),
    "no such fault": ("fault: idp_down", "fault: idp_dwon", "injects[3].fault", "cannot stand here", "idp_down"),
    "count": ("    min: 1", "    min: 1_000", "roles[0].min", "is no number", None),
    "yes or no": ("pause_allowed: true", "pause_allowed: no", "exercise.clock.pause_allowed", "neither true nor false", None),
    "time of day": ("duration: PT2H", "duration: 10:30", "exercise.duration", "PT5M for five minutes", None),
    "number": ("municipality: 0301", "municipality: 301", "scenario.area.municipality", "four digits", None),
    "day": ("review_by: 2027-06-01", "review_by: 2027-02-30", "review_by", "no such day", None),
    "no date": ("review_by: 2027-06-01", "review_by: 1. juni", "review_by", "is no date", None),
    "empty": ("owner: Beredskapskoordinator", "owner:", "owner", "is empty", None),
    "list for text": ("version: 1.0.0", "version: [1]", "version", "to be a text", None),
    "text for list": ("category: [Geo]", "category: Geo", "scenario.cap.category", "to be a list", None),
    "text for texts": ("stop_word: {nb: AVBRYT ØVELSEN}", "stop_word: AVBRYT", "exercise.stop_word", "to be a map", None),
    "other schema": ('schema: "playbook/1"', "schema: playbook/2", "schema", "cannot stand here", "playbook/1"),
    "id": ("  - id: leder", "  - id: le der", "roles[0].id", "An id is 1 to 64", None),
    "too slow": ("speed: 1\n", "speed: 0\n", "exercise.clock.speed", "more than 0", None),
    "file's name": ("id: skred\n", "id: ras\n", "id", "called skred", None),
    "hazard": ("hazard: landslide", "hazard: landslid", "scenario.hazard", "no hazard", "landslide"),
    "channel": ("channels: [website, f", "channels: [website, linkedin, f", "channels[1]", "no channel", None),
    "channel twice": ("twitter, sms]", "twitter, sms, sms]", "channels[4]", "already", None),
    "language": ("optional: [nn]", "optional: [nn, sv]", "languages.optional[1]", "no language", None),
    "text not in primary": ("event: {nb: Kvikkleireskred}", "event: {en: Slide}", "scenario.cap.event", "primary", None),
    "text in another": ("{nb: Krisestab settes.}", "{nb: Krisestab, se: x}", "objectives[0].text.se", "no language", None),
    "role": ("    role: redaktor", "    role: redakter", "expectations[2].role", "no role", "redaktor"),
    "to": ("    to: leder", "    to: lederen", "injects[0].to", "no role", "leder"),
    "objective": ("objectives: [M1]", "objectives: [M2]", "injects[0].objectives[0]", "no objective", None),
    "expects": ("expects: [E1, E2, E3]", "expects: [E1, E2, E3, E9]", "injects[0].expects[3]", "no expectation", None),
    "after": ("    after: E1\n    via", "    after: E10\n    via", "injects[1].after", "no inject or expectation", "E1"),
    "unless": ("    unless: E3", "    unless: I1", "injects[3].unless", "no expectation", None),
    "never asked": ("expects: [E4]", "expects: []", "expectations[3]", "never asked for", None),
    "action": ("action: activate", "action: aktivate", "expectations[0].action", "no action", "activate"),
    "match of what": ("action: publish", "action: note", "expectations[2].match", "Only “publish”", None),
    "match's channel": ("channels: [website, sms]", "channels: [wordpress]", "expectations[2].match.channels[0]", "no channel", None),
    "played template": ("template: alert,", "template: alarm,", "expectations[2].play.template", "no template", "alert"),
    "played blank": ("{område: Elv", "{omr: Elv", "expectations[2].play.blanks.omr", "no blank", "område"),
    "id twice": ("  - id: redaktor", "  - id: leder\n    plays: editor\n    title: {nb: x}\n  - id: redaktor", "roles[1].id", "another of the roles", None),
    "same id": ("id: E4, role", "id: I4, role", "expectations[3].id", "inject's id as well", None),
    "nobody's unit": ("    plays: editor", "    plays: editor\n    unit: x", "roles[1].unit", "Only who plays", None),
    "unit's editor": ("    plays: unit\n    unit: biblioteket\n", "    plays: unit\n", "roles[2]", "“unit” is missing", None),
    "side": ("    plays: control\n    side: control", "    plays: control", "roles[3].side", "side “control”", None),
    "post": ("    post: {nb: Vi holder åpent.}\n", "", "injects[1]", "“post” is missing", None),
    "fault of nothing": ("    unless: E3\n    via: system_fault", "    unless: E3\n    via: phone", "injects[3].fault", "means nothing", None),
    "other fault": ("fault: rate_limited", "fault: idp_down", "injects[2].fault", "no channel_fault", "down"),
    "too late": ("at: PT20M", "at: PT3H", "injects[3].at", "after the end", None),
    "circle": ("at: PT0M", "at: PT0M\n    after: E1", "injects[0].after", "I1 → E1 → I1", None),
    "blank": ("headline: Faren er over ved {område}", "headline: Faren ved {omraade}", "templates[1].contents.nb", "no blank “omraade”", "område"),
    "unused blank": ("blanks:\n", "blanks:\n  tid:\n    label: {nb: a, en: b}\n    example: {nb: a, en: b}\n", "blanks.tid", "No template", None),
    "example": ("example: {nb: Moen, en: Moen}", "example: {nb: Moen}", "blanks.område.example", "not there in “en”", None),
    "field": ("        contact: Sentralbordet, 74", "        kontakt: Sentralbordet, 74", "templates[1].contents.nb.kontakt", "not a field", "contact"),
    "advice": ("what_to_do: [Flytt hjem.]", "what_to_do: Flytt hjem.", "templates[1].contents.nb.what_to_do", "not a list", None),
    "unwritten": ("what_happened: Politiet har opphevet", "what_happened: Kl. __ har politiet opphevet", "templates[1].contents.nb.what_happened", "placeholder", None),
}  # fmt: skip


@pytest.mark.parametrize("mistake", ONE_MISTAKE)
def test_a_mistake_is_told_where_it_stands(mistake: str) -> None:
    before, after, key, said, nearest = ONE_MISTAKE[mistake]
    found = [each for each in faults(changed((before, after))) if each.key == key]
    assert found, [str(each) for each in faults(changed((before, after)))]
    assert said in found[0].said
    assert found[0].nearest == nearest
    assert str(found[0]).startswith(f"skred.yaml:{found[0].line}: {key}: ")


def test_the_line_is_that_of_the_key() -> None:
    text = changed(("    role: redaktor", "    role: redakter"))
    assert [each.line for each in faults(text)] == [line_of(text, "redakter")]


def test_a_key_that_is_missing_is_told_where_it_should_be() -> None:
    text = changed(("    via: phone\n", ""))
    (fault,) = faults(text)
    assert (fault.key, fault.line) == ("injects[0].via", line_of(text, "- id: I1"))


def test_every_mistake_of_structure_is_told_at_once() -> None:
    text = changed(("owner:", "ovner:"), ("via: phone", "via: phon"), ("min: 1", "min: one"), ("at: PT5M", "at: 5"))
    assert [each.key for each in faults(text)] == ["ovner", "roles[0].min", "injects[0].via", "injects[1].at"]


def test_every_name_that_is_not_there_is_told_at_once() -> None:
    text = changed(
        ("hazard: landslide", "hazard: slide"),
        ("channels: [website", "channels: [web"),
        ("headline: Faren er over ved {område}", "headline: Faren er over ved {sted}"),
        ("short: Landslide at {område}. Leave now.", "short: Landslide at {område}. " + "Leave now, all of you. " * 6),
        ("    to: leder", "    to: sjef"),
        ("after: E1, within: PT1M", "after: E2, within: PT1M"),
    )
    assert [each.key for each in faults(text)] == [
        "scenario.hazard",
        "channels[0]",
        "templates[0].contents.en.short",
        "templates[1].contents.nb",
        "injects[0].to",
        "expectations[1].after",
        "expectations[2].match.channels[0]",
    ]


def test_a_text_message_of_more_than_one_part_with_the_exercises_marker_is_refused() -> None:
    alone = "short: Skred ved {område}. Gå ut av området nå."
    longer = alone + " Ta med varme klær og det du trenger for natten."
    (fault,) = faults(changed((alone, longer)))
    assert fault.key == "templates[0].contents.nb.short"
    assert "SMS" in fault.said
    assert "2 parts of 1" in fault.said
    (costly,) = faults(changed((alone, alone.replace("Gå ut av området nå", "Gå ut av området nå ↓"))))
    assert "'↓'" in costly.said, "what costs is named"


def test_what_a_file_says_is_read_from_the_file() -> None:
    held, data = read_file(FILE, KNOWN)
    assert held == whole()
    assert data == FILE.read_bytes()


def test_a_refusal_is_an_error_that_lists_everything() -> None:
    with pytest.raises(PlaybookRefused, match="cannot be used as it stands") as problem:
        read_file(FILE.with_name("none.yaml"), KNOWN)
    assert problem.value.problems == tuple(map(str, problem.value.faults))
