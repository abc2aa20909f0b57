"""Terms: what two wordings of the same thing have in common, language by language.

    text ─▶ words ─▶ numbers, codes and names of sections   the same in every language
                └──▶ stems                                  of one language, without its articles and pronouns

Made for law and finance: "10-K" and "10K" are one term, "1,500,000", "1.500.000" and "1'500'000" are one term, "FY22"
also finds 2022, "§ 433 Abs. 1" and "section 433(1)" are one reference, and no negation or modal verb is dropped.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

_STEMMERS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "pt": "portuguese",
    "nl": "dutch",
    "da": "danish",
    "sv": "swedish",
    "no": "norwegian",
}
"""ISO 639-1 code → the name of its Snowball stemmer."""

LANGUAGES = tuple(_STEMMERS)
"""The languages whose words are stemmed. Words of another stay as they are written."""

_SYLLABIC = frozenset({"vi"})
"""Written with a blank between syllables: a word is often two of them, so pairs of neighbours are terms as well."""

# Articles, pronouns, auxiliaries, prepositions and question words: they stand in every chunk and decide nothing. Words
# that change what a clause means (not, no, shall, may, must, without, unless, only, any, all, and the like in every
# language) are never among them. As these lists are also what makes chunks of different languages equally long, each
# holds the commonest of its language and no more.
_STOPPED = {
    "en": "a an and are as at be been being by can did do does for from had has have having he her him his how i if in "
    "into is it its me my of on or our she so such than that the their them then there these they this those to was "
    "we were what when where which who whom whose why will with would you your",
    "de": "aber als also am an auch auf aus bei beim da daher damit dann das dass daß dazu dem den denn der des die "
    "dies diese diesem diesen dieser dieses dort du durch ein eine einem einen einer eines er es etwa euch für gegen "
    "habe haben hat hatte hatten hier ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im in ins ist ja jedoch mich "
    "mir mit nach noch ob oder sein seine seinem seinen seiner seines sich sie sind so sowie über um und uns unter vom "
    "von vor war waren warum was welche welchem welchen welcher welches wem wen wer werde werden wessen wie wieso wir "
    "wird wo wodurch worden wurde wurden zu zum zur zwischen",
    "fr": "a ai au aux avec c ce ces cet cette comme comment d dans de des du elle elles en est et eu eux furent fut "
    "il ils j je l la laquelle le lequel les lesquelles lesquels leur leurs lui m ma mais me mes mon n nos notre nous "
    "on ont ou où par pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa se ses son sont sur t ta te "
    "tes ton tu un une vos votre vous y à été être",
    "es": "a al como con cual cuál cuales cuáles cuando cuándo cuyo cuya de del desde donde dónde e el él ella ellas "
    "ellos en entre era eran es esa esas ese eso esos esta está estas este esto estos están fue fueron ha han hay la "
    "las le les lo los me mi mis muy o para pero por porque que qué quien quién quienes se ser si sobre son su sus te "
    "tu un una unas uno unos y ya yo",
    "it": "a ad agli ai al alla alle allo anche c che chi ci come con cui d da dagli dai dal dalla dalle dallo degli "
    "dei del dell della delle dello di dove e ed egli era erano essere fra gli ha hanno i il in io l la le lei li lo "
    "loro lui ma mi nei nel nell nella nelle nello noi o per perché quale quali quando quanto quella quelle quelli "
    "quello questa queste questi questo se si sono stata state stati stato su sua sue sugli sui sul sulla sulle suo "
    "suoi tra tu un una uno vi voi è",
    "pt": "a ao aos aquela aquelas aquele aqueles aquilo as com como cujo cuja da das de dela dele deles do dos e ela "
    "elas ele eles em entre era eram essa essas esse esses esta estas este estes está estão eu foi foram há isso isto "
    "lhe lhes mas me meu minha na nas no nos nós o onde os ou para pela pelas pelo pelos por porque qual quais quando "
    "que quem se ser seu seus sua suas são também te tem têm um uma umas uns você à às é",
    "nl": "aan als bij dan dat de deze die dit door een en er had hadden heb hebben heeft het hij hoe hun ik in is je "
    "maar me met mij mijn naar nog of om onder ons onze ook op over te tegen ten ter tot u uit uw van voor waar waarom "
    "wanneer was wat we welk welke werd werden wie wij worden wordt zich zij zijn zo zou",
    "da": "af at blev blive bliver da de dem den denne der deres det dette dig din disse dog du efter eller en er et "
    "for fra få ham han hans har havde hende hendes her hos hun hvad hvem hvilke hvilken hvilket hvis hvor hvordan "
    "hvorfor hvornår i jeg jer med men mig min mit mod ned når og også om op os over på sig sin sit som så til ud "
    "under var ved vi være været",
    "sv": "att av blev bli blir blivit de dem den denna deras dess dessa det detta dig din du då efter ej eller en er "
    "ett från för ha hade han hans har henne hennes hon honom hur hos här i jag med mellan men mig min mot ni nu när "
    "och också om oss på sig sin sina sitt som så till upp ut vad var varför vars vem vi vid vilka vilken vilket vår "
    "är över",
    "no": "at av ble bli blir blitt da de dem den denne deres det dette dere deg din disse du eller en er et etter for "
    "fra få ha hadde han hans har henne hennes her hos hun hva hvem hvilke hvilken hvilket hvor hvordan hvorfor i jeg "
    "med meg mellom men min mot når og også om opp oss over på seg sin sitt som så til under ut var ved vi vår være "
    "vært å",
}
_STOP_WORDS = {language: frozenset(words.split()) for language, words in _STOPPED.items()}
_NONE: frozenset[str] = frozenset()

_ELIDING = frozenset({"fr", "it"})
"""l'article, dell'articolo: two words written as one."""

_POINTED = frozenset({"en", ""})
"""Where 4.200 is a decimal or a section; elsewhere it is four thousand two hundred, and 3,5 a decimal."""

# A run of letters and digits, joined inside by one of - . , ' & (10-K, 4.2, 1,500,000, U.S., R&D, supplier's).
_WORD = re.compile(r"[^\W_]+(?:[-.,'&][^\W_]+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:'\d{3})+(?:\.\d+)?")
_CONTINENTAL = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_NO_COMMAS = {ord(","): None, ord("'"): None}
_DECIMAL_ZEROS = re.compile(r"\.0+$")
_NUMBER = re.compile(r"\d+(?:\.\d+)+")
_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.((?:19|20)\d\d)")
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")
_FISCAL_YEAR = re.compile(r"fy-?'?(\d{4}|\d{2})")
_GLUE = re.compile(r",|\.(?!\d)|(?<!\d)\.")
_ABBREVIATION = re.compile(r"[^\W\d_]{1,2}(?:\.[^\W\d_]{1,2})+")
# Scripts that write no blanks between words: Thai, the Japanese syllabaries, Chinese characters.
UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")

_PLACES = {
    "section": "section sections sec secs clause clauses paragraph paragraphs para ziffer ziff klausel",
    "article": "article articles art artikel artículo artículos articolo artigo điều",
    "rule": "rule rules regel",
    "item": "item",
    "note": "note",
    "chapter": "chapter kapitel chapitre capítulo capitolo chương",
    "annex": "annex appendix schedule exhibit anlage anhang annexe allegato anexo bijlage",
}
_PLACE = {name: place for place, names in _PLACES.items() for name in names.split()}
"""How documents name their parts → the part that is meant, so that a question may name it otherwise."""

# "section 4.2(b)", "§ 433 abs. 1", "art. 17(1)", "item 7a": a kind of part, its number, and the number within it.
_REFERENCE = re.compile(
    rf"(?<!\w)(?:{'|'.join(sorted(_PLACE, key=len, reverse=True))})\.?\s+(?P<number>\d+[a-z]?(?:\.\d+)*[a-z]?)(?!\w)"
    r"(?:\s?\((?P<bracketed>[a-z]{1,4}|\d{1,2})\)|,?\s+(?:abs|absatz|paragraph|para|lid|khoản)\.?\s+(?P<named>\d{1,2}))?"
)


def terms(text: str, language: str = "en", *, without: str = "") -> list[str]:
    """The terms of `text` in order, repeated as often as they occur. `language` is an ISO 639-1 code or "".

    The stop words of `language` are left out, and those of the language `without`: an English question that is cut as
    German has no "the" in it.
    """
    stopped = _STOP_WORDS.get(language, _NONE) | _STOP_WORDS.get(without, _NONE)
    return [term for match in _WORD.finditer(_plain(text)) for term in _terms_of(match.group(), language, stopped)]


def beside(text: str, language: str = "en") -> list[str]:
    """Terms that stand for more than one word: references to a section, and pairs where syllables make the words.

    They add to what is found, and are no part of how long a text is.
    """
    plain = _plain(text)
    found = list(_references(plain))
    if language in _SYLLABIC:
        found += _pairs(plain)
    return found


@lru_cache(maxsize=4)
def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("\u200e", "")
    return text.replace("§§", " section ").replace("§", " section ")


def _references(plain: str) -> Iterator[str]:
    for match in _REFERENCE.finditer(plain):
        place = _PLACE[re.split(r"[.\s]", match.group(), maxsplit=1)[0]]
        yield f"{place} {match['number']}"
        if inner := match["bracketed"] or match["named"]:
            yield f"{place} {match['number']} {inner}"


def _pairs(plain: str) -> Iterator[str]:
    """Neighbours with only a blank between them."""
    matches = list(_WORD.finditer(plain))
    for first, second in pairwise(matches):
        if plain[first.end() : second.start()].isspace():
            yield f"{first.group()} {second.group()}"


def _terms_of(word: str, language: str, stopped: frozenset[str]) -> Iterator[str]:
    """The terms of one match: usually one; a compound also gives its parts, a fiscal year also the year."""
    if word.isascii() and word.isalpha():  # nine in ten: nothing below but the last line is for them
        yield from _lone(word, language, stopped)
    elif _THOUSANDS.fullmatch(word):
        yield _DECIMAL_ZEROS.sub("", word.translate(_NO_COMMAS))
    elif _CONTINENTAL.fullmatch(word) and (language not in _POINTED or word.count(".") > 1):
        yield _DECIMAL_ZEROS.sub("", word.replace(".", "").replace(",", "."))
    elif date := _DATE.fullmatch(word):
        yield word
        yield date.group(1)
    elif _NUMBER.fullmatch(word):
        yield word
    elif language not in _POINTED and _DECIMAL_COMMA.fullmatch(word):
        yield word.replace(",", ".")
    elif fiscal := _FISCAL_YEAR.fullmatch(word):
        year = fiscal.group(1)
        year = year if len(year) == 4 else f"20{year}"
        yield f"fy{year}"
        yield year
    elif _ABBREVIATION.fullmatch(word):
        yield word.replace(".", "")
    elif parts := _parts(word):
        for part in parts:
            yield from _terms_of(part, language, stopped)
    elif "-" in word:
        joined = word.replace("-", "")
        pieces = word.split("-")
        if any(len(piece) > 2 for piece in pieces):  # "10-K" is one thing, "non-disclosure" is also a disclosure
            for piece in pieces:
                yield from _terms_of(piece, language, stopped)
        yield _stem(joined, language)
    elif UNSPACED.search(word):
        yield from _characters(word)
    else:
        yield from _lone(word, language, stopped)


def _lone(word: str, language: str, stopped: frozenset[str]) -> Iterator[str]:
    if language in _ELIDING and "'" in word:
        for piece in word.split("'"):
            yield from _lone(piece, language, stopped)
        return
    word = word.removesuffix("'s").replace("'", "")
    if word and word not in stopped:
        yield _stem(word, language)


def _characters(word: str) -> Iterator[str]:
    """Pairs of neighbouring characters where no blanks part the words; the rest of the word as it is."""
    at = 0
    for run in UNSPACED.finditer(word):
        if at < run.start():
            yield word[at : run.start()]
        characters = run.group()
        yield from map("".join, pairwise(characters)) if len(characters) > 1 else characters
        at = run.end()
    if at < len(word):
        yield word[at:]


def _parts(word: str) -> list[str]:
    """What a comma or a full stop without a blank behind it has glued together, or nothing."""
    parts = _GLUE.split(word)
    return [part for part in parts if part] if len(parts) > 1 else []


_local = threading.local()
"""A Snowball stemmer must not be used by two threads at once: each thread has its own."""


def _stem(word: str, language: str) -> str:
    if language not in _STEMMERS or not word.isalpha():
        return word
    stemmers: dict[str, Any] | None = getattr(_local, "stemmers", None)
    if stemmers is None:
        stemmers = _local.stemmers = {}
    if language not in stemmers:
        import Stemmer

        stemmers[language] = Stemmer.Stemmer(_STEMMERS[language])
    return str(stemmers[language].stemWord(word))
