"""The parts that pages are made of: addresses of searches, the shelf, the plots, the map's names."""

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from index.types import Filters, Issue
from search.results import Highlight, TopicMap, TopicPoints
from tests.conftest import WordEncoder
from tests.served import client, documents, fill
from web import front, i18n, plots, reading, render, shelf
from web.asking import Asked
from web.shortening import shorten

EN = i18n.language("en")
PAIRS = st.lists(
    st.tuples(
        st.sampled_from(["q", "section", "kind", "host", "year", "issue", "from", "to", "sort", "mode", "cursor", "x"]),
        st.text(max_size=12),
    ),
    max_size=8,
)


@given(PAIRS)
def test_any_address_can_be_read_and_written_again(pairs: list[tuple[str, str]]) -> None:
    asked = Asked.read(pairs)
    again = Asked.read(parse_qsl(urlsplit(asked.href).query, keep_blank_values=True))
    assert again == asked
    asked.ask()
    for name, value in asked.conditions:
        assert (name, value) not in asked.toggled(name, value).conditions


def test_an_address_becomes_conditions() -> None:
    asked = Asked.read(
        parse_qsl("q=a+b&section=X&section=Y&year=2021&issue=3&from=2021-01-02&to=2021-01-31&sort=newest")
    )
    ask = asked.ask()
    assert (ask.query, ask.sort, ask.limit) == ("a b", "newest", 20)
    assert ask.filters == Filters(
        sections=("X", "Y"), years=(2021,), issues=(3,), after=dt.date(2021, 1, 2), before=dt.date(2021, 2, 1)
    )
    assert asked.feed == "q=a+b&section=X&section=Y&year=2021&issue=3&from=2021-01-02&to=2021-01-31"


def issues(count: int, days: int = 7) -> list[Issue]:
    """Newest first, as the archive lists them."""
    first = dt.date(2000, 1, 3)
    made = [
        Issue(title=f"No {n}", number=n, date=first + dt.timedelta(days=n * days), year=2000, id=n)
        for n in range(count)
    ]
    return made[::-1]


def test_the_shelf_runs_from_old_to_new_and_lights_what_it_is_told() -> None:
    made = shelf.spines(issues(3, 300), {0: 10, 1: 5, 2: 1}, EN, {1: 4, 2: 2}, here=0)
    assert [spine.href for spine in made] == ["/issues/0", "/issues/1", "/issues/2"]
    assert [spine.classes for spine in made] == ["s10 here", "s5", "s1"]
    assert [spine.fill for spine in made] == [0, 10, 5]
    assert [spine.year for spine in made] == [2000, None, 2001]
    assert made[1].label == "№ 1 · 29 Oct 2000 · 4 items"


@pytest.mark.parametrize("count", [1, 104, 105, 600, 3000, 9000])
def test_the_shelf_never_grows_too_fine_and_loses_no_match(count: int) -> None:
    run = issues(count, 2)
    made = shelf.spines(run, {issue.id: 10 for issue in run}, EN, {issue.id: 1 for issue in run})
    assert 1 <= len(made) <= shelf.SPINES
    assert all(spine.fill for spine in made)


def test_a_trend_fills_missing_months_with_zero() -> None:
    drawn = plots.trend([(dt.date(2021, 1, 1), 4), (dt.date(2021, 3, 1), 2)])
    heights = [float(point.split(",")[1]) for point in drawn.line.split()]
    assert len(heights) == 3
    assert heights[1] == plots.HEIGHT - 2 > heights[2] > heights[0]
    assert drawn.peak == (dt.date(2021, 1, 1), 4)
    assert plots.trend([]).line == ""
    assert len(plots.trend([(dt.date(2021, 1, 1), 4)]).line.split()) == 2


def test_a_trend_over_centuries_stays_small() -> None:
    drawn = plots.trend([(dt.date(21, 5, 1), 1), (dt.date(2021, 4, 1), 3), (dt.date(2021, 5, 1), 2)])
    assert 200 < len(drawn.line.split()) <= plots.MOST_POINTS
    heights = [float(point.split(",")[1]) for point in drawn.line.split()]
    assert heights[-1] == min(heights), "the last two months are taken together"
    assert drawn.peak == (dt.date(2021, 4, 1), 3)


def test_names_on_the_map_do_not_cover_each_other() -> None:
    crowd = [plots.Name(n, f"name of topic {n}", 700, 500, 1) for n in range(12)]
    placed = plots._placed(crowd)
    shown = [plots._box(name, 23) for name in placed if name.rank != "minor"]
    assert 2 <= len(shown) < 12
    assert all(plots._free(box, shown[:n]) for n, box in enumerate(shown))
    assert sum(name.rank == "first" for name in placed) < len(shown)
    assert [name.topic_id for name in placed] == list(range(12))


def test_names_at_the_border_can_be_read() -> None:
    edges = [
        plots.Name(n, "an engine · 蒸汽机车", x, y, 1) for n, (x, y) in enumerate([(20, 30), (1480, 975), (20, 975)])
    ]
    for letter in (23, 40):
        for name in plots._placed(edges):
            left, _, right, _ = plots._box(name, letter)
            assert 0 <= left < right <= 1500
    assert plots._placed([plots.Name(0, "Ink", 1440, 500, 1)])[0].x == 1440, "a short name stays with its points"


def test_a_name_stands_where_most_of_its_points_are() -> None:
    places = np.array([[0.1, 0.1]] * 4 + [[0.9, 0.9]] * 3 + [[0.5, 0.2]], dtype=np.float32)
    assert plots._thickest(places) == (166, 116)


def test_an_empty_map_draws_nothing() -> None:
    build = documents  # any archive's build would do; the drawing does not look at it
    nothing = TopicPoints(np.empty(0, np.int64), np.empty((0, 2), np.float32), np.empty(0, np.int64))
    drawn = plots.draw(TopicMap((), nothing, build))  # type: ignore[arg-type]
    assert (drawn.dots, drawn.names, drawn.total) == ([], [], 0)


def test_an_issue_without_a_date_belongs_to_the_year_of_its_neighbours() -> None:
    run = issues(5, 200)
    gaps = [replace(issue, date=None, year=None) if issue.id in (0, 2, 4) else issue for issue in run]
    assert reading._years(gaps) == {4: 2001, 3: 2001, 2: 2000, 1: 2000, 0: 2000}
    assert reading._years([replace(run[0], date=None, year=None)]) == {4: 0}
    assert [spine.year for spine in shelf.spines(gaps, {}, EN)] == [None, 2000, None, 2001, None]


@pytest.mark.parametrize(
    ("text", "code"),
    [("画像の生成", "ja"), ("图像 · 生成", "zh"), ("GAN · image", None), ("", None), ("トークン", "ja")],
)
def test_a_text_of_unknown_language_is_read_by_its_script(text: str, code: str | None) -> None:
    assert render.script(text) == code


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("short enough", "short enough"),
        ("a sentence that goes on for very long, and further", "a sentence that goes on for very…"),
        ("GTA5 " + "数" * 60, "GTA5 " + "数" * 34 + "…"),
        ("x" * 60, "x" * 39 + "…"),
    ],
)
def test_texts_are_shortened_between_words_or_characters(text: str, short: str) -> None:
    assert shorten(text, 34 if " that " in text else 40) == short


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "data:text/html,x", "//evil", "http://[broken"])
def test_only_well_formed_web_addresses_are_linked(url: str | None) -> None:
    assert render.outward(url) is None
    assert render.outward("https://fine.example/a?b#c") == "https://fine.example/a?b#c"


def test_marks_escape_what_they_mark() -> None:
    shown = render.mark(Highlight("summary", "a <b> & c", ((2, 5), (8, 9))))
    assert shown == Markup("a <mark>&lt;b&gt;</mark> &amp; <mark>c</mark>")


def test_data_blocks_cannot_be_ended_by_a_text() -> None:
    assert "</script" not in render.data_block({"a": "</script><!--"})


@pytest.mark.parametrize(
    ("title", "name", "rest"),
    [
        ("The Weekly: Summary of May", "The Weekly", "Summary of May"),
        ("The Weekly", "The Weekly", "The Weekly"),
        ("Summary", "", "Summary"),
    ],
)
def test_an_issue_is_called_without_its_newsletter(title: str, name: str, rest: str) -> None:
    assert render.without(title, name) == rest


@pytest.mark.parametrize(
    ("text", "rtl"),
    [
        ("مدن تبرد نفسها", True),
        ("«3» תרגום", True),
        ("GAN بالعربية", False),
        ("数据", False),
        ("★ 2 / 3", False),
        ("", False),
    ],
)
def test_a_text_runs_as_its_first_letter_does(text: str, rtl: bool) -> None:
    assert render.direction(text) == (' dir="rtl"' if rtl else "")


def test_the_front_page_can_be_made_ready(tmp_path: Path) -> None:
    with fill(tmp_path) as archive, client(archive) as site:
        model = archive.encoder
        assert isinstance(model, WordEncoder)
        asked = model.encoded
        front.warm(archive)
        ready = model.encoded
        assert ready > asked
        assert site.get("/", headers={"Accept": "text/html"}).status_code == 200
        assert model.encoded == ready, "nothing was left to be asked of the model"


@pytest.mark.parametrize("count", [3, 30, 104])
def test_the_years_below_a_shelf_have_room(count: int) -> None:
    made = shelf.spines(issues(count, 365), {}, EN)
    at = [place for place, spine in enumerate(made) if spine.year]
    room = -(-len(made) // shelf.LABELS)
    assert at[0] == 0
    assert all(after - before >= room * (1 + ("last" in made[after].classes)) for before, after in pairwise(at))
    ends = [place for place, spine in enumerate(made) if "last" in spine.classes]
    assert all(len(made) - place < room for place in ends), "only what has no room on its right is set to the left"


def test_an_excerpt_says_where_the_text_goes_on_and_its_dots_never_stand_alone() -> None:
    item = replace(documents(1)[0].items[0], summary="One & two. Three <four>. Five.")
    middle = render.excerpt(Highlight("summary", "Three <four>.", ((0, 5),)), item)
    assert middle == "…\N{NO-BREAK SPACE}<mark>Three</mark> &lt;four&gt;.\N{NO-BREAK SPACE}…"
    assert render.excerpt(Highlight("summary", "One & two.", ()), item) == "One &amp; two.\N{NO-BREAK SPACE}…"
    assert render.excerpt(Highlight("summary", "Five.", ()), item) == "…\N{NO-BREAK SPACE}Five."
    assert isinstance(middle, Markup)


def test_dots_between_names_never_begin_a_line_and_words_are_listed_as_their_script_does() -> None:
    assert render.tied("bees · honey · wax") == "bees\N{NO-BREAK SPACE}· honey\N{NO-BREAK SPACE}· wax"
    assert render.series(["bees", "honey"]) == "bees, honey"
    assert render.series(["蜜蜂", "honey"]) == "蜜蜂、honey"
