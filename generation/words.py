"""Words that matter whatever a text is about: negations, modals, numbers, units, currencies, months.

English and German in full; French, Spanish and Vietnamese as far as the judged sets show them. A language that is not
here loses a check, never a character.
"""

from __future__ import annotations


def _listed(words: str) -> list[str]:
    return words.split()


def words_of(words: str) -> frozenset[str]:
    """The words of a line, as a set."""
    return frozenset(words.split())


NEGATIONS = words_of(
    "not no never neither nor without none nothing nobody cannot except unless excluding nicht kein keine keinen "
    "keinem keiner keines nie niemals weder ohne außer ne pas jamais sans aucun aucune ni nunca sin ningún "
    "ninguna ninguno non không chưa"
)
# Those that turn what stands right beside them.
DENYING = words_of("not no never neither nicht kein keine keinen keinem keiner keines nie niemals không chưa")
MODALS = words_of(
    "shall may must will should can could would might ought muss müssen darf dürfen kann können soll sollen "
    "sollte sollten könnte könnten müsste müssten dürfte dürften doit doivent peut peuvent debe deben puede "
    "pueden phải"
)
COMPARATIVES = words_of(
    "least most more less fewer greater larger higher lower smaller better worse above below over under exceed "
    "exceeds exceeding exceeded minimum maximum only before after prior later earlier until within up down "
    "increase increased increases decrease decreased decreases rose fell gain loss mindestens höchstens mehr "
    "weniger über unter vor nach bis nur erhöht gesenkt maximal minimal moins plus avant après minimum maximum "
    "menos más antes después"
)
# Too common at the head of a sentence to be taken for a name there.
SMALL = words_of(
    "the a an this that these those each any all every such if in on at by for from of to as it its we our they "
    "their there where when upon and or but with under per pursuant subject however notwithstanding is are was "
    "were be has have had der die das den dem des ein eine einer eines einem einen und oder wenn im in am an auf "
    "bei für mit von zur zum ist sind war wird werden hat haben als auch sich es er sie wir le la les l un une et "
    "ou de du des d en si il elle est sont el los las y o que"
)

# Words that join, choose, direct and quantify: "and" for "or", "to" for "from", "any" for "all" turn a clause.
CONNECTIVES = words_of(
    "and or if any all every each both some und oder wenn falls alle jede jeder jedes et ou si y o và hoặc hay nếu"
)
LINKS = CONNECTIVES | words_of(
    "to from by for with against between through upon of on in at under von zu zum zur durch für gegen mit an auf bei "
    "de du à par para por từ bởi cho"
)
# Words that say nothing about what a sentence is about: a claim is not held up by sharing them with its evidence.
COMMON = SMALL | words_of(
    "i you he she them his her him my your me us who which what while so than then not no do does did can could will "
    "would may might must should shall about into over out also more most some other such here how why had having "
    "being been s t"
)

# Words by which a writer concludes, advises or sums up instead of saying what a text says.
HEDGES = words_of(
    "important note noted noting therefore thus hence likely unlikely overall however additionally suggest suggests "
    "suggesting infer inferred implies imply possibly probably perhaps generally typically usually often vary varies "
    "may might could ensure recommended recommend advisable essential crucial potentially various variety"
)

# What limits a sentence without denying it.
CONDITIONS = words_of(
    "if provided subject solely conditional only sofern soweit wenn falls vorbehaltlich nur si sauf sous nếu"
)
# Words by which a claim may retell a number in accounting parentheses without its sign.
FALLING = words_of(
    "loss losses deficit negative decrease decreased decreases decline declined fell lower reduced down outflow "
    "used verlust rückgang gesunken perte baisse"
)

_FROM_TWO = {
    word: value
    for value, names in enumerate(
        _listed(
            "two|zwei three|drei four|vier five|fünf six|sechs seven|sieben eight|acht nine|neun ten|zehn eleven|elf "
            "twelve|zwölf thirteen|dreizehn fourteen|vierzehn fifteen|fünfzehn sixteen|sechzehn seventeen|siebzehn "
            "eighteen|achtzehn nineteen|neunzehn"
        ),
        start=2,
    )
    for word in names.split("|")
}
_TENS = {
    word: 10 * value
    for value, names in enumerate(
        _listed(
            "twenty|zwanzig thirty|dreißig forty|vierzig fifty|fünfzig sixty|sechzig seventy|siebzig eighty|achtzig "
            "ninety|neunzig"
        ),
        start=2,
    )
    for word in names.split("|")
}
NUMBER_WORDS = {**_FROM_TWO, **_TENS, "hundred": 100, "hundert": 100, "thousand": 1000, "tausend": 1000}
# Articles and pronouns more often than amounts: a number only before a unit or scale ("one year", "ein Jahr").
ONE = words_of("one ein eine einen einem einer eines un une uno una một")

UNITS = {
    "day": "day", "days": "day", "tag": "day", "tage": "day", "tagen": "day",
    "week": "week", "weeks": "week", "woche": "week", "wochen": "week",
    "month": "month", "months": "month", "monat": "month", "monate": "month", "monaten": "month",
    "quarter": "quarter", "quarters": "quarter", "quartal": "quarter", "quartale": "quarter",
    "year": "year", "years": "year", "jahr": "year", "jahre": "year", "jahren": "year",
    "hour": "hour", "hours": "hour", "stunde": "hour", "stunden": "hour", "minute": "minute", "minutes": "minute",
    "share": "share", "shares": "share", "basis points": "bp", "bps": "bp", "times": "times", "x": "times",
    "percent": "%", "per cent": "%", "prozent": "%", "%": "%", "percentage points": "pp", "prozentpunkte": "pp",
}  # fmt: skip
DOLLARS = frozenset({"$", "USD", "CAD", "AUD", "HKD", "SGD"})

MONTHS = {
    name: number
    for number, names in enumerate(
        _listed(
            "january|jan|januar|jänner|janvier|enero february|feb|februar|février|febrero march|mar|märz|mars|marzo "
            "april|apr|avril|abril may|mai|mayo june|jun|juni|juin|junio july|jul|juli|juillet|julio "
            "august|aug|août|agosto september|sep|sept|septembre|septiembre october|oct|oktober|okt|octobre|octubre "
            "november|nov|novembre|noviembre december|dec|dezember|dez|décembre|diciembre"
        ),
        start=1,
    )
    for name in names.split("|")
}

# How questions are put. They say nothing about the place that answers.
ASKING = words_of(
    "what which who whom whose when where why how does do did can could should would will please tell me about "
    "there any been being many much often according given regarding describe explain "
    "provide identify between were "
    "was welche welcher welches welchem welchen wer wem wen wessen wann wo warum wie wieviel viele kann können nach "
    "laut gemäß bitte nenne nennen "
    "quel quelle quels quelles qui que quoi quand où pourquoi comment combien est-ce "
    "qué cuál cuáles quién cuándo dónde cómo cuánto cuántos por "
    "gì nào ai khi đâu bao nhiêu theo là của và các được có cho trong"
)
# The commonest function words of the languages that PyStemmer stems and the product meets.
LANGUAGES = {
    "english": words_of("the of and to is are in what which who how does for be by"),
    "german": words_of("der die das und ist des dem den wird nicht mit von für wie wer eine"),
    "french": words_of("le les des est une du que dans pour qui quel quelle aux"),
    "spanish": words_of("el los las del que una por para con cuál qué es y"),
    "italian": words_of("il gli della dei che di una per con è quale nel"),
    "dutch": words_of("het een van de en is niet met voor wie wat zijn"),
    "portuguese": words_of("o os as do da que uma para com não é qual"),
}
