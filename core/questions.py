"""What a question asks, apart from the words that only say where to look."""

from __future__ import annotations

import re

# "In the Supply Agreement between A and B, ", "Gemäß dem Mietvertrag, ", "[acme] ": where to look. It names a
# document: "In a merger of funds, …" and "If the supplier is late, …" are part of what is asked, and stay.
_FROM = (
    "in|under|within|from|per|by|for|according to|pursuant to|based on|with (?:regard|respect) to|regarding|looking at"
    "|im|laut|gemäß|nach|aus"
)
_DOCUMENT = (
    "agreement|contract|lease|licen[cs]e|deed|amendment|addendum|indenture|charter|by-?laws|memorandum|policy|letter|terms"
    "|prospectus|filing|report|10-?[kq]|8-?k|20-?f|judge?ment|decision|order"
    "|\\w*vertrag(?:e?s)?|\\w*vereinbarung|satzung|\\w*bericht|urteil|beschluss|bescheid|\\w*ordnung|\\w*richtlinie"
)
_ASKED = (
    "what|which|who|whom|whose|when|where|why|how|is|are|was|were|does|do|did|can|could|may|must|shall|should|will|would"
    "|has|have|had|list|name|state|describe|welche[rsnm]?|wer|wem|wen|wann|wo|wie|warum|ist|sind|hat|haben|kann|darf|muss"
)
_NAMES_A_DOCUMENT = re.compile(rf"\[[^\[\]]{{2,80}}\]|(?:{_FROM})\b.*\b(?:{_DOCUMENT})\b", re.IGNORECASE | re.DOTALL)
_LEAD = re.compile(rf"(?:\[[^\[\]]*\]|[^?]{{8,400}},)\s+(?=(?:{_ASKED})\b)", re.IGNORECASE)


def asked_of(question: str) -> str | None:
    """What is asked, without the words that only say where to look; None when the question does not begin with such.

    "In the Supply Agreement between A and B, who bears the risk of loss?" → "who bears the risk of loss?" The names of
    the parties are on the first page, and every chunk that names them would come before the clause.
    """
    question = question.strip()
    lead = _LEAD.match(question)
    return question[lead.end() :] if lead and _NAMES_A_DOCUMENT.match(lead.group()) else None
