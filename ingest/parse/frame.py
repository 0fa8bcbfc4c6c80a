"""What frames an issue and is no item: earlier issues, the author's links, digests of what comes below."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from ..links import is_plumbing, is_profile
from .context import Context, width
from .dates import names_an_issue
from .entry import Entry
from .regions import Region

# Headings of the frame, in whole; weak evidence, used only where nothing is described under them.
_FRAME = re.compile(
    r"(?:about(?: (?:me|us\b.{0,30}|the (?:authors?|editors?|newsletter)|this newsletter))?|subscribe.{0,30}|"
    r"unsubscrib(?:e|ing)\b.{0,30}|wrap(?:ping)?[ -]up\b.{0,30}|closing (?:words?|thoughts?|remarks?|notes?)|"
    r"(?:the )?next issue|"
    r"(?:see you|until) next (?:time|week|month).{0,20}|thanks?(?: you)? for (?:reading|subscribing).{0,20}|the end|"
    r"that(?:['’]s| is) (?:all|it|a wrap)(?:,? (?:folks|everyone))?(?: for .{0,20})?|"
    r"(?:how (?:did you|do you|was)|what did you think of|did you|rate) .{0,24}"
    r"(?:newsletter|issue|edition|e-?mail|digest)(?: today| this week)?\s*\??|"
    r"über (?:uns|mich)|das war['’]?s.{0,20}|à propos|qui sommes-nous|"
    r"à (?:la semaine prochaine|bientôt)|s['’]abonner|acerca de|sobre (?:mí|nosotros)|hasta la próxima.{0,10}|"
    r"(?:how to )?contribut(?:e|ing)(?: to (?:.{0,24} )?(?:newsletter|weekly|digest|issue))?|"
    r"want to (?:contribute|participate|help|join|support us|get involved).{0,16}|"
    r"get involved|participat(?:e|ing)|donat(?:e|ions?)|acknowledge?ments?|abonnieren.{0,20}|"
    r"suscr[ií]bete.{0,20}|"
    r"(?:support|follow|contact|share) (?:me|us|this newsletter)|contacts?|kontakt|contatt[io]|contacto|contato|"
    r"(?:nous )?contacte[rz](?:[- ]nous)?|cont[aá]cta(?:nos|r)|контакты|sponsors?|archives?|feedback|credits|"
    r"(?:table of )?contents|toc|inhalt(?:sverzeichnis)?|sommaire|índice|目录|目次|목차|"
    r"(?:copyright|licen[sc]e)(?: notice)?|lizenz|licencia|版权(?:声明)?|许可(?:协议)?|声明|"
    r"sources?|references?|quellen|fuentes|fonti|источники|来源|参考(?:资料|文献)|出典|"
    r"(?:past|previous|earlier|older|back) (?:issues?|newsletters?|editions?|posts)|(?:my )?other (?:blogs?|posts)|"
    r"(?:本期|责任)?(?:编辑|主编|编者)|editors?|(?:written|edited|curated|compiled) by|"
    r"(?:关注|加入)(?:我们?|本刊)|(?:图标|符号)?说明|"
    r"关于(?:我|我们|作者|本刊)?|结(?:束)?语|写在最后|赞赏|打赏|致谢|鸣谢|(?:下期|下周)预告|(?:欢迎|请)?订阅|联系(?:我们|方式)?|投稿|赞助(?:商|者|我们)?|其他博客|"
    r"(?:过去|往期|以往|历史)的?(?:文章|时事通讯|通讯|周刊|期刊|回顾|内容|精选|博客)|往期.{0,12}|历史上的(?:本周|今天)|往年回顾|"
    r"購読(?:はこちら|する|解除|のご案内)?|登録(?:はこちら|する|解除)?|バックナンバー|自己紹介|プロフィール|お問い合わせ|"
    r"過去の(?:記事|号|ニュースレター|配信|投稿|まとめ)|(?:私|著者|編集者|このニュースレター)について|著者紹介|その他のブログ|(?:終|お)わりに|さいごに|最後に|次回予告"
    r")[\s:：!！。.🌟]*",
    re.IGNORECASE,
)


_ARCHIVE = re.compile(r".{0,24}(?:\barchives?|\barchiv[eo]?|архив|归档|存档|アーカイブ)", re.IGNORECASE)
_SIGNS = re.compile(r"^[^\w]+")
_GREETING = re.compile(
    r"(?:welcome|hello|hi|hey|dear|greetings|good (?:morning|day|evening)|willkommen|hallo|bienvenue|bonjour|salut|"
    r"bienvenid[oa]s?|hola|olá|ciao|benvenuti|大家好|你好|欢迎|みなさん|こんにちは|안녕하세요)(?!\w).{0,60}",
    re.IGNORECASE,
)


_OPENING = re.compile(
    r"intro(?:duction)?|editorial|foreword|einleitung|vorwort|préambule|éditorial|édito|introducción|introdução|"
    r"вступление|введение|前言|引言|导语|导读|はじめに|前書き|들어가며|서론",
    re.IGNORECASE,
)


def only_opens(name: str) -> bool:
    """Whether a heading stands over the newsletter's own opening words."""
    return is_greeting(name) or _OPENING.fullmatch(_SIGNS.sub("", name).strip(" :：!！.。")) is not None


def is_greeting(name: str) -> bool:
    """Whether a heading greets the reader, with whatever sign before it."""
    return _GREETING.fullmatch(_SIGNS.sub("", name)) is not None


def within_frame(regions: Sequence[Region]) -> list[Entry]:
    """The entries of a document without those that only frame it."""
    greeting = _greeting(regions)
    kept = [
        entry
        for region in regions
        for entry in region.entries
        if not _in_frame(entry, region)
        and not (region is greeting and entry.origin in ("paragraph", "title", "heading"))
    ]
    if kept and _stands_apart(kept[-1], kept[:-1], regions):
        kept.pop()
    told = sum(entry.said > 0 for entry in kept if entry.origin != "list")
    bodies = sum(entry.origin != "list" for entry in kept)
    listed = not bodies or len(kept) > 5 * bodies
    if listed or told * 5 >= bodies * 3:
        kept = [entry for entry in kept if entry.said or entry.origin in ("list", "row") or not _bare(entry)]
        sections = {entry.section for entry in kept if entry.said or entry.origin == "list"}
        if None not in sections:  # everything has its part but for bare links above the first one
            while kept and not kept[0].said and kept[0].origin != "list" and kept[0].section is None:
                kept.pop(0)
        while kept and not kept[-1].said and _trails(kept[-1], sections):
            kept.pop()
    else:  # the cards are the issue: what they print is all that is said
        for entry in kept:
            if entry.origin == "card" and entry.summary is None:
                entry.summary = entry.text or None
    return kept


def _greeting(regions: Sequence[Region]) -> Region | None:
    """The part above all others whose running text greets the reader and says what the newsletter is, if there is one:
    its heading is a greeting, or it has none and its one link leads to a front page."""
    filled = [region for region in regions if region.entries]
    if len(filled) < 3:
        return None
    first, entry = filled[0], filled[0].entries[0]
    if first.role == "item" and (entry.own != "text" or "/" in (entry.key or "/")):
        return None
    if first.heading is not None:
        return first if is_greeting(first.name) else None
    return first if len(first.entries) == 1 and entry.origin != "heading" and "/" not in (entry.key or "/") else None


def _stands_apart(last: Entry, others: Sequence[Entry], regions: Sequence[Region]) -> bool:
    """Whether a last link of which nothing is said is alone after a rule, under a list that tells of most of it."""
    ruled = [block.kind for block in regions[last.region].all_blocks[-2:]] == ["rule", "paragraph"]
    beside = [entry for entry in others if entry.region == last.region]
    told = sum(entry.origin == "list" and entry.said > 0 for entry in beside)
    return ruled and last.origin == "title" and not last.said and told >= 2 and told * 2 >= len(beside)


def _trails(entry: Entry, sections: set[str | None]) -> bool:
    """Whether a last entry of which nothing is said leads away from the issue, to another issue or out of its parts."""
    label = (entry.text or entry.title).replace("：", ":").partition(":")[0].strip()
    if names_an_issue(entry.text or entry.title) or is_frame_name(label) or _ARCHIVE.fullmatch(label):
        return True
    return entry.origin not in ("list", "row") and entry.section is None and sections != {None}


def _bare(entry: Entry) -> bool:
    """Whether an entry is only a card, without a word of the newsletter's own."""
    return entry.origin == "card" or entry.own == "card"


def _in_frame(entry: Entry, region: Region) -> bool:
    if is_profile(entry.key) and (entry.origin == "heading" or (entry.origin != "list" and not entry.said)):
        return True  # "Follow us"
    names = [region.name, entry.section or ""] if entry.origin == "heading" else [entry.section or ""]
    return any(map(is_frame_name, names))


@lru_cache(maxsize=1024)
def is_frame_name(name: str) -> bool:
    """Whether a heading names a part of the frame, with whatever sign before it, or in two short sentences."""
    name = _SIGNS.sub("", name)
    if not name or width(name) > 60:
        return False
    parts = [part for part in re.split(r"(?<=[!！.。])\s*", name) if part.strip()]
    return (width(name) <= 40 and _FRAME.fullmatch(name) is not None) or (
        len(parts) == 2 and all(_FRAME.fullmatch(part.strip()) for part in parts)
    )


def frame_regions(regions: Sequence[Region], entries: Sequence[Entry]) -> set[int]:
    """The regions that hold only the frame: named so, emptied of their entries, or after the last entry."""
    kept = {entry.region for entry in entries}
    last = max(kept, default=0)
    return {
        number
        for number, region in enumerate(regions)
        if number not in kept and (number > last or region.entries or is_frame_name(region.name))
    }


def merge_digests(entries: list[Entry]) -> list[Entry]:
    """Turns lists that announce what comes below into notes of it; leaves mentions in passing out."""
    told: dict[str, Entry] = {}
    named: dict[str, Entry] = {}
    for entry in entries:
        if entry.origin != "list":
            if entry.key:
                told.setdefault(entry.key, entry)
            named.setdefault(_letters(entry.title), entry)
    digests = {
        entry.region
        for entry in entries
        if entry.origin == "list" and any(key in told and told[key].region > entry.region for key in entry.inside)
    }
    presenting = _presenting(entries) - digests
    kept: list[Entry] = []
    for entry in entries:
        if entry.origin != "list":
            kept.append(entry)
            continue
        matched = [told[key] for key in sorted(entry.inside) if key in told] if entry.region in digests else []
        same = named.get(_letters(entry.title)) if entry.region in digests and not matched else None
        if same is not None and width(_letters(entry.title)) >= 10 and same.region > entry.region:
            matched = [same]
            if same.url is None:
                same.url, same.key = entry.url, entry.key
        for other in matched:
            other.note = entry.text or entry.title if other.note is None else other.note
        if not matched and (not entry.weak or entry.region in presenting):
            kept.append(entry)
    return kept


def _presenting(entries: Sequence[Entry]) -> set[int]:
    """The regions whose lists present something with most of their items, so that a link late in another is its own
    too; where lists are all there is, that is every region."""
    listed = [entry for entry in entries if entry.origin == "list"]
    if len(listed) > 5 * (len(entries) - len(listed)):
        return {entry.region for entry in listed}
    strong = Counter(entry.region for entry in listed if not entry.weak)
    weak = Counter(entry.region for entry in listed if entry.weak)
    return {region for region, count in strong.items() if count >= 2 and count > weak[region]}


def _letters(title: str) -> str:
    return "".join(char for char in title.casefold() if char.isalnum())


def distinct(entries: list[Entry]) -> list[Entry]:
    """One entry for each key: the one that says most."""
    best: dict[str, Entry] = {}
    for entry in entries:
        if entry.key and (entry.key not in best or entry.said > best[entry.key].said):
            best[entry.key] = entry
    kept: list[Entry] = []
    for entry in entries:
        if entry.key is None or best[entry.key] is entry:
            kept.append(entry)
        elif entry.said and best[entry.key].note is None:
            best[entry.key].note = entry.summary
    return kept


def unassigned(regions: Sequence[Region], around: set[int], entries: Sequence[Entry], context: Context) -> list[str]:
    """The outward links that went to no item, in order, without those of the frame."""
    taken = {key for entry in entries for key in entry.inside} | {entry.key for entry in entries}
    left: dict[str, str] = {}
    for number, region in enumerate(regions):
        if number in around:
            continue
        blocks = [*([region.heading] if region.heading else []), *region.all_blocks]
        for block in blocks:
            if any(run.href and is_plumbing(run.href) for run in block.runs):
                continue
            for runs in (block.runs, *block.cells):
                for link in context.links(runs):
                    if link.key not in taken and not is_profile(link.key):
                        left.setdefault(link.key, link.url)
    return list(left.values())
