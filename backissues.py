"""Back Issues on the command line, and the only place where all rooms meet.

Every command opens the archive, asks one room for one thing and prints it: for people, or with `--json` in the shapes
of the HTTP API. Rooms and libraries are imported inside the commands, so that `--help` answers at once.
"""

import errno
import gc
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ingest.options import KINDS
from web.options import checked_address, checked_proxies, checked_rate

if TYPE_CHECKING:
    from fastapi import FastAPI

    from index.archive import Archive
    from index.types import Item
    from ingest.options import Options

# A query's matrix products are tiny: split over threads by BLAS, each would wait for a second core to wake up, and
# concurrent readers would wait for each other. Set before numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

Command = TypeVar("Command", bound=Callable[..., Any])


class Commands(click.Group):
    """Turns the errors that are the user's to see into one sentence on stderr and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        from index.errors import ArchiveError

        try:
            return super().invoke(ctx)
        except ArchiveError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:  # `backissues … | head`
            stop_writing()
            raise SystemExit(0) from None
        except OSError as error:  # a full disk, a folder that cannot be made
            stop_writing()
            place = f": {error.filename}" if error.filename else ""
            raise click.ClickException(f"{error.strerror or error}{place}") from error
        except KeyboardInterrupt:
            stop_writing()
            click.echo("Interrupted.", err=True)
            raise SystemExit(130) from None

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)  # in the order of a user's way, not of the alphabet


def stop_writing() -> None:
    """What standard output still holds is dropped, or the interpreter would fail over it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="backissues")
def main() -> None:
    """A semantic search archive for newsletters.

    \b
    backissues ingest sample                     fill ./archive with the bundled sample
    backissues search "zero-shot segmentation"   find an item by what it is about
    backissues serve                             the site, on http://127.0.0.1:8000
    """


def several(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def apply(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return apply


in_archive = click.option(
    "--archive",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="BACKISSUES_ARCHIVE",
    default="archive",
    show_default="./archive, or $BACKISSUES_ARCHIVE",
    help="The archive's folder.",
)
with_model = click.option(
    "--model",
    metavar="NAME_OR_PATH",
    envvar="BACKISSUES_MODEL",
    help="A sentence-transformers model in place of the packaged multilingual one.",
)
with_json = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
from_sources = several(
    click.argument("sources", nargs=-1, required=True, metavar="SOURCE..."),
    click.option("--newsletter", metavar="NAME", help="The newsletter's name, where the issues do not say it."),
    click.option("--as", "kind", type=click.Choice(KINDS), help="What the sources are, where they do not show it."),
    click.option("--site", metavar="URL", help="The newsletter's address, for exports that do not carry it."),
    click.option("--limit", type=click.IntRange(1), metavar="N", help="Stop after so many documents of each source."),
    click.option("--delay", type=float, default=1.0, show_default=True, help="Seconds between requests to one host."),
    click.option("--offline", is_flag=True, help="Read only pages that the archive keeps; ask no server."),
    click.option("--allow-private", is_flag=True, help="Also fetch from private and loopback addresses."),
)


@contextmanager
def opened(path: Path, model: str | None = None, *, create: bool = False) -> "Iterator[Archive]":
    from index.archive import Archive

    with Archive(path, create=create, model=model) as archive:
        yield archive


def options_of(given: dict[str, Any]) -> "Options":
    """The options of an ingest, from those of the command line."""
    from ingest.options import Fetching, Options

    plain = {name: given[name] for name in ("newsletter", "kind", "site", "limit")}
    plain |= {name: given[name] for name in ("refresh", "describe") if name in given}
    fetching = Fetching(**{name: given[name] for name in ("delay", "offline", "allow_private")})
    return Options(fetching=fetching, **plain)


def say(value: object) -> None:
    """One JSON value on stdout, one line."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


@main.command()
@from_sources
def parse(sources: tuple[str, ...], **given: Any) -> None:
    """Print the items of SOURCE as JSON Lines.

    One object an issue. Touches no archive and loads no model.
    """
    from ingest.load import Failure, as_json, parse_sources

    failed = False
    for found in parse_sources(sources, options_of(given)):
        if isinstance(found, Failure):
            failed |= not found.skipped
            click.echo(f"{found.source}: {found.reason}", err=True)
        else:
            say(as_json(found))
    raise SystemExit(int(failed))


@main.command()
@from_sources
@in_archive
@with_model
@click.option("--refresh", is_flag=True, help="Read everything again, also what is held unchanged.")
@click.option("--papers", is_flag=True, help="Then look up titles, authors and abstracts of arXiv papers.")
@click.option("--describe", is_flag=True, help="With --papers: also read the linked pages' own descriptions.")
@with_json
def ingest(sources: tuple[str, ...], **given: Any) -> None:
    """Put past issues into the archive.

    SOURCE is a file, a folder, a zip that a platform exports, a mailbox, a URL, wayback:SITE, or the word `sample`.
    """
    from ingest.load import ingest as load
    from ingest.progress import on_terminal

    options = options_of(given)
    with opened(given["archive"], given["model"], create=True) as archive:
        report = load(archive, sources, options, on_terminal())
        derive(archive)
        if given["as_json"]:
            say(report.as_json())
        else:
            show(report.table(failures=False))
        for line in report.lines("failed"):
            click.echo(line, err=True)
        failed = report.failed
        if given["papers"]:
            failed |= look_up_papers(archive, options, as_json=given["as_json"])
    if report.interrupted:
        raise SystemExit(130)
    raise SystemExit(int(failed))


def derive(archive: "Archive") -> None:
    """Bring up to date what is made from the whole archive (indexes, relevance, topics), also after a killed run."""
    from search.refresh import is_current, refresh

    archive.settle()
    if archive.item_count and not is_current(archive):
        refresh(archive)


@main.command()
@in_archive
@click.option("--dump", type=click.Path(exists=True, dir_okay=False), help="arXiv's metadata snapshot, also gzipped.")
@click.option("--describe", is_flag=True, help="Also read the linked pages' own titles and descriptions.")
@click.option("--allow-private", is_flag=True, help="Also fetch from private and loopback addresses.")
@with_json
def papers(archive: Path, dump: str | None, describe: bool, as_json: bool, allow_private: bool) -> None:
    """Look up what arXiv knows of the archive's papers.

    Titles, authors and abstracts join what is searched. Only papers that have none yet are asked for.
    """
    from ingest.options import Fetching, Options

    options = Options(dump=dump, describe=describe, fetching=Fetching(allow_private=allow_private))
    with opened(archive) as held:
        raise SystemExit(int(look_up_papers(held, options, as_json=as_json)))


def look_up_papers(archive: "Archive", options: "Options", *, as_json: bool) -> bool:
    """Returns whether something failed."""
    from ingest.papers import update
    from ingest.progress import on_terminal

    report = update(archive, options, on_terminal())
    derive(archive)
    if as_json:
        say(report.as_json())
    else:
        click.echo(report.sentence())
    return report.failed


@main.command()
@click.argument("query", nargs=-1, required=True)
@in_archive
@with_model
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--mode", type=click.Choice(["hybrid", "semantic", "keyword"]), default="hybrid", show_default=True)
@click.option("--sort", type=click.Choice(["relevance", "newest", "oldest"]), default="relevance", show_default=True)
@click.option("--reranker", metavar="NAME_OR_PATH", help="A cross-encoder that puts the page in order; slow.")
@with_json
def search(query: tuple[str, ...], archive: Path, model: str | None, as_json: bool, **given: Any) -> None:
    """Find items by what they are about.

    QUERY may hold "exact phrases", -words, and issue:21 section:papers site:arxiv.org link:github.com kind:code
    year:2021 after:2021-03 before:2021-07; a link, an arXiv id or a DOI finds that work. Begin with -- to exclude
    first.
    """
    from search.results import Ask
    from search.retrieve import search as find
    from web.terminal import show_answer

    reranker, question = given.pop("reranker"), " ".join(query).strip()
    if not question:
        raise click.UsageError("QUERY is empty: say what the thing does or is.")
    with opened(archive, model) as held:
        if model is not None and given["mode"] != "keyword":
            held.encoder  # noqa: B018 (a model that was asked for by name is not quietly done without)
        answer = find(held, Ask(query=question, **given))
        if reranker is not None:
            from search.rerank import rerank

            answer = rerank(held, answer, reranker)
        if as_json:
            from web.schemas import SearchOut

            click.echo(SearchOut.of(answer).json_bytes())
            return
        show_answer(answer, empty=not held.item_count)


@main.command()
@click.argument("anchor", required=False, metavar="ITEM_ID | URL | ARXIV_ID")
@click.option("--text", help="Free text in place of an item.")
@in_archive
@with_model
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True)
@with_json
def related(anchor: str | None, text: str | None, **given: Any) -> None:
    """Show what surrounds an item in time.

    What an item, a link, a paper or a text builds on, and what followed it.
    """
    from search.query import understand
    from search.related import related as around
    from search.related import related_to
    from web.terminal import show_related

    if (anchor is None) == (text is None):
        raise click.UsageError("Give one of ITEM_ID, URL, an arXiv id, or --text TEXT.")
    if not (anchor or text or "").strip():
        raise click.UsageError("There is nothing to compare: the text is empty.")
    if anchor is not None and not anchor.isdecimal() and understand(anchor.strip()).target is None:
        raise click.UsageError(f"{anchor!r} is no ITEM_ID, URL, arXiv id or DOI. Words are compared with --text.")
    with opened(given["archive"], given["model"]) as archive:
        if anchor is not None and anchor.isdecimal():
            answer = around(archive, int(anchor), limit=given["limit"])
        elif anchor is not None:
            answer = related_to(archive, url=anchor, limit=given["limit"])
        else:
            answer = related_to(archive, text=text, limit=given["limit"])
        if given["as_json"]:
            from web.entries import entries
            from web.schemas import ItemOut, RelatedOut

            item = None if answer.item is None else ItemOut.of(entries(archive, [answer.item])[0])
            click.echo(RelatedOut.of(answer, item).json_bytes())
            return
        if not (answer.item or answer.earlier or answer.later):
            hint = " Its text can be given with --text." if text is None else ""
            raise click.ClickException(f"The archive has nothing near {anchor or 'this text'}.{hint}")
        show_related(answer, address=anchor is not None)


@main.command()
@click.argument("draft", type=click.File("rb"))
@in_archive
@with_model
@with_json
def check(draft: Any, archive: Path, model: str | None, as_json: bool) -> None:
    """Compare a draft with what was covered.

    Says of each item of DRAFT (a Markdown or HTML file, - for standard input) whether it was printed before, where,
    and which past items to mention.
    """
    from search.related import check as compare
    from web.terminal import show_coverage

    with opened(archive, model) as held:
        coverage = compare(held, read_draft(draft.read()))
        if as_json:
            from web.schemas import CheckOut

            click.echo(CheckOut.of(coverage, held.build).json_bytes())
            return
        show_coverage(coverage)


@main.command()
@in_archive
@with_model
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that share the work.")
@click.option(
    "--base-url",
    metavar="URL",
    callback=checked_address,
    help="The address readers use, where it is another one (behind a proxy).",
)
@click.option("--title", metavar="NAME", help="The archive's name; without it the newsletter's own.")
@click.option("--pictures", is_flag=True, help="Show the items' pictures, loaded from the newsletter's hosts.")
@click.option(
    "--rate-limit", metavar="RATE", callback=checked_rate, help="Requests allowed to one address, as 60/minute."
)
@click.option(
    "--trust-proxy",
    multiple=True,
    metavar="ADDRESS",
    callback=checked_proxies,
    help="A proxy whose X-Forwarded-For is believed.",
)
@click.pass_context
def serve(context: click.Context, /, archive: Path, model: str | None, host: str, port: int, **given: Any) -> None:
    """Serve the site and the API."""
    import uvicorn

    with opened(archive, model):  # a missing or damaged archive is said now, not at the first request
        pass
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            hint = f" Another port can be chosen: --port {port + 1}" if error.errno == errno.EADDRINUSE else ""
            raise click.ClickException(f"Cannot listen on {host}:{port} ({error.strerror}).{hint}") from error
    # Workers are processes of their own, so what they need travels in the environment.
    workers = given.pop("workers")
    if workers > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        from tempfile import TemporaryDirectory

        counts = context.with_resource(TemporaryDirectory(prefix="backissues-"))  # where workers add up their counts
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counts
    os.environ["BACKISSUES_SERVE"] = json.dumps({"archive": str(archive), "model": model, **given})
    click.echo(f"Back Issues on http://{f'[{host}]' if ':' in host else host}:{port}  (Ctrl-C ends it)", err=True)
    uvicorn.run(
        "backissues:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


def application() -> "FastAPI":
    """The site for a server of your choice: `uvicorn backissues:application --factory`; the archive and the options
    come from BACKISSUES_ARCHIVE, or from BACKISSUES_SERVE, which `backissues serve` sets."""
    from threading import Thread

    from index.archive import Archive
    from web.access import log_to_stderr
    from web.app import create_app
    from web.settings import Settings

    log_to_stderr()
    given = json.loads(os.environ.get("BACKISSUES_SERVE", "{}"))
    archive = Archive(
        Path(given.get("archive") or os.environ.get("BACKISSUES_ARCHIVE", "archive")), model=given.get("model")
    )
    settings = Settings(
        base_url=given.get("base_url"),
        title=given.get("title"),
        pictures=given.get("pictures", False),
        rate_limit=given.get("rate_limit"),
        trusted_proxies=tuple(given.get("trust_proxy", ())),
        parse_draft=draft_items,
    )
    # The first question should not wait for the model; until it is loaded, pages are served all the same.
    Thread(target=warm, args=(archive,), daemon=True).start()
    return create_app(archive, settings)


def warm(archive: "Archive") -> None:
    from index.errors import ArchiveError
    from search.results import Ask
    from search.retrieve import search as find
    from web import front

    try:
        for words in (1, 24, 48):  # the model is made ready for each length of question
            find(archive, Ask(query="warm " * words))
        front.warm(archive)
        # What is there by now stays: without looking at it, collecting garbage takes 10 ms of an answer in place of 70.
        gc.collect()
        gc.freeze()
    except ArchiveError as error:  # told again, properly, to whoever asks
        click.echo(f"The model is not ready: {error}", err=True)


@main.command()
@click.argument("queries", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@in_archive
@with_model
@with_json
def evaluate(queries: Path, archive: Path, model: str | None, as_json: bool) -> None:
    """Measure search quality.

    QUERIES is JSON Lines, {"query": "…", "kind": "known", "relevant": [{"key": "arxiv:2104.06601", "grade": 2}]}; kind
    is known (one item is half-remembered), topical (several answer) or none. Every mode is measured, side by side.
    """
    from search.evaluate import evaluate as measure

    with opened(archive, model) as held:
        figures = measure(held, queries)
        if as_json:
            say(figures.as_json())
        else:
            show(figures.table())


@main.command()
@in_archive
@with_json
def status(archive: Path, as_json: bool) -> None:
    """Say what the archive holds and how the last ingest went."""
    from ingest.report import History, counted
    from web.terminal import show_facts

    with opened(archive) as held:
        build, last = held.build, History.load(held).last
        facts: dict[str, Any] = {
            "archive": str(archive.resolve()),
            "bytes": sum(path.stat().st_size for path in archive.rglob("*") if path.is_file()),
            "issues": build.issues,
            "items": build.items,
            "works": build.works,
            "model": build.model,
            "build": build.id,
            "updated": build.updated.isoformat() if build.updated else None,
            "papers_missing": len(held.missing_papers()),
        }
        if as_json:
            say({**facts, "last_ingest": last})
            return
        missing = facts["papers_missing"]
        shown = {
            "archive": facts["archive"],
            "size": f"{facts['bytes'] / 1e6:.1f} MB",
            **{name: facts[name] for name in ("issues", "items", "works", "model")},
            "build": build.id if build.items else None,
            "updated": f"{build.updated:%Y-%m-%d %H:%M:%S} UTC" if build.updated else None,
            "arXiv": f"{counted(missing, 'paper')} not looked up (`backissues papers` does)" if missing else None,
        }
        if last is not None:
            figures = f"{counted(last['issues'], 'issue')}, {counted(last['items'], 'item')}"
            figures += f", {counted(last['unassigned'], 'link')} in no item"
            finished = (last["finished"] or last["started"])[:19].replace("T", " ")
            shown["last ingest"] = f"{figures} ({finished} UTC)"
        show_facts(shown)


@main.command()
@in_archive
@with_json
def verify(archive: Path, as_json: bool) -> None:
    """Check the archive for damage.

    Exit code 1 when there is any.
    """
    with opened(archive) as held:
        problems = held.verify()
    if as_json:
        say({"sound": not problems, "problems": problems})
    else:
        click.echo("\n".join(problems) or "The archive is sound.")
    raise SystemExit(int(bool(problems)))


@main.command()
@in_archive
@with_model
def rebuild(archive: Path, model: str | None) -> None:
    """Embed every item again.

    For another --model, or after damage. Relevance and topics are fitted anew, too.
    """
    from index.archive import Archive

    with Archive(archive, model=model) as held:
        with click.progressbar(length=max(1, held.build.items), label="Embedding", file=sys.stderr) as bar:
            count = held.reembed(lambda done, total: bar.update(done - bar.pos, total))
        derive(held)
        click.echo(f"{count} items embedded with {held.build.model}.")


@main.command()
@in_archive
@click.option("--format", "form", type=click.Choice(["jsonl", "csv", "bibtex", "markdown"]), default="jsonl")
@click.option("--output", "-o", type=click.File("wb", atomic=True), default="-", help="A file in place of stdout.")
def export(archive: Path, form: Any, output: Any) -> None:
    """Write the whole archive in an open format.

    JSON Lines can be ingested again without loss.
    """
    from web.export import export as write

    with opened(archive) as held:
        write(held, form, output)


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@in_archive
@click.option(
    "--base-url",
    metavar="URL",
    callback=checked_address,
    help="Where the folder will be reached, for feeds and canonical links.",
)
@click.option("--title", metavar="NAME", help="The archive's name; without it the newsletter's own.")
def publish(folder: Path, archive: Path, base_url: str | None, title: str | None) -> None:
    """Write the archive as a static site.

    FOLDER then holds plain files for any file host, with search in the browser.
    """
    from web.publish import publish as write
    from web.settings import Settings

    with opened(archive) as held:
        count = write(held, Settings(base_url=base_url, title=title), folder)
    click.echo(f"{count} files in {folder}.")


@main.command()
@in_archive
@with_model
def mcp(archive: Path, model: str | None) -> None:
    """Answer an assistant (Model Context Protocol).

    Speaks on standard input and output; the site answers the same at /mcp.
    """
    from web.mcp import run_stdio
    from web.settings import Settings

    with opened(archive, model) as held:
        run_stdio(held, Settings(parse_draft=draft_items))


def draft_items(text: str) -> "Sequence[Item]":
    """The items of a draft issue, for the rooms that may not parse; none when it is no issue."""
    try:
        return read_draft(text.encode())
    except click.ClickException:
        return ()


def read_draft(raw: bytes) -> "Sequence[Item]":
    """The items of a draft issue in any encoding. Errors: ClickException, with the reason why it is no issue."""
    from ingest.parse.document import NotAnIssue, parse

    try:
        return parse(raw, "draft").items
    except NotAnIssue as error:
        raise click.ClickException(f"The draft is no issue: {error}") from error


def show(renderable: object) -> None:
    from rich.console import Console

    Console().print(renderable)


if __name__ == "__main__":
    main()
