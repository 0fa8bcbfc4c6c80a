"""Link identity: what is the same work, what is not, and what a link leads to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.identity import arxiv_id, canonical_key, clean_url, doi
from ingest.links import is_plumbing, is_profile, kind_of


@pytest.mark.parametrize(
    "url",
    [
        "https://arxiv.org/abs/2104.06601",
        "http://arxiv.org/abs/2104.06601v2",
        "https://www.arxiv.org/pdf/2104.06601.pdf",
        "https://arxiv.org/pdf/2104.06601v3",
        "https://export.arxiv.org/abs/2104.06601?utm_source=x",
        "https://arxiv.org/html/2104.06601v1#S2",
        "https://ar5iv.labs.arxiv.org/html/2104.06601",
        "https://ar5iv.org/abs/2104.06601",
        "https://www.alphaxiv.org/abs/2104.06601",
        "https://huggingface.co/papers/2104.06601",
        "https://www.arxiv-vanity.com/papers/2104.06601/",
        "https://doi.org/10.48550/arXiv.2104.06601",
        "https://medium.com/r/?url=https%3A%2F%2Farxiv.org%2Fabs%2F2104.06601",
        "https://www.google.com/url?q=https://arxiv.org/abs/2104.06601&sa=D&ust=1",
        "arxiv.org/abs/2104.06601",
    ],
)
def test_every_form_of_a_paper_is_one_work(url: str) -> None:
    assert canonical_key(url) == "arxiv:2104.06601"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://arxiv.org/abs/math.GT/0309136v1", "arxiv:math/0309136"),
        ("https://arxiv.org/abs/hep-th/9901001", "arxiv:hep-th/9901001"),
        ("https://arxiv.org/list/cs.CL/recent", "arxiv.org/list/cs.CL/recent"),
        ("https://doi.org/10.1145/3442188.3445922", "doi:10.1145/3442188.3445922"),
        ("https://dl.acm.org/doi/pdf/10.1145/3442188.3445922", "doi:10.1145/3442188.3445922"),
        ("https://www.biorxiv.org/content/10.1101/2020.06.16.154542v1.full", "doi:10.1101/2020.06.16.154542"),
        ("https://github.com/google/brax", "github:google/brax"),
        ("https://github.com/google/brax/tree/main", "github:google/brax"),
        ("https://github.com/google/brax.git", "github:google/brax"),
        ("https://github.com/google/brax/blob/main/README.md", "github:google/brax"),
        ("https://github.com/google/brax/issues/12", "github.com/google/brax/issues/12"),
        ("https://github.com/google", "github.com/google"),
        ("https://youtu.be/dQw4w9WgXcQ?t=42", "youtube.com/watch?v=dQw4w9WgXcQ"),
        ("https://m.youtube.com/watch?feature=share&v=dQw4w9WgXcQ", "youtube.com/watch?v=dQw4w9WgXcQ"),
        ("https://www.youtube.com/playlist?list=PL1", "youtube.com/playlist?list=PL1"),
        ("https://x.com/someone/status/1437838231505096708?s=20", "twitter.com/someone/status/1437838231505096708"),
        ("https://mobile.twitter.com/someone/status/14/photo/1", "twitter.com/someone/status/14"),
        ("https://openreview.net/pdf?id=PxTIG12RRHS", "openreview.net/forum?id=PxTIG12RRHS"),
        ("https://www.aclweb.org/anthology/P19-1001.pdf", "aclanthology.org/P19-1001"),
        ("https://aclanthology.org/2021.acl-long.1/", "aclanthology.org/2021.acl-long.1"),
        ("HTTPS://WWW.Example.COM:443/A/b/?utm_source=x&id=3&fbclid=y#part", "example.com/A/b?id=3"),
        ("http://example.com:8080/", "example.com:8080"),
        ("https://example.com/a?gi=1&source=x&sk=2&amp=1&m=1&action=enroll&authMode=signup&sf123=4", "example.com/a"),
        ("https://example.com/?s=tomatoes", "example.com?s=tomatoes"),
        ("https://example.com/a%7eb/%e4%b8%ad", "example.com/a~b/%E4%B8%AD"),
        ("https://example.com/中", "example.com/%E4%B8%AD"),
        ("https://example.com//a///b", "example.com/a/b"),
        ("//example.com/a", "example.com/a"),
        ("https://news.ycombinator.com/item?id=29191068", "news.ycombinator.com/item?id=29191068"),
    ],
)
def test_keys(url: str, key: str) -> None:
    assert canonical_key(url) == key


@pytest.mark.parametrize(
    "url",
    ["", "#top", "mailto:a@example.com", "javascript:void(0)", "/a/b", "ftp://a.example/b", "http://", "http://[::1"],
)
def test_no_web_address_has_no_key(url: str) -> None:
    assert canonical_key(url) is None
    assert clean_url(url) is None


def test_cleaning_keeps_what_matters() -> None:
    url = "https://Example.com/Path/?utm_medium=email&q=a+b&mc_cid=1#section"
    assert clean_url(url) == "https://example.com/Path/?q=a+b#section"


@given(st.text(max_size=80) | st.from_regex(r"https?://[a-z0-9.:@/?&=%#_-]{0,60}", fullmatch=True))
def test_any_text_is_answered_and_answers_are_stable(text: str) -> None:
    key, url = canonical_key(text), clean_url(text)
    assert (key is None) == (url is None)
    if url is not None:
        assert canonical_key(url) == key
        assert clean_url(url) == url


def test_ids_in_text() -> None:
    assert arxiv_id("see arXiv:2104.06601v2 for more") == "2104.06601"
    assert arxiv_id("call 2199.12345 or 2113.12345") is None  # no such month
    assert arxiv_id("version 2021.0415.2") is None
    assert doi("https://doi.org/10.1038/S41586-021-03819-2.") == "10.1038/s41586-021-03819-2"
    assert doi("price 10.50") is None


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://arxiv.org/abs/2104.06601", "paper"),
        ("https://openaccess.thecvf.com/content/CVPR2021/papers/x.pdf", "paper"),
        ("https://openreview.net/forum?id=a", "paper"),
        ("https://github.com/a/b", "code"),
        ("https://github.com/a/b/issues/1", "code"),
        ("https://youtu.be/abc", "video"),
        ("https://www.reddit.com/r/x/comments/1/y/", "discussion"),
        ("https://www.kaggle.com/datasets/a/b", "dataset"),
        ("https://example.com/a", "article"),
        (None, "article"),
    ],
)
def test_kinds(url: str | None, kind: str) -> None:
    assert kind_of(url) == kind


def test_profiles_and_plumbing() -> None:
    for url in ("https://twitter.com/someone", "http://github.com/someone/", "https://medium.com/@someone"):
        assert is_profile(canonical_key(url)), url
    for url in ("https://twitter.com/a/status/1", "https://github.com/a/b", "https://example.com/someone"):
        assert not is_profile(canonical_key(url)), url
    assert is_plumbing("https://x.us1.list-manage.com/unsubscribe?u=1")
    assert is_plumbing("https://example.com/?utm_source=a&action=share")
    assert not is_plumbing("https://example.com/subscribers-are-people")
