"""Names of companies as people write them: with and without legal form, article, blanks, dots and capitals."""

from __future__ import annotations

import re
import unicodedata

LEGAL_FORMS = (
    r"Inc(?:orporated)?|Corp(?:oration)?|Co|Compan(?:y|ies)|L\.?L\.?C|L\.?L\.?P|L\.?P|Ltd|Limited|p\.?l\.?c|"
    r"(?:g?GmbH|gmbh)|AG|SE|KGaA|KG|OHG|UG|e\.\s?V|e\.\s?G|S\.?A\.?S|S\.?A|S\.?r\.?l|S\.?R\.?L|S\.?p\.?A|SARL|"
    r"B\.?V|N\.?V|Oyj?|AB|ASA|A/S|ApS|Pte|Pty|Sdn|Bhd|K\.?K|Sp\.?\s?z\s?o\.?\s?o|N\.?A|JSC|CJSC|TNHH|Ltda"
)
"""Words that say what a company is in law, not who it is. From the registers of the countries whose contracts and
filings are read most; one that is missing costs a short form, never a name."""

_FORM_AT_END = re.compile(rf"(?:[\s,&]+(?:and|und|&)?\s*)?(?<![\w])(?:{LEGAL_FORMS})\.?\)?\s*$", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|die|der|das|la|le|el)\s+", re.IGNORECASE)
_TAIL = re.compile(r"(?:\s+(?:and|&)\s+(?:its\s+)?(?:consolidated\s+)?subsidiar\w+|\.com)$", re.IGNORECASE)


def short_form(name: str) -> str:
    """The name without legal forms, article and ".com": "The Northwind Company" is "Northwind". Never empty."""
    short = name.strip(" ,.;:")
    while short:
        cut = _TAIL.sub("", _FORM_AT_END.sub("", short)).strip(" ,.;:&")
        if not cut or cut == short:
            break
        short = cut
    bare = _ARTICLE.sub("", short).strip()
    return bare or short or name


def squashed(name: str) -> str:
    """Letters and digits alone, in one case and without accents: "Coca-Cola" and "COCA COLA" are one."""
    if name.isascii():
        return "".join(filter(str.isalnum, name.lower()))
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for sign in plain if sign.isalnum())


def key_of(name: str) -> str:
    """What two spellings of a company's name have in common."""
    return squashed(short_form(name))


def initials(name: str) -> str:
    """The first letters of the words of a name, small words left out: "Pro Football Hall of Fame" has "pfhf"."""
    words = [word for word in re.split(r"[\W_]+", name) if word and word.lower() not in _SMALL]
    return "".join(word[0] for word in words).casefold()


_SMALL = frozenset(["of", "and", "the", "for", "und", "der", "die", "das", "de", "la", "du"])
