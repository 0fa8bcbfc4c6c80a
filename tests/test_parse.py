"""From bytes to a document: encodings, front matter, dates, refusals, repairs, and the rules that decide on items."""

import datetime as dt
import hashlib

import pytest

from index.types import Document
from ingest.parse.blocks import text_of
from ingest.parse.dates import is_date, names_an_issue, printed_in
from ingest.parse.document import NotAnIssue, decode, parse
from ingest.parse.language import language_of
from ingest.parse.repair import mend
from ingest.parse.walker import from_html, from_markdown, parse_html

LIST = (
    "\n\n## Links\n\n* [First thing](https://a.example/1) is here.\n* [Second thing](https://a.example/2): it works.\n"
)


def markdown(text: str, source: str = "x.md") -> Document:
    return parse(text.encode(), source)


def keys(document: Document) -> list[str | None]:
    return [item.key for item in document.items]


# ---- bytes


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("# 山海周刊（第 57 期）" + LIST, "utf-8"),
        ("# 山海周刊（第 57 期）" + LIST, "utf-8-sig"),
        ("# 山海周刊（第 57 期）" + LIST, "utf-16"),
        ("# 山海周刊（第 57 期）\n\n这里记录每周值得看的东西，每个星期五的早上发布，欢迎大家投稿。" + LIST, "gb18030"),
        ("# Lettre nº 57\n\nUne année d'étés brûlés, déjà racontée à l'école." + LIST, "cp1252"),
    ],
)
def test_encodings(text: str, encoding: str) -> None:
    document = parse(text.encode(encoding), "x.md")
    assert document.issue.number == 57
    assert keys(document) == ["a.example/1", "a.example/2"]


def test_a_page_is_read_in_the_encoding_it_declares() -> None:
    page = "<html><head><meta charset='shift_jis'><title>週刊しおり 第12号</title></head><body><h2>記事</h2><ul>"
    page += "<li><a href='https://a.example/1'>朝の図書館</a></li><li><a href='https://a.example/2'>港町</a></li></ul>"
    document = parse(page.encode("shift_jis"), "x.html")
    assert document.issue.title == "週刊しおり 第12号"
    assert [item.title for item in document.items] == ["朝の図書館", "港町"]
    assert document.issue.language == "ja"


def test_a_few_broken_bytes_do_not_change_the_encoding() -> None:
    assert decode("山海周刊 ".encode() * 50 + b"\xff\xfe\xff ok").startswith("山海周刊")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"PK\x03\x04\0\0\0\0" + bytes(range(256)), "no text"),
        (b"just a few words without any link", "item"),
        (b"# A title\n\nAn essay without links or parts, which is pleasant to read but presents nothing.", "item"),
        (b"<html><body></body></html>", "no text"),
    ],
)
def test_refusals_say_why(raw: bytes, reason: str) -> None:
    with pytest.raises(NotAnIssue, match=reason):
        parse(raw, "x.md" if not raw.startswith(b"<") else "x.html")


def test_markdown_and_html_are_told_apart() -> None:
    page = b"<html><body><h1>News 4</h1><p><a href='https://a.example/1'><b>A title</b></a></p><p>And what it is.</p>"
    assert keys(parse(page, "https://news.example/4")) == ["a.example/1"]
    assert keys(parse(page, "no-ending")) == ["a.example/1"]
    assert keys(parse(page, "x.md")) == ["a.example/1"]  # raw HTML within Markdown
    assert keys(parse(page, "x.bin", media_type="text/html; charset=utf-8")) == ["a.example/1"]


def test_source_hash_and_aliases() -> None:
    text = "# News 4\n\n> Original: <https://medium.com/news/news-4-0123456789ab?source=rss>" + LIST
    document = markdown(text, "here/x.md")
    assert document.source == "here/x.md"
    assert document.content_hash == hashlib.sha256(text.encode()).hexdigest()
    assert document.issue.url == "https://medium.com/news/news-4-0123456789ab"
    assert document.aliases == ("medium.com/news/news-4-0123456789ab", "medium:0123456789ab")


# ---- what a document says of itself


def test_front_matter_in_both_forms() -> None:
    for head in (
        '---\ntitle: "Letter 214"\ndate: 2024-03-06\ncanonical_url: https://l.example/214\n---\n',
        "Title: Letter 214\nNumber: 214\nDate: 2024-03-06\nUrl: https://l.example/214\n",
    ):
        issue = markdown(head + LIST).issue
        assert (issue.title, issue.number, issue.date) == (
            "Letter 214",
            214,
            dt.date(2024, 3, 6),
        ), head
        assert issue.url == "https://l.example/214"


def test_front_matter_of_other_kinds() -> None:
    for head in (
        '+++\ntitle = "Letter 214"\npublishdate = 2024-03-06\n+++\n',
        "---\ntitle: ! 'Letter 214'\ndate:\npublish_date: '2024-03-06T13:00:00Z'\n---\n",
        "---\ntitle: >-\n  Letter\n  214\ndate: 2024-03-06\nlinks:\n" + "- text: x\n  url: y\n" * 200 + "---\n",
    ):
        issue = markdown(head + LIST).issue
        assert (issue.title, issue.number, issue.date) == ("Letter 214", 214, dt.date(2024, 3, 6)), head[:40]


def test_the_name_of_the_file_says_what_the_text_does_not() -> None:
    issue = parse(LIST.encode(), "letters/bread-2021-05-12-draft.md").issue
    assert issue.date == dt.date(2021, 5, 12)
    issue = parse(LIST.encode(), "letters/20210512.md").issue
    assert issue.date == dt.date(2021, 5, 12)
    issue = parse(LIST.encode(), "posts/2021-05-12-on-bread.md").issue
    assert (issue.title, issue.date, issue.year) == ("2021 05 12 on bread", dt.date(2021, 5, 12), 2021)
    issue = parse(("# News, 3 June 2021" + LIST).encode(), "posts/2020-01-01.md").issue
    assert (issue.title, issue.date) == ("News, 3 June 2021", dt.date(2021, 6, 3))


def test_metadata_of_a_page() -> None:
    page = (
        "<html lang='de-AT'><head><title>Seite</title><meta property='og:title' content='Der Brief Nr. 9'>"
        "<link rel='canonical' href='https://brief.example/9'><meta property='og:site_name' content='Der Brief'>"
        "<meta property='article:published_time' content='2022-05-01T08:00:00Z'></head><body>"
        "<article><h1>Der Brief Nr. 9</h1>"
        "<h2>Lesen</h2><ul><li><a href='/a'>Ein Text</a></li>"
        "<li><a href='https://b.example/'>Noch einer</a></li></ul></article></body></html>"
    )
    document = parse(page.encode(), "https://cache.example/1")
    issue = document.issue
    assert (issue.title, issue.newsletter, issue.number) == ("Der Brief Nr. 9", "Der Brief", 9)
    assert (issue.date, issue.year, issue.language) == (dt.date(2022, 5, 1), 2022, "de")
    assert issue.url == "https://brief.example/9"
    assert keys(document) == ["brief.example/a", "b.example"]


@pytest.mark.parametrize(
    ("title", "opening", "expected"),
    [
        ("Weekly #21", "", (21, None, None, None)),
        ("Weekly — Issue 33", "", (33, None, None, None)),
        ("The 10th issue", "", (10, None, None, None)),
        ("Vol. 7: on bread", "", (7, None, None, None)),
        ("周刊（第 186 期）：慢", "", (186, None, None, None)),
        ("週刊 第12号", "", (12, None, None, None)),
        ("山海周刊 第二十一期", "", (21, None, None, None)),
        ("山海周刊 第一百零五期", "", (105, None, None, None)),
        ("2020 年第 37 周", "", (None, None, 2020, 37)),
        ("ML news week 9, 2021", "", (None, None, 2021, 9)),
        ("News # 2020 年第 50 周", "", (None, None, 2020, 50)),
        ("News #第 3 周，2021", "以下是 2021 年第 3 周(1 月 10 日~)", (None, dt.date(2021, 1, 10), 2021, 3)),
        ("News #21", "2021 年第 26 周(6 月 27 日~)总结", (21, dt.date(2021, 6, 27), 2021, 26)),
        ("Letter, June 5, 2023", "", (None, dt.date(2023, 6, 5), 2023, None)),
        ("Letter 31 — 4 November 2022", "", (None, dt.date(2022, 11, 4), 2022, None)),
        ("Notes 2021-05-12", "", (None, dt.date(2021, 5, 12), 2021, None)),
        ("2023年9月1日号", "", (None, dt.date(2023, 9, 1), 2023, None)),
        ("Summary; February 2021", "", (None, None, 2021, None)),
        ("This Week in Oxide 608", "", (608, None, None, None)),
        ("The best of 2019", "", (None, None, 2019, None)),
        ("Notes 2021-02-31", "", (None, None, 2021, None)),
        ("Der Brief, Ausgabe 12", "Vom 5. März 2021", (12, dt.date(2021, 3, 5), 2021, None)),
        ("La lettre n°45 – 1er août 2022", "", (45, dt.date(2022, 8, 1), 2022, None)),
        ("Boletín, número 7", "Madrid, 12 de marzo de 2021", (7, dt.date(2021, 3, 12), 2021, None)),
        ("Письмо. Выпуск 8", "4 мая 2020", (8, dt.date(2020, 5, 4), 2020, None)),
        ("제 3호", "2025년 8월 29일", (3, dt.date(2025, 8, 29), 2025, None)),
        ("Semaine 12, 2021", "", (None, None, 2021, 12)),
        ("News #8 May 2021", "", (8, None, 2021, None)),
        ("Digest #1 - 2021 recap", "Sent on the 21st of February, 2022", (1, dt.date(2022, 2, 21), 2022, None)),
    ],
)
def test_dates(title: str, opening: str, expected: tuple[int | None, dt.date | None, int | None, int | None]) -> None:
    printed = printed_in(title, [opening])
    assert (printed.number, printed.date, printed.year, printed.week) == expected


def test_a_line_that_is_only_a_date() -> None:
    for text in (
        "2013-07-27",
        "Sunday, July 27, 2013",
        "27 July 2013",
        "(2021-03-04)",
        "2013年7月27日(土)",
        "1. Mai 2020",
    ):
        assert is_date(text), text
    for text in ("July 27", "August 10-12, 2013", "2013-07-27 and more", "Riga, 1 May 2020, in the evening", "2013"):
        assert not is_date(text), text


def test_names_of_issues() -> None:
    assert names_an_issue("Weekly #20")
    assert names_an_issue("第 48 周")
    assert names_an_issue("2020 年 11 月汇总")
    assert not names_an_issue("Why 20 cats sleep")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("这是一篇关于 Transformer 模型的 paper", "zh"),
        ("これは Transformer の論文です", "ja"),
        ("이것은 논문입니다", "ko"),
        ("A plain English sentence about papers and bread.", "en"),
        ("Ein deutscher Satz über das Lesen von Zeitungen am Morgen.", "de"),
        ("42", None),
        ("Contribute to the Weaver with Thread and ThreadHub", "en"),
        ("R Loom Consortium notes", None),
        ("The loom is one of the things that can be mended by anybody who has a spoon. " * 20, "en"),
    ],
)
def test_languages(text: str, language: str | None) -> None:
    assert language_of(text) == language


# ---- blocks and repairs


def test_control_characters_between_kept_lines() -> None:
    told = "A text that is long enough to show that no editor keeps the lines of this page short. " * 3
    page = (
        f"<html><body><h2>Part</h2><p><a href='https://loom.example/1'>A loom</a>\n{told}\x01\x0b</p>"
        f"<p><a href='https://loom.example/2'>Two looms</a>\n{told}</p></body></html>"
    )
    assert [item.key for item in parse(page.encode(), "page.html").items] == ["loom.example/1", "loom.example/2"]


def test_blocks_of_both_formats_agree() -> None:
    source = "# A\n\nSome *slanted* [link](https://a.example)\n\n* one\n    * two\n\n1. three\n\n> said\n"
    source += "\n---\n\n![](i.png)\n"
    page = (
        "<h1>A</h1><p>Some <em>slanted</em> <a href='https://a.example'>link</a></p>"
        "<ul><li>one<ul><li>two</li></ul></li></ul>"
        "<ol><li>three</li></ol><blockquote><p>said</p></blockquote><hr><p><img src='i.png'></p>"
    )
    root = parse_html(page)
    assert root is not None
    shape = [
        (block.kind, text_of(block.runs), block.level, block.number, block.quoted) for block in from_markdown(source)
    ]
    assert shape == [
        (block.kind, text_of(block.runs), block.level, block.number, block.quoted) for block in from_html(root)
    ]
    assert shape == [
        ("heading", "A", 1, None, False),
        ("paragraph", "Some slanted link", 0, None, False),
        ("item", "one", 1, None, False),
        ("item", "two", 2, None, False),
        ("item", "three", 1, 1, False),
        ("paragraph", "said", 0, None, True),
        ("rule", "", 0, None, False),
        ("image", "", 0, None, False),
    ]


def test_hidden_text_and_widgets_are_not_read() -> None:
    root = parse_html(
        "<div style='display:none'>preview</div><p class='button-wrapper'><a href='https://a.example'>Share</a></p>"
        "<script>x</script><p>seen<img src='https://t.example/open.gif' width='1' height='1'></p>"
    )
    assert root is not None
    assert [(block.kind, text_of(block.runs), block.images) for block in from_html(root)] == [("paragraph", "seen", ())]


def test_a_card_whose_text_spans_blocks_comes_together() -> None:
    text = (
        "**[](https://a.example/x) [## The title [part 1]: more\n\n### What it is…\n\n"
        "a.example](https://a.example/x?utm_source=n) \n\nOwn words.**"
    )
    card, own = mend(from_markdown(text))
    assert (card.kind, text_of(card.runs), card.runs[0].href) == (
        "card",
        "The title [part 1]: more",
        "https://a.example/x?utm_source=n",
    )
    assert card.detail == "What it is…"
    assert text_of(own.runs) == "Own words."


@pytest.mark.parametrize(
    ("text", "label", "href"),
    [
        (
            "【https://arxiv.org/abs/2008.01883 \n",
            "https://arxiv.org/abs/2008.01883",
            "https://arxiv.org/abs/2008.01883",
        ),
        ("see https://a.example/x_(y), and", "https://a.example/x_(y)", "https://a.example/x_(y)"),
        ("【a.example】(https://a.example/1)", "a.example", "https://a.example/1"),
        (
            "https://a.example/papers/My _ Long _ Name . pdf",
            "https://a.example/papers/My_Long_Name.pdf",
            "https://a.example/papers/My_Long_Name.pdf",
        ),
        (
            "[words then https://arxiv.org/abs/2012.00759](https://arxiv.org/abs/2012.00759)",
            "https://arxiv.org/abs/2012.00759",
            "https://arxiv.org/abs/2012.00759",
        ),
    ],
)
def test_lost_links_come_back(text: str, label: str, href: str) -> None:
    (block,) = mend(from_markdown(text))
    assert [(run.text, run.href) for run in block.runs if run.href] == [(label, href)]


def test_lines_of_dashes_are_rules_and_stray_marks_go() -> None:
    blocks = mend(
        from_markdown("****— — — — –****\n\n## **- - -** **—**\n\n*****A title* and more****\n\nT21\n\na*b keeps 2**3")
    )
    assert [block.kind for block in blocks] == ["rule", "rule", "paragraph", "paragraph"]
    assert text_of(blocks[2].runs) == "A title and more"
    assert text_of(blocks[3].runs).startswith("a*b")


# ---- what is an item


def test_navigation_is_no_item() -> None:
    document = markdown(
        "# Garden Notes #12\n\n> From: <https://medium.com/garden/garden-notes-12-0123456789ab>\n\n"
        "[Garden Notes #11](https://elsewhere.example/11) | [next](/garden/garden-notes-13-00aa11bb22cc)\n" + LIST
    )
    assert keys(document) == ["a.example/1", "a.example/2"]
    assert document.unassigned == ()


def test_a_digest_becomes_notes_and_mentions_in_passing_are_nothing() -> None:
    document = markdown(
        "# News 3\n\n## This week\n\n"
        "* [A faster oven](https://a.example/oven) came out. I like ovens.\n"
        "* Many bakers wrote in. Since the [big one](https://a.example/big) in 2019 nothing like it was seen.\n"
        "* I also read [a long study of crusts](https://a.example/crusts), which says that thin is better.\n\n---\n\n"
        "## 1. Tools\n\n### [The oven that waits](https://a.example/oven?utm_source=x)\n\n"
        "It waits until the dough is ready.\n\n"
        "### [Scales](https://a.example/scales)\n\nThey weigh flour.\n"
    )
    assert [(item.title, item.section, item.note) for item in document.items] == [
        ("a long study of crusts", "This week", None),
        ("The oven that waits", "Tools", "A faster oven came out. I like ovens."),
        ("Scales", "Tools", None),
    ]
    assert document.items[0].summary == "I also read a long study of crusts, which says that thin is better."
    assert document.unassigned == ("https://a.example/big",)


def test_a_last_entry_that_is_only_a_title_stays_unless_it_names_another_issue() -> None:
    body = (
        "# News 3\n\n## Tools\n\n### [Scales](https://a.example/scales)\n\nThey weigh flour, water and salt.\n\n"
        "### [Sieves](https://a.example/sieves)\n\nThey let the fine through.\n\n## Other\n\n"
    )
    document = markdown(body + "### [Oven gloves 1.0](https://a.example/gloves)\n")
    assert [(item.title, item.section) for item in document.items][-1] == ("Oven gloves 1.0", "Other")
    document = markdown(body + "### [News, issue 2](https://a.example/gloves)\n")
    assert [item.title for item in document.items] == ["Scales", "Sieves"]


def test_two_paragraphs_that_open_with_links_are_two_items() -> None:
    document = markdown(
        "[Bicycles again](https://a.example/fold): the folding one got cheaper.\n\n"
        "[A lamp that knows when you sleep](https://a.example/lamp): creepy, useful.\n"
    )
    assert [(item.title, item.summary) for item in document.items] == [
        ("Bicycles again", "the folding one got cheaper."),
        ("A lamp that knows when you sleep", "creepy, useful."),
    ]


def test_the_heading_wins_over_the_card_inside() -> None:
    document = markdown(
        "# News 3\n\n## Papers\n\n### [A title](https://a.example/own)\n\n"
        "[](https://b.example/other) [## Another title\n\n"
        "### Its text\n\nb.example](https://b.example/other)\n\nWhat the newsletter says.\n\n"
        "### [Next](https://a.example/next)\n\nMore.\n"
    )
    first = document.items[0]
    assert (first.title, first.key, first.summary) == ("A title", "a.example/own", "What the newsletter says.")


def test_a_lost_title_is_taken_from_the_card_or_the_paper() -> None:
    document = markdown(
        "# News 3\n\n# 1. Papers\n\n"
        "[](https://arxiv.org/abs/2104.06601)**—**[**arxiv.org**](https://arxiv.org/abs/2104.06601)\n\n"
        "*[2104.06601] Seeing nothing first* They see nothing, and then they see it.\n\n"
        "[](https://a.example/x) **—**[**a.example**](https://a.example/x)\n\n"
        "[](https://a.example/x) [## The card's title\n\n"
        "### Text\n\na.example](https://a.example/x)\n\nA description.\n"
    )
    assert [(item.title, item.subtitle) for item in document.items] == [
        ("Seeing nothing first", "Seeing nothing first"),
        ("The card's title", None),
    ]


def test_two_entries_under_one_title_line_are_two() -> None:
    document = markdown(
        "# News 3\n\n# 1. Papers\n\n[**First**](https://arxiv.org/abs/2102.12092)\n\n![](a.png)\n\n"
        "*[2102.12092] One title*\nOne text.\n\n"
        "![](b.png)\n\n*[2102.06171] Other title*\nOther text.\n\n[**Third**](https://a.example/3)\n\nThird text.\n"
    )
    assert [(item.key, item.subtitle, item.summary, item.image) for item in document.items] == [
        ("arxiv:2102.12092", "One title", "One text.", "a.png"),
        ("arxiv:2102.06171", "Other title", "Other text.", "b.png"),
        ("a.example/3", None, "Third text.", None),
    ]


def test_an_entry_is_there_once() -> None:
    document = markdown(
        "# News 3" + LIST + "\n## Again\n\n* [First thing](https://www.a.example/1/?utm_source=y), once more\n"
    )
    assert keys(document) == ["a.example/1", "a.example/2"]


def test_about_and_subscribe_are_nothing() -> None:
    document = markdown(
        "# News 3\n\n## Reading\n\n### [One](https://a.example/1)\n\nWhat it says.\n\n"
        "### [Two](https://a.example/2)\n\nMore.\n\n"
        "# About me\n\nI write this in [Lund](https://lund.example/).\n\n# 订阅\n\n"
        "每周五发布在[博客](https://blog.example/x)。\n"
    )
    assert keys(document) == ["a.example/1", "a.example/2"]
    assert document.unassigned == ()


def test_what_the_opening_tells_of_is_still_an_item_below() -> None:
    document = markdown(
        "# News 3\n\nToday: [one](https://a.example/1) and [shed](https://github.com/garden/shed). "
        "This letter lives at [GitHub](https://github.com/news/letter).\n\n## Reading\n\n"
        "[**One thing**](https://a.example/1)\n\nWhat it says.\n\n"
        "[**shed**](https://github.com/garden/shed)\n\nWhat it holds.\n\n"
        "## Notes\n\nCorrections go to [the repository](https://github.com/news/letter), and are read on Sundays.\n"
    )
    assert keys(document) == ["a.example/1", "github:garden/shed"]


def test_a_bold_title_below_a_linked_heading_is_the_next_entry() -> None:
    """One entry of many was set as a heading; the next, set in bold as all others are, does not belong to it."""
    document = markdown(
        "# The Harbour Letter #9\n\n## Papers\n\n"
        "**[Mapping kelp from orbit](https://a.example/kelp)**\n\nThey count kelp forests in satellite pictures.\n\n"
        "## [Hearing whales through ice](https://a.example/whales)\n\n"
        "Microphones under the ice tell three species of whale apart.\n\n"
        "**[Sorting shells by sound](https://a.example/shells)**\n\n"
        "A falling shell is recognised by the sound that it makes on a plate.\n\n"
        "## [Tides in old diaries](https://a.example/tides)\n\n"
        "Two centuries of tides are read from the diaries of harbour masters.\n\n"
        "**[Read the paper](https://a.example/tides)**\n"
    )
    assert [(item.title, item.summary) for item in document.items] == [
        ("Mapping kelp from orbit", "They count kelp forests in satellite pictures."),
        ("Hearing whales through ice", "Microphones under the ice tell three species of whale apart."),
        ("Sorting shells by sound", "A falling shell is recognised by the sound that it makes on a plate."),
        ("Tides in old diaries", "Two centuries of tides are read from the diaries of harbour masters."),
    ]


def test_rows_name_their_paper_by_bold_words_a_dash_or_a_gap() -> None:
    """Bold words further inside a cell are no name, and links to the newsletter's own profiles are no entries."""
    document = markdown(
        "# Papers at Breakfast\n\n[Follow us](https://twitter.com/breakfast)\n\n[Talk to us](https://discord.gg/AbC1dE)\n\n"
        "## Papers of the week (June 5 - June 11) - 2023\n\n| **Paper** | **Links** |\n| --- | --- |\n"
        "| 1) Listening Adapters  Two adapters are tuned in turns. ● Half the memory <br> ● **No** loss "
        "| [Paper](https://arxiv.org/abs/2306.00101), [Tweet](https://twitter.com/a/status/1) |\n"
        "| 2) **Mapping the Void** - A survey of what is left out. | [Paper](https://arxiv.org/abs/2306.00202v2) |\n"
        "| 3) **Patient Diffusion**  An image model that stops early. | [Paper](https://arxiv.org/abs/2306.00303) |\n"
    )
    assert [(item.key, item.title, item.summary) for item in document.items] == [
        (
            "arxiv:2306.00101",
            "Listening Adapters",
            "Two adapters are tuned in turns. ● Half the memory ● No loss",
        ),
        ("arxiv:2306.00202", "Mapping the Void", "A survey of what is left out."),
        ("arxiv:2306.00303", "Patient Diffusion", "An image model that stops early."),
    ]
    assert {item.section for item in document.items} == {"Papers of the week (June 5 - June 11) - 2023"}
