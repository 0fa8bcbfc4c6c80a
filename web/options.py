"""Checks of the server's options on the command line: what is wrong with one is said before anything is served."""

from urllib.parse import urlsplit

import click


def checked_address(context: click.Context, option: click.Parameter, value: str | None) -> str | None:  # noqa: ARG001
    """An address of the web as it was given."""
    try:
        good = value is None or (urlsplit(value).scheme in ("http", "https") and urlsplit(value).hostname)
    except ValueError:
        good = False
    if not good:
        raise click.BadParameter(f"{value!r} is no address such as https://issues.example.org.")
    return value


def checked_rate(context: click.Context, option: click.Parameter, value: str | None) -> str | None:  # noqa: ARG001
    if value is None:
        return None
    from limits import parse_many

    try:
        parse_many(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no rate such as 60/minute or 5/second;1000/hour.") from None
    return value


def checked_proxies(
    context: click.Context,  # noqa: ARG001
    option: click.Parameter,  # noqa: ARG001
    values: tuple[str, ...],
) -> tuple[str, ...]:
    from ipaddress import ip_network

    for value in values:
        try:
            _ = value == "*" or ip_network(value)
        except ValueError as error:
            raise click.BadParameter(f"{error}; an address or a network is meant, 10.0.0.0/8, or * for any.") from None
    return values
