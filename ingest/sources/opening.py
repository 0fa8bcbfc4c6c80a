"""From what the user typed to documents: the kind of a source is recognised from the source itself."""

from collections.abc import Iterable
from itertools import islice

from .found import Context, Failure, SourceError, Yield

WEB_KINDS = ("feed", "sitemap", "archive", "page", "wayback")


def open_all(specs: Iterable[str], context: Context) -> Yield:
    """The documents of every spec; a spec that cannot be read at all becomes one `Failure`."""
    for spec in specs:
        try:
            yield from islice(open_source(spec, context), context.options.limit)
        except SourceError as error:
            yield Failure(spec, str(error))
        except Exception as error:  # data that nobody thought of ends one source, not the others
            yield Failure(spec, f"It could not be read to its end ({type(error).__name__}: {error}).")


def on_disk(spec: str, kind: str | None) -> bool:
    """Whether a spec names files here: what is missing there the next time is gone, not merely out of reach."""
    return kind not in WEB_KINDS and _scheme(spec) not in ("http", "https", "wayback")


def open_source(spec: str, context: Context) -> Yield:
    """The documents of one spec: `sample`, `wayback:SITE`, a URL, or a path or glob. Raises `SourceError`."""
    kind = context.options.kind
    scheme = _scheme(spec)
    if spec == "sample":
        from .files import open_sample

        return open_sample(context)
    if scheme == "wayback" or kind == "wayback":
        from .wayback import open_wayback

        return open_wayback(spec.partition(":")[2] if scheme == "wayback" else spec, context)
    if scheme in ("http", "https"):
        from .site import open_url

        return open_url(spec, context)
    if scheme and "://" in spec:
        raise SourceError(f"{spec}: only http:// and https:// addresses can be fetched.")
    if kind in WEB_KINDS:
        raise SourceError(f"{spec} is no web address, so it cannot be read as {kind}.")
    from .files import open_path

    return open_path(spec, context)


def _scheme(spec: str) -> str:
    return spec.partition(":")[0].lower() if ":" in spec else ""
