"""What links are: their identity (from `index.identity`), their kind, and whether they lead anywhere outside."""

import re
from functools import lru_cache

from index.identity import arxiv_id, canonical_key, clean_url, doi

__all__ = ["arxiv_id", "canonical_key", "clean_url", "doi", "is_plumbing", "is_profile", "kind_named", "kind_of"]

_PAPER_HOSTS = (
    "openreview.net",
    "aclanthology.org",
    "biorxiv.org",
    "medrxiv.org",
    "thecvf.com",
    "ecva.net",
    "proceedings.mlr.press",
    "jmlr.org",
    "papers.nips.cc",
    "papers.neurips.cc",
    "proceedings.neurips.cc",
    "ieeexplore.ieee.org",
    "dl.acm.org",
    "papers.ssrn.com",
    "semanticscholar.org",
    "nature.com/articles",
    "sciencedirect.com",
    "isca-speech.org",
    "pnas.org",
    "hal.science",
    "eprint.iacr.org",
    "usenix.org/conference",
)
_CODE_HOSTS = ("github.com", "gist.github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "sr.ht", "gitee.com")
_VIDEO_HOSTS = ("youtube.com", "vimeo.com", "bilibili.com", "twitch.tv", "ted.com", "nicovideo.jp")
_TALK_HOSTS = ("twitter.com", "reddit.com", "news.ycombinator.com", "lobste.rs", "v2ex.com", "bsky.app", "zhihu.com")
_DATA_HOSTS = ("kaggle.com/datasets", "huggingface.co/datasets", "zenodo.org", "data.gov", "figshare.com")

# Labels that name a kind of thing, in the languages most newsletters use.
_KIND_WORDS = {
    "code": """
        code, source code, repo, repository, github, implementation, quellcode, quelltext, code source, código,
        código fuente, codice, код, 代码, 源码, 源代码, 代碼, 程式碼, 仓库, コード, ソースコード, 実装, 코드, 소스 코드
    """,
    "paper": "paper, the paper, pdf, preprint, arxiv, 论文, 論文, 论文地址, 논문, статья",
    "video": """
        video, the video, videos, talk, recording, youtube, vidéo, vídeo, aufzeichnung, видео, 视频, 影片, 動画,
        ビデオ, 영상
    """,
    "dataset": """
        dataset, data set, datasets, data, daten, datensatz, données, datos, dati, данные, 数据集, 数据, 資料集,
        データセット, データ, 데이터, 데이터셋
    """,
    "discussion": """
        discussion, comments, thread, hn, diskussion, kommentare, commentaires, comentarios, commenti, обсуждение, 讨论,
        討論, 评论, 議論, コメント, 토론
    """,
}
_KIND_OF_WORD = {word.strip(): kind for kind, words in _KIND_WORDS.items() for word in words.split(",")}

# The first step of a path that, alone on such a host, names a person or group rather than something they made.
_PROFILE_HOSTS = (
    "twitter.com|github.com|facebook.com|instagram.com|gitlab.com|t.me|youtube.com|bsky.app|threads.net|weibo.com|"
    "patreon.com|ko-fi.com|buymeacoffee.com|opencollective.com|keybase.io|mastodon.social|medium.com|note.com|qiita.com"
)
_PROFILE = re.compile(
    rf"(?:(?:{_PROFILE_HOSTS.replace('.', chr(92) + '.')})/(?:profile/|@|c/|channel/|user/)?[^/?]+"
    r"|linkedin\.com/(?:in|company)/[^/]+|[^/]+/@[^/]+|getrevue\.co/profile/[^/]+|[^/.]+\.medium\.com"
    r"|medium\.com/@[^/]+|discord\.(?:gg|com/invite)/[^/]+|orcid\.org/[^/]+|scholar\.google\.[a-z.]+/citations\?.*)"
)
_PLUMBING = re.compile(
    r"unsubscribe|/subscribe(?:[/?]|$)|list-manage\.com/(?:profile|subscribe|unsubscribe)|[?&]action=share"
    r"|email[-_]?settings|manage[-_]?(?:preferences|subscription)|update[-_]profile|forward-to-a-friend"
    r"|view[-_]?(?:in|this)[-_](?:your-)?(?:browser|email)|/sharer|/share\?|intent/tweet|sharearticle|[?&]share="
    r"|campaign-archive\.com|/email_preferences|mailchi\.mp/[^/]+/(?:unsubscribe|profile)|_/stat\?event="
)


def kind_of(url: str | None, key: str | None = None) -> str:
    """What a link leads to: `paper`, `code`, `video`, `discussion`, `dataset` or `article`; without one, `article`."""
    key = key or (canonical_key(url) if url else None)
    if not key:
        return "article"
    if key.startswith(("arxiv:", "doi:")) or key.startswith(_PAPER_HOSTS) or f".{key}".find(".thecvf.com/") >= 0:
        return "paper"
    if key.startswith("github:"):
        return "code"
    host = key.partition("/")[0]
    for kind, hosts in (
        ("dataset", _DATA_HOSTS),
        ("code", _CODE_HOSTS),
        ("video", _VIDEO_HOSTS),
        ("discussion", _TALK_HOSTS),
    ):
        if key.startswith(hosts) or any(host.endswith("." + name) for name in hosts):
            return kind
    return "article"


def kind_named(label: str) -> str | None:
    """The kind that a link's label is the mere name of ("Code", "视频"); None where it says anything else."""
    return _KIND_OF_WORD.get(" ".join(label.split()).casefold())


def is_profile(key: str | None) -> bool:
    """Whether a key leads to somebody's profile rather than to something they made."""
    return key is not None and _PROFILE.fullmatch(key) is not None


@lru_cache(maxsize=16384)
def is_plumbing(url: str) -> bool:
    """Whether an address serves the mailing itself: unsubscribe, share, view in browser, open tracking."""
    return _PLUMBING.search(url.lower()) is not None
