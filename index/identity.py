"""What a link points to, as one short key: the same paper, repository, video or page always gets the same key.

Pure functions over text. `ingest` uses them to give items their keys, `search` to understand a pasted link.
"""

import re
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit, urlunsplit

# arXiv identifiers, both schemes (https://info.arxiv.org/help/arxiv_identifier.html); the month is checked, so that
# a date or a phone number is not taken for a paper.
_NEW_ID = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD_ID = (
    r"(?:astro-ph|cond-mat|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|nlin|nucl-(?:ex|th)|physics|quant-ph|math|cs|cmp-lg|"
    r"alg-geom|q-alg|dg-ga|q-bio|q-fin|stat|eess|econ|chao-dyn|solv-int|patt-sol|adap-org|comp-gas|funct-an|"
    r"chem-ph|acc-phys|ao-sci|atom-ph|bayes-an|mtrl-th|plasm-ph|supr-con)"
)
_ARXIV = re.compile(
    rf"(?<![\w.])(?:({_NEW_ID})|({_OLD_ID})(?:\.[A-Z]{{2}})?/(\d{{7}}))(?:v\d{{1,2}})?(?!\d)", re.IGNORECASE
)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>?#&]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ARXIV_HOSTS = (
    "arxiv.org",
    "ar5iv.org",
    "arxiv-vanity.com",
    "alphaxiv.org",
    "arxiv-sanity.com",
    "arxiv-sanity-lite.com",
)
_TRACKING = _words(
    """
    fbclid gclid dclid msclkid yclid twclid igshid gi source sk sh usp amp ref ref_src ref_url referrer cmp cmpid
    ncid mkt_tok _hsenc _hsmi hsctatracking mc_cid mc_eid action authmode trk trkcampaign spm share_source
    share_medium share_from vero_id vero_conv oly_anon_id oly_enc_id ck_subscriber_id __s wt_mc wt.mc_id wickedid
    sr_share guccounter guce_referrer guce_referrer_sig feature si isfreemail publication_id post_id triedredirect
    """
)
_TRACKING_PREFIXES = ("utm_", "mc_", "sf", "hsa_", "pk_", "mtm_", "at_medium", "at_campaign", "at_custom", "ga_")
_WRAPPERS = {
    "google.com/url": ("q", "url"),
    "medium.com/r/": ("url",),
    "l.facebook.com/l.php": ("u",),
    "lm.facebook.com/l.php": ("u",),
    "youtube.com/redirect": ("q",),
    "linkedin.com/redir/redirect": ("url",),
    "out.reddit.com": ("url",),
    "steamcommunity.com/linkfilter": ("url",),
    "link.zhihu.com": ("target",),
    "vk.com/away.php": ("to",),
    "slack-redir.net/link": ("url",),
    "duckduckgo.com/l": ("uddg",),
    "safelinks.protection.outlook.com": ("url",),
    "getpocket.com/redirect": ("url",),
}
_BARE = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,24}(?::\d+)?(?:[/?#]|$)")
_UNRESERVED = re.compile(r"%([0-9A-Fa-f]{2})")
_SAFE = "!$&'()*+,;=:@/~%"


def arxiv_id(text: str) -> str | None:
    """The first arXiv identifier in a text or address, without its version: `2104.06601`, `hep-th/9901001`."""
    found = _ARXIV.search(text)
    if not found:
        return None
    return found[1] or f"{found[2].lower()}/{found[3]}"


def doi(text: str) -> str | None:
    """The first DOI in a text or address, lower-cased (DOIs ignore case): `10.1145/3442188.3445922`."""
    found = _DOI.search(unquote(text))
    if not found:
        return None
    name = found[0].lower().rstrip(".,;:)]}'/")
    for suffix in ("/full", "/pdf", "/abstract", "/epdf", "/meta", ".pdf", ".full", ".abstract"):
        name = name.removesuffix(suffix)
    if name.startswith("10.1101/"):  # bioRxiv and medRxiv print the version after the DOI
        name = re.sub(r"v\d+$", "", name)
    return name


def _split(url: str) -> SplitResult | None:
    """The parts of a web address (its scheme may be left out), or None for anything else (mail, anchors, paths)."""
    url = url.strip().strip("<>\u200b\ufeff")
    if url.startswith("//"):
        url = "https:" + url
    elif _BARE.match(url):
        url = "https://" + url
    if len(url) > 8192:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or " " in host:
        return None
    labels = host.removeprefix("www.").rstrip(".").split(".")
    if len(labels) < 2 or not all(labels):
        return None
    return parts


def _unwrap(parts: SplitResult) -> SplitResult:
    """Follows addresses that only carry another one (`google.com/url?q=`), without any request."""
    for _ in range(3):
        place = (parts.hostname or "").removeprefix("www.") + parts.path
        names = next((names for prefix, names in _WRAPPERS.items() if prefix in place), None)
        if names is None:
            return parts
        query = dict(parse_qsl(parts.query))
        inner = next((_split(query[name]) for name in names if name in query), None)
        if inner is None:
            return parts
        parts = inner
    return parts


def _tracks(name: str, value: str, host: str) -> bool:
    name = name.lower().removeprefix("amp;")
    if name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return True
    if name == "s":  # Twitter's share marker; elsewhere `s` is often a search
        return (value.isdigit() and len(value) <= 2) or host.endswith(("twitter.com", "x.com"))
    return name == "m" and value in ("0", "1")  # Blogger's mobile page


def _requote(path: str) -> str:
    """One spelling of percent-encoding: unreserved characters plain, the rest encoded with upper-case digits."""

    def plain(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char.isascii() and (char.isalnum() or char in "-._~") else match[0].upper()

    return quote(_UNRESERVED.sub(plain, path), safe=_SAFE)


@lru_cache(maxsize=65536)
def clean_url(url: str) -> str | None:
    """The address to show and follow: redirect wrappers, tracking parameters, default ports and broken spaces gone.

    None if it is no absolute web address.
    """
    parts = _split(url)
    if parts is None:
        return None
    parts = _unwrap(parts)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port
    if port and port != {"http": 80, "https": 443}[parts.scheme]:
        host += f":{port}"
    query = "&".join(
        pair
        for pair in parts.query.split("&")
        if pair and not _tracks(unquote(pair.partition("=")[0]), unquote(pair.partition("=")[2]).strip(), host)
    )
    path = quote(parts.path.strip(), safe=_SAFE)
    return urlunsplit((parts.scheme, host, path, quote(query, safe=_SAFE + "?"), parts.fragment.strip()))


@lru_cache(maxsize=65536)
def canonical_key(url: str) -> str | None:
    """The identity of what an address points to; None if it is no absolute web address.

    `arxiv:2104.06601` for every form of a paper's address, `doi:10.…`, `github:owner/name` for a repository (deeper
    pages of it are pages of their own), otherwise the address without scheme, `www.`, tracking, fragment and trailing
    slash. The case of a path is kept: servers may tell cases apart.
    """
    cleaned = clean_url(url)
    if cleaned is None:
        return None
    parts = urlsplit(cleaned)
    host = parts.netloc.lower().removeprefix("www.")
    path = _requote(parts.path)
    return _work(host, path, parts.query) or _page(host, path, parts.query)


def _work(host: str, path: str, query: str) -> str | None:
    """The key of a paper or repository, where the address says which one."""
    steps = [step for step in path.split("/") if step]
    papers = host in ("huggingface.co", "hf.co") and steps[:1] == ["papers"]
    semantic = host == "semanticscholar.org" and steps[:1] == ["arxiv"]
    if papers or semantic or host.endswith(_ARXIV_HOSTS):
        found = arxiv_id(unquote(path).replace(" ", ""))
        return f"arxiv:{found}" if found else None
    if host == "github.com" and len(steps) >= 2:
        at_root = len(steps) == 2 or (len(steps) <= 4 and steps[2] == "tree") or _is_readme(steps)
        if at_root and steps[0] not in ("orgs", "topics", "sponsors", "features", "settings", "search", "collections"):
            return f"github:{steps[0]}/{steps[1].removesuffix('.git')}"
        return None
    name = doi(path) if "/10." in path else doi(query) if "=10." in query.replace("%2F", "/") else None
    if name and name.startswith("10.48550/arxiv."):
        return f"arxiv:{name.removeprefix('10.48550/arxiv.')}"
    if name:
        return f"doi:{name}"
    return None


def _is_readme(steps: list[str]) -> bool:
    return len(steps) == 5 and steps[2] == "blob" and steps[4].lower().startswith("readme")


def _page(host: str, path: str, query: str) -> str:
    """The key of any other page: host, path and what is left of the query."""
    if host in ("m.youtube.com", "youtu.be", "youtube.com", "music.youtube.com", "youtube-nocookie.com"):
        video = dict(parse_qsl(query)).get("v", "")
        first, _, rest = path.strip("/").partition("/")
        if host == "youtu.be":
            video = first
        elif first in ("embed", "shorts", "live", "v"):
            video = rest.partition("/")[0]
        if video:
            return f"youtube.com/watch?v={video}"
    if host in ("twitter.com", "x.com", "mobile.twitter.com", "mobile.x.com", "nitter.net"):
        host = "twitter.com"
        path = re.sub(r"^(/[^/]+/status(?:es)?/\d+).*$", r"\1", path)
    if host in ("m.reddit.com", "old.reddit.com", "np.reddit.com", "new.reddit.com"):
        host = "reddit.com"
    if host == "openreview.net" and path == "/pdf":
        path = "/forum"
    if host in ("aclanthology.org", "aclweb.org"):
        host, path = "aclanthology.org", re.sub(r"^(?:/anthology)?(/[\w.-]*?\d)(?:\.pdf|\.bib)?/?$", r"\1", path)
    path = re.sub(r"/{2,}", "/", path).rstrip("/")
    return f"{host}{path}?{query}" if query else f"{host}{path}"
