"""Citations: a BibTeX entry for what an item points to, saying which issue covered it."""

import re
import unicodedata
from collections.abc import Sequence

from index.types import Issue, Item, Paper

_SPECIAL = {c: f"\\{c}" for c in "&%$#_"} | {
    "{": r"\textbraceleft{}",  # BibTeX counts braces even behind a backslash
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
}
_BESIDE = ("code", "dataset", "video")
"""Kinds of further links that belong to what is cited rather than to what was said of it."""
_ARXIV = re.compile(r"arxiv:(.+)")


def bibtex(item: Item, issues: Sequence[Issue], paper: Paper | None = None, *, told: str = "Covered") -> str:
    """One entry, ending with a newline. `issues` are those that covered the work (or what else they did, as `told`
    says), the item's own among them."""
    fields: list[tuple[str, str]] = [
        ("title", "{" + escape(paper.title if paper else item.subtitle or item.title) + "}")
    ]
    if paper and paper.authors:
        fields.append(("author", escape(" and ".join(paper.authors))))
    elif item.url:
        fields.append(("howpublished", f"\\url{{{_url(item.url)}}}"))
    year = _year(issues, paper)
    if year is not None:
        fields.append(("year", str(year)))
    arxiv = _ARXIV.fullmatch(item.key or "")
    if arxiv:
        fields += [("eprint", escape(arxiv[1])), ("archiveprefix", "arXiv")]
        if paper and paper.categories:
            fields.append(("primaryclass", escape(paper.categories[0])))
    if paper and paper.journal:
        fields.append(("journal", escape(paper.journal)))
    doi = paper.doi if paper and paper.doi else (item.key or "").removeprefix("doi:") if _is_doi(item) else None
    if doi:
        fields.append(("doi", escape(doi)))
    if item.url:
        fields.append(("url", _url(item.url)))
    fields.append(("note", escape(f"{told} in " + "; ".join(_issue(issue) for issue in issues))))
    beside = [f"{link.kind}: {_url(link.url)}" for link in item.links if link.kind in _BESIDE]
    if beside:
        fields.append(("annote", escape("; ".join(beside))))
    kind = "article" if paper and paper.journal else "misc"
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields)
    return f"@{kind}{{{cite_key(item, paper, year)},\n{body}}}\n"


def cite_key(item: Item, paper: Paper | None, year: int | None) -> str:
    """`lastname2021word-42`: readable where it can be, unique in the archive through the item's id."""
    name = paper.authors[0].split()[-1] if paper and paper.authors else ""
    title = paper.title if paper else item.subtitle or item.title
    words = [_plain(word) for word in title.split()]
    word = next((word for word in words if len(word) > 3), "")
    return f"{_plain(name)}{year or ''}{word}-{item.id}".lstrip("-")


def escape(text: str) -> str:
    """Text for a field in braces: one line, TeX's own characters escaped."""
    return "".join(_SPECIAL.get(c, c) for c in " ".join(text.split()))


def _url(url: str) -> str:
    return url.replace("\\", "%5C").replace("{", "%7B").replace("}", "%7D").replace(" ", "%20")


def _plain(word: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", ascii_only.lower())


def _is_doi(item: Item) -> bool:
    return (item.key or "").startswith("doi:")


def _year(issues: Sequence[Issue], paper: Paper | None) -> int | None:
    if paper and paper.published:
        return paper.published.year
    years = [issue.date.year if issue.date else issue.year for issue in issues]
    return min((year for year in years if year is not None), default=None)


def _issue(issue: Issue) -> str:
    name = " ".join(part for part in (issue.newsletter, f"issue {issue.number}" if issue.number else "") if part)
    return (name or issue.title) + (f" ({issue.date})" if issue.date else "")
