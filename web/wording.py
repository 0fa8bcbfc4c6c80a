"""Sentences that search makes, in the reader's language.

Search speaks English, in a handful of sentences with values in them. Each is known here by its pattern; one that is
not is shown as it is.
"""

import re

from .i18n import Language


def _patterns(language: Language) -> list[tuple[str, str]]:
    """Patterns with named groups, and the message whose `%(name)s` take what the groups caught."""
    _ = language.text
    return [
        (
            r"A quotation mark is not closed; the words after it are searched as words\.",
            _("A quotation mark is not closed; the words after it are searched as words."),
        ),
        (
            r"There is no field “(?P<field>[^”]*)”; it is searched as a word\.",
            _("There is no field “%(field)s”; it is searched as a word."),
        ),
        (
            r"“(?P<part>.*)” has no word in it\.",
            _("“%(part)s” has no word in it."),
        ),
        (
            r"“(?P<part>.*)” needs a number such as (?P<example>\S+?)\.",
            _("“%(part)s” needs a number such as %(example)s."),
        ),
        (
            r"“(?P<part>.*)” is no range of at most (?P<most>\d+)\.",
            _("“%(part)s” is no range of at most %(most)s."),
        ),
        (
            r"“(?P<part>.*)” needs a date such as (?P<one>\S+), (?P<two>\S+) or (?P<three>\S+?)\.",
            _("“%(part)s” needs a date such as %(one)s, %(two)s or %(three)s."),
        ),
        (
            r"The archive has nothing under “(?P<link>[^”]*)”; searched for the words of the address: (?P<words>.+)\.",
            _("The archive has nothing under “%(link)s”; searched for the words of the address: %(words)s."),
        ),
        (
            r"The archive has nothing under “(?P<link>[^”]*)”\.",
            _("The archive has nothing under “%(link)s”."),
        ),
        (
            r"No item's own link leads to (?P<site>\S+); link:\S+ also finds further links\.",
            _("No item's own link leads to %(site)s; link:%(site)s also finds further links."),
        ),
        (
            r"The language model is not available here, so only words are compared\.",
            _("The language model is not available here, so only words are compared."),
        ),
        (r"By the same authors?: (?P<names>.+)", _("By the same authors: %(names)s")),
        (r"Code by the same owner: (?P<name>.+)", _("Code by the same owner: %(name)s")),
        (r"It also links to (?P<link>.+)", _("It also links to %(link)s")),
        (r"Both link to (?P<link>.+)", _("Both link to %(link)s")),
        (r"Both speak of (?P<names>.+)", _("Both speak of %(names)s")),
    ]


def say(sentence: str, language: Language) -> str:
    """The sentence in the language, or as it is."""
    if language.code == "en":
        return sentence
    for pattern, message in _patterns(language):
        if match := re.fullmatch(pattern, sentence, re.DOTALL):
            return message % match.groupdict()
    return sentence
