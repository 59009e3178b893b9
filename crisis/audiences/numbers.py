"""Phone numbers: from any notation to E.164, and a plain reason for every number that a text message cannot reach.

The numbering plans are those of the ``phonenumbers`` library (Google's libphonenumber). No error holds the number.
"""

import unicodedata

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from crisis.errors import Invalid
from crisis.said import Said

_LONGEST = 40  # characters, spaces and brackets included; E.164 itself has at most 15 digits
_SHORTEST = 7  # digits; below it are emergency, service and short codes
_REACHED = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_NORWAY = 47
_MACHINES = ("58", "59")
"""Norwegian series for machine-to-machine use, 8 and 12 digits: the numbering plan of Nkom."""
_MARKS = frozenset("+().·/ ")
_REASONS = {
    PhoneNumberType.FIXED_LINE: Said("a landline, which text messages do not reach"),
    PhoneNumberType.PREMIUM_RATE: Said("a premium-rate number, not a person's mobile"),
    PhoneNumberType.SHARED_COST: Said("a shared-cost number, not a person's mobile"),
    PhoneNumberType.TOLL_FREE: Said("a freephone number, not a person's mobile"),
    PhoneNumberType.UAN: Said("a company's service number, not a person's mobile"),
    PhoneNumberType.VOIP: Said("an internet telephone, which text messages do not reach"),
    PhoneNumberType.PAGER: Said("a pager"),
    PhoneNumberType.VOICEMAIL: Said("a voicemail box"),
    PhoneNumberType.PERSONAL_NUMBER: Said("a forwarding number, which text messages do not reach"),
}
_FAULTS = {
    NumberParseException.INVALID_COUNTRY_CODE: Said("no country has a number that begins like this"),
    NumberParseException.TOO_LONG: Said("too many digits for a phone number"),
}


class BadNumber(Invalid):
    """This is not a number a text message can reach. The text is the reason, without the number."""


def parse(text: str, region: str) -> str:
    """The E.164 form (``+4790000001``) of a mobile number in any notation and in any script's digits.

    ``region`` (``NO``) is how a number without a country code is read. Raises :class:`BadNumber` for everything that is not
    a person's mobile: landlines, machines, emergency and short numbers, premium-rate and service numbers, words.
    """
    cleaned = "".join(map(_plain, text.removeprefix("tel:"))).strip()
    digits = _digits(cleaned)
    if cleaned.startswith(("+", "00")):
        cleaned = cleaned.replace("(0)", "")  # the trunk zero of "+47 (0)900 00 000", dialled inside the country alone
    try:
        number = phonenumbers.parse(cleaned, region)
    except NumberParseException as error:
        raise BadNumber(_FAULTS.get(error.error_type, Said("not a phone number"))) from None
    national = phonenumbers.national_significant_number(number)
    if number.country_code == _NORWAY and national.startswith(_MACHINES) and len(national) in {8, 12}:
        raise BadNumber(Said("a number for machines (58 and 59 series), not a person's mobile"))
    kind = phonenumbers.number_type(number)
    if kind not in _REACHED:
        short = Said("a short or emergency number, not a person's mobile")
        raise BadNumber(short if digits < _SHORTEST else _REASONS.get(kind, Said("not a number in use in its country")))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def masked(e164: str) -> str:
    """The most that may be shown of a number: ``…12``."""
    return f"…{e164[-2:]}"


def _plain(character: str) -> str:
    """Any dash as a hyphen, any space as a space, the wide plus as a plus, and nothing for marks that cannot be seen."""
    if character == "\N{FULLWIDTH PLUS SIGN}":
        return "+"
    match unicodedata.category(character):
        case "Cf":  # direction marks and the like, common in pasted numbers
            return ""
        case "Pd":
            return "-"
        case "Zs":
            return " "
    return character


def _digits(text: str) -> int:
    """How many digits there are. Raises :class:`BadNumber` unless there are digits, and nothing but digits and marks."""
    digits = 0
    for character in text:
        if character.isdecimal():
            digits += 1
        elif character.isalpha():
            raise BadNumber(Said("letters, where a phone number was expected"))
        elif character not in _MARKS and character != "-":
            raise BadNumber(Said("a character that no phone number has"))
    if not digits:
        raise BadNumber(Said("no number"))
    if len(text) > _LONGEST:
        raise BadNumber(Said("too many digits for a phone number"))
    return digits
