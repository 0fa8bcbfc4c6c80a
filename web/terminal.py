"""Answers for people at a terminal. What scripts get of the same is in `schemas`."""

from collections.abc import Sequence
from typing import Any

import click

from index.types import Issue
from search.results import Answer, Coverage, Hit, Related

from .shortening import shorten

LONGEST = 300
"""Characters of an item's text that are shown of a hit."""
FURTHER = 3
"""Further links that are shown of a hit."""
COLOURS = {"strong": "green", "good": "yellow", "weak": None}


def show_answer(answer: Answer, *, empty: bool) -> None:
    """The hits of a search, the weak ones apart; `empty` says that the archive holds nothing at all."""
    for hint in answer.query.hints:
        click.secho(hint, dim=True)
    if empty:
        click.echo("The archive is empty: `backissues ingest SOURCE` fills it.")
    elif not (answer.close and answer.hits):
        click.echo("Nothing close." + (" Nearest:\n" if answer.hits else ""))
    judged = bool(answer.query.words or answer.query.target)  # conditions alone are met or not
    stronger = sum(hit.match != "weak" for hit in answer.hits)
    for place, hit in enumerate(answer.hits):
        if answer.close and 0 < place == stronger:
            click.secho("Weaker\n", underline=True)
        show_hit(hit, judged=judged)
    if answer.close and answer.total > len(answer.hits):
        weaker = f", {answer.weaker} of them weak" if answer.weaker else ""
        click.secho(f"{len(answer.hits)} of {answer.total}{weaker}; --limit shows more.", dim=True)


def show_related(answer: Related, *, address: bool) -> None:
    """What surrounds an item, or the words of a link (`address`) or text that the archive does not have."""
    if answer.item is not None:
        click.secho(answer.item.title, bold=True)
        if answer.further_link is not None:
            click.secho(f"It also links to {answer.further_link}", dim=True)
        click.echo()
    elif address:
        click.secho("The archive does not have it; this is near to the words of its address.\n", dim=True)
    for name, hits in (("Earlier", answer.earlier), ("Later", answer.later)):
        if hits:
            click.secho(name, underline=True)
        for hit in hits:
            show_hit(hit)


def show_coverage(coverage: Sequence[Coverage]) -> None:
    """For each item of a draft what was covered before, and what to mention."""
    for one in coverage:
        click.secho(one.item.title, bold=True)
        for mention in one.covered:
            click.secho(f"  covered before: {issue_name(mention.issue)} (item {mention.item_id})", fg="yellow")
        if not one.covered:
            click.secho("  not covered before", dim=True)
        for link in one.linked:
            click.echo(f"  linked before:  {link.key} · {issue_name(link.issue)} (item {link.item_id})")
        for hit in one.similar:
            click.echo(f"  worth a link:   {hit.item.title} · {issue_name(hit.issue)} (item {hit.item.id})")


def show_facts(facts: dict[str, Any]) -> None:
    """Names and values, a line each; what is unknown is left out."""
    for name, value in facts.items():
        if value not in ("", None):
            click.echo(f"{name:>15}  {value}")


def show_hit(hit: Hit, *, judged: bool = True) -> None:
    """One hit as three or four lines: title, where it was printed, the sentence that matched, the link."""
    match = "  " + click.style(f"{hit.match} {hit.score:.2f}", fg=COLOURS[hit.match]) if judged else ""
    click.echo(click.style(hit.item.title, bold=True) + match)
    again = f" · also in {', '.join(issue_name(m.issue) for m in hit.also_in)}" if hit.also_in else ""
    place = " · ".join(filter(None, [issue_name(hit.issue), hit.item.section, hit.reason]))
    click.secho(f"  {place}{again} · item {hit.item.id}", dim=True)
    said = next((part.text for part in hit.highlights if part.field not in ("title", "subtitle")), hit.item.summary)
    if said:
        text = " ".join(said.split())
        click.echo(f"  {shorten(text, LONGEST, ' …')}")
    if hit.item.url:
        click.secho(f"  {hit.item.url}", fg="blue")
    for link in hit.item.links[:FURTHER]:
        click.secho(f"  {link.url}" + ("" if link.kind == "article" else f"  {link.kind}"), fg="blue", dim=True)
    click.echo()


def issue_name(issue: Issue) -> str:
    return " · ".join(filter(None, [issue.title, issue.date.isoformat() if issue.date else None]))
