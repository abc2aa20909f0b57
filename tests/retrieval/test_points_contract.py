"""What both stores owe the index, told once and run over Qdrant Edge and over Qdrant's client."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.documents import Chunk, DocumentId
from core.errors import ConfigError, NotFound, UsageError
from core.facts import Fact, FactKind, Origin
from core.privacy import Clearance
from core.readers import EVERYBODY, Reader, readers_named
from retrieval.embed import HashEmbedder
from retrieval.index import CHUNK_TOKENS, CHUNK_WORDS, Index, Store, Within
from retrieval.sparse import question_weights
from tests.retrieval.builders import ANNA, a_document, a_store, an_id, an_index, texts_of

if TYPE_CHECKING:
    from retrieval.embed import Vectors

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")

KINDS = ("edge", "server")


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return a_store(request.param, tmp_path)


@pytest.fixture
def index(store: Store) -> Index:
    return an_index(store)


def test_what_is_put_in_comes_out_as_it_was(index: Index) -> None:
    document, chunks = a_document("Fees are due in May.", "Interest is 8 %.", section="2 Payment › 2.1 Fees")
    index.replace(document, chunks)
    hits = index.search("When are fees due?", reader=ANNA, collection="deal")
    assert {hit.chunk for hit in hits} == set(chunks)
    assert hits[0].chunk == chunks[0]
    assert hits[0].score > hits[1].score


def test_search_sees_meaning_of_numbers_and_sections_in_one_round_trip(index: Index) -> None:
    document, chunks = a_document("The cap is EUR 1,500,000.", "See Section 4.2 for the term.", "Nothing of note here.")
    index.replace(document, chunks)
    assert texts_of(index.search("1500000", reader=ANNA, collection="deal"))[0] == chunks[0].text
    assert texts_of(index.search("§ 4.2", reader=ANNA, collection="deal"))[0] == chunks[1].text


def test_a_question_may_be_limited_to_documents(index: Index) -> None:
    one, ones = a_document("The zebra is striped.", name="one.txt")
    two, twos = a_document("A zebra is an animal.", name="two.txt")
    index.replace(one, ones)
    index.replace(two, twos)
    assert texts_of(index.search("zebra", reader=ANNA, collection="deal", documents=[two.id])) == [twos[0].text]
    assert index.search("zebra", reader=ANNA, collection="deal", documents=[]) == ()
    assert index.search("zebra", reader=ANNA, collection="deal", documents=[an_id("a third")]) == ()
    assert len(index.search("zebra", reader=ANNA, collection="deal", limit=1)) == 1


def test_no_query_can_be_put_that_does_not_say_collection_and_clearance(index: Index, store: Store) -> None:
    cloud = a_document("The zebra is striped.", name="cloud.txt", clearance=Clearance.CLOUD)
    index.replace(*a_document("A zebra is secret.", name="secret.txt"))
    index.replace(*cloud)
    only_cloud = frozenset({Clearance.CLOUD})
    assert texts_of(index.search("zebra", reader=ANNA, collection="deal", clearances=only_cloud)) == [cloud[1][0].text]
    assert index.search("zebra", reader=ANNA, collection="deal", clearances=frozenset()) == ()
    dense, words = HashEmbedder(size=32).embed_questions(["zebra"])[0].tolist(), question_weights("zebra")
    with store.open("deal") as points:
        elsewhere = Within("another deal", frozenset(Clearance), ANNA)
        assert points.query(dense, words, meaning=1.0, within=elsewhere, limit=5) == []
        assert (
            points.ranking(dense, within=elsewhere, limit=5) == points.ranking(words, within=elsewhere, limit=5) == []
        )
        with pytest.raises(TypeError, match="within"):
            points.query(dense, words, meaning=1.0, limit=5)  # type: ignore[call-arg]


def test_no_query_can_be_put_that_does_not_say_who_reads(index: Index, store: Store) -> None:
    mine = a_document("The zebra is striped.", name="mine.txt", readers=readers_named(["anna,group:team"]))
    index.replace(*mine)
    index.replace(*a_document("A zebra for all.", name="all.txt"))
    bob, carol = Reader("bob"), Reader("carol", frozenset({"team"}))
    assert len(index.search("zebra", reader=ANNA, collection="deal")) == 2
    assert len(index.search("zebra", reader=carol, collection="deal")) == 2
    assert texts_of(index.search("zebra", reader=bob, collection="deal")) == ["A zebra for all."]
    assert index.search("zebra", reader=bob, collection="deal", documents=[mine[0].id]) == ()
    words = question_weights("zebra")
    with store.open("deal") as points:
        within = Within("deal", frozenset(Clearance), bob)
        assert len(points.ranking(words, within=within, limit=5)) == 1
    digest = index.digest("deal")
    index.give_to("deal", mine[0].id, EVERYBODY)
    assert len(index.search("zebra", reader=bob, collection="deal")) == 2
    index.give_to("deal", mine[0].id, readers_named(["anna,group:team"]))
    assert len(index.search("zebra", reader=bob, collection="deal")) == 1
    assert index.digest("deal") == digest


def test_a_likelier_document_comes_first_and_the_others_stay(index: Index) -> None:
    one, ones = a_document("The zebra is a striped animal of the plains.", name="one.txt")
    two, twos = a_document("A zebra.", name="two.txt")
    index.replace(one, ones)
    index.replace(two, twos)
    for first, last in ((ones[0], twos[0]), (twos[0], ones[0])):
        hits = index.search("zebra", reader=ANNA, collection="deal", weights={last.document_id: 0.5})
        assert texts_of(hits) == [first.text, last.text]


def test_where_a_hit_stood_in_each_ranking_can_be_told(index: Index) -> None:
    document, chunks = a_document("The cap is EUR 1,500,000.", "Fees are due in May.")
    index.replace(document, chunks)
    explained = index.explain("Fees in May", reader=ANNA, collection="deal")
    assert [hit for hit, _ in explained] == list(index.search("Fees in May", reader=ANNA, collection="deal"))
    told = {hit.chunk.id: why for hit, why in explained}
    assert told[chunks[1].id].sparse_rank == 1
    assert told[chunks[0].id].sparse_rank is None, "it shares no word with the question"
    assert {one.dense_rank for one in told.values()} == {1, 2}
    assert [(one.fused_rank, one.looked_rank, one.reranked_rank) for _, one in explained] == [
        (1, 1, None),
        (2, 2, None),
    ]


def test_facts_stand_above_a_chunk_where_the_files_name_does_not_say_them(index: Index) -> None:
    said = (
        Fact(FactKind.PARTY, "Northwind Castings GmbH", Origin.TITLE_PAGE, 0.95),
        Fact(FactKind.PERIOD, "FY2023", Origin.TITLE_PAGE, 0.9),
    )
    document, chunks = a_document("Fees are due in May.", name="scan_0012.pdf")
    index.replace(document, chunks, said)
    (hit,) = index.search("Northwind 2023", reader=ANNA, collection="deal")
    assert hit.chunk == chunks[0], "the facts are in what is embedded, not in the text"
    ((_, why),) = index.explain("Northwind", reader=ANNA, collection="deal")
    assert why.sparse_rank == 1


def test_words_in_quotation_marks_come_first_where_they_stand_side_by_side(index: Index) -> None:
    apart = "Control means the change of a person; change, control and change of directors: control, change."
    document, chunks = a_document(*[f"{apart} No {n}." for n in range(20)], "Upon a Change\nof Control the lease ends.")
    index.replace(document, chunks)
    for question in ("What ends on “change of control”?", 'What ends on "Change of Control"?', "„change of control“"):
        assert texts_of(index.search(question, reader=ANNA, collection="deal", limit=3))[0] == chunks[-1].text
    assert len(index.search('"no such phrase" change', reader=ANNA, collection="deal", limit=3)) == 3


class English(HashEmbedder):
    """Says that it reads English alone, and finds whatever begins with a Z most alike."""

    languages = frozenset({"en"})

    def __init__(self) -> None:
        super().__init__(size=2)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        return np.array([[1, 0] if "Z" in text else [0, 1] for text in texts], dtype=np.float32)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return self.embed_documents([f"Z {text}" for text in texts])


def test_where_the_embedder_does_not_read_the_question_words_decide_and_meaning_orders_the_rest(store: Store) -> None:
    index = Index(store, English())
    document, chunks = a_document(
        "Z. Ganz etwas anderes.", "Y. Noch etwas anderes.", "Der Vertrag endet.", "Z. Die Kündigung des Vertrages."
    )
    index.replace(document, chunks)
    question = "Wann endet der Vertrag, und wer darf ihn nach den Vereinbarungen beenden?"
    assert texts_of(index.search(question, reader=ANNA, collection="deal"))[:2] == [chunks[2].text, chunks[3].text]
    assert texts_of(index.search(question, reader=ANNA, collection="deal"))[2] == chunks[0].text
    english = "Which goods are delivered to the customer, and at what price were they sold?"
    assert {text[0] for text in texts_of(index.search(english, reader=ANNA, collection="deal", limit=2))} == {"Z"}


def test_a_chunk_is_measured_in_tokens_where_the_embedder_reads_it_and_in_words_elsewhere(store: Store) -> None:
    index = Index(store, English())
    german = index.measure("Der Lieferant darf diesen Vertrag nicht ohne vorherige Zustimmung des Kunden abtreten.")
    assert german.limit == CHUNK_WORDS
    assert german.count("Der Vertrag endet.") == 3
    assert german.count("合同终止 2022") == 3
    english = index.measure("The Supplier shall not assign this Agreement without the prior consent of the Customer.")
    assert english.limit == CHUNK_TOKENS


def test_a_question_without_a_known_word_still_gets_an_answer_from_meaning(index: Index) -> None:
    document, chunks = a_document("Fees are due in May.")
    index.replace(document, chunks)
    assert len(index.search("?!", reader=ANNA, collection="deal")) == 1


def test_the_same_search_gives_the_same_order_also_among_equals(index: Index) -> None:
    for name in "abcdefgh":
        index.replace(*a_document("The fee is due in May.", name=name, section=""))
    first = index.search("When is the fee due?", reader=ANNA, collection="deal", limit=8)
    assert first == index.search("When is the fee due?", reader=ANNA, collection="deal", limit=8)
    assert list(first) == sorted(first, key=lambda hit: (-hit.score, hit.chunk.id))


def test_an_empty_collection_has_no_hits_and_an_unknown_one_is_an_error(index: Index) -> None:
    index.prepare("deal")
    assert index.collections() == ("deal",)
    assert index.search("zebra", reader=ANNA, collection="deal") == ()
    assert (index.count("deal"), index.count("other"), index.remove("other", an_id("x"))) == (0, 0, 0)
    for ask in (
        lambda: index.search("zebra", reader=ANNA, collection="other"),
        lambda: index.drop("other"),
        lambda: index.chunk_ids("other"),
        lambda: index.search("zebra", reader=ANNA, collection="../deal"),
    ):
        with pytest.raises(NotFound, match="There is no collection named"):
            ask()


def test_replacing_leaves_no_chunk_of_the_older_parse(index: Index) -> None:
    document, chunks = a_document("Old terms.", "Kept terms.", "More old terms.")
    index.replace(document, chunks)
    index.replace(document, chunks[1:2])
    assert index.chunk_ids("deal", document.id) == {chunks[1].id}
    index.replace(document, ())
    assert index.count("deal", document.id) == 0


def test_a_removed_document_is_never_found_again(index: Index) -> None:
    one, ones = a_document("The zebra is striped.", "A zebra runs.", name="one.txt")
    two, twos = a_document("A horse runs.", name="two.txt")
    index.replace(one, ones)
    index.replace(two, twos)
    assert index.remove("deal", one.id) == 2
    assert index.remove("deal", one.id) == 0
    assert (index.count("deal", one.id), index.count("deal")) == (0, 1)
    assert texts_of(index.search("zebra", reader=ANNA, collection="deal")) == [twos[0].text]
    index.settle("deal")
    index.purge("deal")
    assert texts_of(index.search("zebra", reader=ANNA, collection="deal")) == [twos[0].text]


def test_collections_are_apart_and_dropping_one_leaves_the_other(index: Index) -> None:
    index.replace(*a_document("Red zebra.", collection="Red & Co".replace("&", "und")))
    index.replace(*a_document("Blue zebra.", collection="Blau-Grün"))
    assert index.collections() == ("Blau-Grün", "Red und Co")
    assert texts_of(index.search("zebra", reader=ANNA, collection="Blau-Grün")) == ["Blue zebra."]
    index.drop("Blau-Grün")
    assert index.collections() == ("Red und Co",)
    index.prepare("Blau-Grün")
    assert index.count("Blau-Grün") == 0


def test_another_embedder_is_refused_before_anything_is_read_or_written(store: Store) -> None:
    document, chunks = a_document("Fees are due in May.")
    an_index(store).replace(document, chunks)
    other = Index(store, HashEmbedder(size=64))
    for ask in (
        lambda: other.prepare("deal"),
        lambda: other.search("fees", reader=ANNA, collection="deal"),
        lambda: other.replace(document, chunks),
    ):
        with pytest.raises(ConfigError, match="The collection deal was built with another embedding model"):
            ask()
    assert other.count("deal") == 1, "counting and erasing need no embedder"
    assert other.remove("deal", document.id) == 1


@pytest.mark.parametrize("name", ["", ".", "..", "../deal", "a/b", "a\\b", "a\x00b", "-a", "a ", "x" * 101, "a\nb"])
def test_a_name_that_could_be_a_path_or_invisible_is_refused(index: Index, name: str) -> None:
    with pytest.raises(UsageError, match="A collection cannot be named"):
        index.prepare(name)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=5, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["replace", "replace", "replace", "remove", "purge"]),
            st.sampled_from(["a", "b", "c"]),
            st.sets(st.sampled_from(["one fee", "two fees", "three zebras", "four § 4.2", "five"])),
        ),
        max_size=6,
    )
)
def test_any_sequence_of_writes_ends_in_what_a_dictionary_says(
    kind: str, steps: list[tuple[str, str, set[str]]]
) -> None:
    with TemporaryDirectory() as folder:
        index = an_index(a_store(kind, Path(folder)))
        index.prepare("deal")
        stored: dict[DocumentId, tuple[Chunk, ...]] = {}
        for verb, name, texts in steps:
            document, chunks = a_document(*sorted(texts), name=name)
            if verb == "replace":
                index.replace(document, chunks)
                stored[document.id] = chunks
            elif verb == "remove":
                assert index.remove("deal", document.id) == len(stored.pop(document.id, ()))
            else:
                index.purge("deal")
        everything = {chunk for chunks in stored.values() for chunk in chunks}
        assert index.count("deal") == len(everything)
        assert index.chunk_ids("deal") == {chunk.id for chunk in everything}
        for document_id, chunks in stored.items():
            assert index.chunk_ids("deal", document_id) == {chunk.id for chunk in chunks}
        assert {hit.chunk for hit in index.search("fee zebra", reader=ANNA, collection="deal", limit=20)} == everything
