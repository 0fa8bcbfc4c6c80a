"""Exports as the platforms give them, made in code for an invented newsletter. Each is a dict of member names."""

import csv
import io
import json
from collections.abc import Mapping, Sequence

ENTRIES = {
    1: [
        ("Sorting pebbles by sound", "https://arxiv.org/abs/2101.01001", "A microphone tells granite from slate."),
        ("Maps that fold themselves", "https://fold.example/maps", "A sheet of paper finds its own creases."),
        ("Tides in a teacup", "https://arxiv.org/abs/2101.01003", "Small waves are enough to learn fluid motion."),
    ],
    2: [
        ("Owls that count", "https://owls.example/count", "Counting calls in long night recordings."),
        ("A loom for graphs", "https://arxiv.org/abs/2102.02002", "Weaving patterns as a layout of graphs."),
        ("Clocks without hands", "https://clocks.example/hands", "Telling time from the noise of a street."),
    ],
    3: [
        ("Knots for beginners", "https://knots.example/", "Every knot is a sentence in a small grammar."),
        ("Learning to whistle", "https://arxiv.org/abs/2103.03002", "Pitch from lip shape, in a few minutes of video."),
        ("Lanterns on the river", "https://lanterns.example/", "Tracking lights that drift and cross."),
    ],
}


def title(number: int) -> str:
    return f"The Paper Kite #{number}"


def titles(number: int) -> list[str]:
    return [name for name, _, _ in ENTRIES[number]]


def body(number: int) -> str:
    """The issue as the HTML fragment that most platforms keep."""
    entries = (f'<h3><a href="{url}">{name}</a></h3><p>{text}</p>' for name, url, text in ENTRIES[number])
    return "<p>Good morning, and a good wind.</p><h2>Found this week</h2>" + "".join(entries)


def markdown(number: int) -> str:
    entries = (f"### [{name}]({url})\n\n{text}\n" for name, url, text in ENTRIES[number])
    return "Good morning, and a good wind.\n\n## Found this week\n\n" + "\n".join(entries)


def plain(number: int) -> str:
    """The issue as the text part of a mail."""
    return "Good morning.\n\n" + "\n".join(f"* {name}\n{url}\n\n{text}\n" for name, url, text in ENTRIES[number])


def medium_post(number: int, identity: str) -> str:
    """A post page of Medium's export: the title stands in the header and again in the body."""
    blocks = "".join(
        f'<h3 class="graf graf--h3">{name}</h3><p class="graf graf--p"><a href="{url}" data-href="{url}" '
        f'class="markup--anchor markup--p-anchor">{url}</a></p><p class="graf graf--p">{text}</p>'
        for name, url, text in ENTRIES[number]
    )
    canonical = f"https://medium.com/@kite/the-paper-kite-{number}-{identity}"
    return f"""<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<title>{title(number)}</title></head><body><article class="h-entry">
<header><h1 class="p-name">{title(number)}</h1></header>
<section data-field="subtitle" class="p-summary">Things that fly.</section>
<section data-field="body" class="e-content"><section name="a1b2" class="section section--body section--first">
<div class="section-divider"><hr class="section-divider"></div><div class="section-content">
<div class="section-inner sectionLayout--insetColumn"><h3 name="c3d4" class="graf graf--h3 graf--title">{title(number)}
</h3>{blocks}</div></div></section></section>
<footer><p>By <a href="https://medium.com/@kite" class="p-author h-card">Kite</a> on
<a href="https://medium.com/p/{identity}"><time class="dt-published" datetime="2021-02-0{number}T11:23:34.123Z">
February {number}, 2021</time></a>.</p><p><a href="{canonical}" class="p-canonical">Canonical link</a></p>
<p>Exported from <a href="https://medium.com">Medium</a> on March 5, 2021.</p></footer></article></body></html>"""


def medium() -> dict[str, str]:
    response = medium_post(1, "0123456789ab")
    start, end = response.index("<h3 class="), response.index("</div></div></section>")
    response = response[:start] + '<p class="graf graf--p">Well said, thank you.</p>' + response[end:]
    return {
        "README.html": "<h1>Your export</h1>",
        "profile/profile.html": "<h1>Kite</h1>",
        "sessions/session-0001.html": "<p>private</p>",
        "posts/2021-02-01_The-Paper-Kite--1-d36447d724bc.html": medium_post(1, "d36447d724bc"),
        "posts/2021-02-02_The-Paper-Kite--2-e47558e835cd.html": medium_post(2, "e47558e835cd"),
        "posts/draft_The-Paper-Kite--3-f58669f946de.html": medium_post(3, "f58669f946de"),
        "posts/2021-02-09_Well-said-0123456789ab.html": response,
    }


def substack() -> dict[str, str]:
    rows = [
        ["101.kite-1", "2021-02-01T09:00:00.000Z", "true", "newsletter", "The Paper Kite &amp; #1"],
        ["102.kite-2", "2021-02-08T09:00:00.000Z", "TRUE", "newsletter", title(2)],
        ["103.kite-3", "", "false", "newsletter", title(3)],
        ["104.ask-me", "2021-02-10T09:00:00.000Z", "true", "thread", "Ask me anything"],
        ["105.newest", "2021-02-15T09:00:00.000Z", "true", "newsletter", "The Paper Kite #4"],
    ]
    header = ["post_id", "post_date", "is_published", "email_sent_at", "type", "audience", "title", "subtitle"]
    table = table_of([*header, "podcast_url"], [[*r[:3], r[1], r[3], "everyone", r[4], "", ""] for r in rows])
    widget = '<p class="button-wrapper" data-attrs="{}"><a href="https://kite.example/subscribe">Subscribe now</a></p>'
    return {
        "export/posts.csv": table,
        "export/email_list.csv": "email,active\nsomebody@mail.example,true\n",
        "export/posts/101.kite-1.html": body(1) + widget,
        "export/posts/102.kite-2.html": body(2),
        "export/posts/103.kite-3.html": body(3),
        "export/posts/104.ask-me.html": "<p>What would you like to know?</p>",
    }


def ghost() -> dict[str, str]:
    lexical = {"root": {"type": "root", "children": [_lexical_heading("Found this week"), *_lexical_entries(2)]}}
    posts = [
        _ghost_post(1, html=body(1) + '<p><a href="__GHOST_URL__/about/">About us</a></p>'),
        _ghost_post(2, html=None, lexical=json.dumps(lexical)),
        _ghost_post(3, html=None, mobiledoc=json.dumps(_mobiledoc(3))),
        {**_ghost_post(1, html=body(3)), "status": "draft", "slug": "soon", "id": "d", "uuid": "d"},
        {**_ghost_post(1, html="<p>About</p>"), "type": "page", "slug": "about", "id": "p", "uuid": "p"},
    ]
    settings = [{"key": "title", "value": "The Paper Kite"}, {"key": "url", "value": "https://kite.example"}]
    export = {"db": [{"meta": {"version": "5.2.0"}, "data": {"posts": posts, "settings": settings}}]}
    return {"the-paper-kite.ghost.2021-03-05.json": json.dumps(export)}


def _ghost_post(number: int, **fields: object) -> dict[str, object]:
    base = {"id": f"6{number}", "uuid": f"u-{number}", "title": title(number), "slug": f"kite-{number}"}
    dates = {"published_at": f"2021-02-0{number}T09:00:00.000Z", "created_at": "2021-01-01T00:00:00.000Z"}
    return {**base, **dates, "type": "post", "status": "published", "visibility": "public", **fields}


def _lexical_heading(text: str, tag: str = "h2") -> dict[str, object]:
    return {"type": "heading", "tag": tag, "children": [{"type": "text", "text": text, "format": 0}]}


def _lexical_entries(number: int) -> list[dict[str, object]]:
    nodes: list[dict[str, object]] = []
    for name, url, text in ENTRIES[number]:
        link = {"type": "link", "url": url, "children": [{"type": "extended-text", "text": name, "format": 1}]}
        nodes.append({"type": "extended-heading", "tag": "h3", "children": [link]})
        nodes.append({"type": "paragraph", "children": [{"type": "extended-text", "text": text, "format": 0}]})
    return nodes


def _mobiledoc(number: int) -> dict[str, object]:
    markups = [["a", ["href", url]] for _, url, _ in ENTRIES[number]]
    sections: list[list[object]] = [[10, 0]]
    for index, (name, _, text) in enumerate(ENTRIES[number]):
        sections.append([1, "h3", [[0, [index], 1, name]]])
        sections.append([1, "p", [[0, [], 0, text]]])
    cards = [["markdown", {"markdown": "## Found this week"}]]
    return {"version": "0.3.1", "markups": markups, "atoms": [], "cards": cards, "sections": sections}


def buttondown(table: str = "json") -> dict[str, str]:
    rows = [
        ["a-1", "1", "The Paper Kite", "2021-02-01 16:55:00+00:00", "app", "kite-one"],
        ["a-2", "2", title(2), "2021-02-08 16:55:00+00:00", "app", "kite-two"],
        ["a-3", "3", title(3), "", "app", "kite-three"],
    ]
    header = ["id", "secondary_id", "subject", "publish_date", "source", "slug"]
    emails = {
        "emails/kite-one.md": "<!-- buttondown-editor-mode: plaintext -->" + markdown(1),
        "emails/kite-two.md": "<!-- buttondown-editor-mode: fancy -->" + body(2),
        "emails/kite-three.md": markdown(3),
    }
    if table == "csv":
        return {"emails.csv": table_of(header, rows), **emails}
    return {"emails.json": json.dumps([dict(zip(header, row, strict=True)) for row in rows]), **emails}


def beehiiv() -> dict[str, str]:
    header = ["id", "web_title", "status", "audience", "content_tags", "url", "web_subtitle", "email_subject_line"]
    header += ["email_preview_text", "content_html", "thumbnail_url", "created_at"]
    rows = [
        _beehiiv_row("b1", 1, "confirmed"),
        _beehiiv_row("b2", 2, "confirmed"),
        _beehiiv_row("b3", 3, "draft"),
        [*_beehiiv_row("b4", 3, "confirmed")[:9], "", "", "2021-02-22"],
    ]
    return {"posts.csv": table_of(header, rows)}


def _beehiiv_row(identity: str, number: int, status: str) -> list[str]:
    url = f"https://kite.example/p/kite-{number}"
    start = [identity, title(number), status, "free", "kites;wind", url, "", title(number), "A good wind"]
    return [*start, body(number), "", f"2021-02-0{number} 09:00:00"]


def mailchimp() -> dict[str, str]:
    header = ["Title", "Subject", "List", "Send Date", "Unique Id"]
    rows = [
        ["kite one", title(1), "Kites", '"Feb 01, 2021 06:00 pm"', "ab12"],
        ["kite two", "Owls, looms and clocks", "Kites", '"Feb 08, 2021 06:00 pm"', "cd34"],
        ["kite three", "Knots and lanterns, unsent", "Kites", "", "ef56"],
    ]
    page = "<html><head><title>*|MC:SUBJECT|*</title></head><body><table><tr><td>{}</td></tr></table>"
    page += '<p>*|LIST:ADDRESS|*</p><p><a href="*|UNSUB|*">unsubscribe</a></p></body></html>'
    return {
        "88/77/campaigns.csv": table_of(header, rows),
        "88/77/campaigns_content/1201_ab12-kite.html": page.format(body(1)),
        "88/77/campaigns_content/1202_owls-looms-and-clocks.html": page.format(body(2)),
        "88/77/campaigns_content/1203_knots-and-lanterns-unsent.html": page.format(body(3)),
        "88/77/subscribed_members.csv": "Email Address\nsomebody@mail.example\n",
    }


def curated() -> dict[str, str]:
    return {
        "data-export/issues/published/1/1.json": json.dumps(_curated(1, "published")),
        "data-export/issues/published/2/2.json": json.dumps(_curated(2, "published")),
        "data-export/issues/draft/3/3.json": json.dumps(_curated(3, "draft")),
        "data-export/subscribers.csv": "email\nsomebody@mail.example\n",
    }


def _curated(number: int, status: str) -> dict[str, object]:
    links: list[dict[str, object]] = [
        {"type": "Link", "title": name, "url": url, "description": f"<p>{text}</p>", "description_markdown": text}
        for name, url, text in ENTRIES[number]
    ]
    hello: dict[str, object] = {"type": "Text", "title": "Hello", "description": "<p>Good morning.</p>"}
    return {
        "number": number,
        "title": f"Issue {number}",
        "url": f"https://kite.example/issues/{number}",
        "publication_status": status,
        "published_at": f"2021-02-0{number}T21:08:42+00:00",
        "categories": [{"code": "found", "name": "Found this week", "items": [hello, *links]}],
    }


def mail(number: int, subject: str | None = None, html: bool = True) -> bytes:
    """An issue as it arrived."""
    online = f'<p><a href="https://kite.example/issues/{number}">View this email in your browser</a></p>'
    pixel = '<img src="https://count.example/open.gif" width="1" height="1">'
    text = online + body(number) + pixel if html else plain(number)
    kind = "html" if html else "plain"
    return (
        f"Return-Path: <bounce@kite.example>\nReceived: from mx.kite.example\nMIME-Version: 1.0\n"
        f"From: The Paper Kite <kite@kite.example>\nTo: reader@mail.example\n"
        f"Subject: {subject or title(number)}\nDate: Mon, 0{number} Feb 2021 09:00:00 +0000\n"
        f"Message-ID: <issue-{number}@kite.example>\nList-Id: The Paper Kite <kite.kite.example>\n"
        f"Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n"
    ).encode()


def mbox(*messages: bytes) -> bytes:
    return b"".join(b"From kite@kite.example Mon Feb  1 09:00:00 2021\n" + message + b"\n" for message in messages)


def table_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


EXPORTS: Mapping[str, dict[str, str]] = {
    "medium": medium(),
    "substack": substack(),
    "ghost": ghost(),
    "buttondown": buttondown(),
    "beehiiv": beehiiv(),
    "mailchimp": mailchimp(),
    "curated": curated(),
}
