"""For whoever runs the server: is it alive, can it answer, what has it done."""

import os
from collections.abc import Iterator
from typing import Literal

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from index.archive import Archive
from index.errors import ArchiveError

from .common import archive_of, known_parameters, problems, reply
from .problems import Problem
from .records import BuildOut, Out

router = APIRouter(tags=["Operations"], dependencies=[Depends(known_parameters)])

FRESH = {"Cache-Control": "no-store"}


class HealthOut(Out):
    """The process answers."""

    status: Literal["ok"]


class ReadyOut(Out):
    """The archive can be read and its model is loaded."""

    status: Literal["ready"]
    build: BuildOut


class Holdings(Collector):
    """What the archive holds, read when asked."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Known without a look at the archive, so that registering does not need one."""
        for name, help_text in _GAUGES.items():
            yield GaugeMetricFamily(f"backissues_{name}", help_text)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        build = self.archive.build
        for name, help_text in _GAUGES.items():
            yield GaugeMetricFamily(f"backissues_{name}", help_text, value=getattr(build, name))


_GAUGES = {
    "issues": "Issues in the archive.",
    "items": "Items in the archive.",
    "works": "Different things that items point to.",
    "generation": "Changes of the archive so far.",
}


def make_registry(archive: Archive) -> CollectorRegistry:
    """Counters of one application; several may live in one process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Holdings(archive))
    for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    return registry


def exposition(registry: CollectorRegistry, archive: Archive) -> bytes:
    """What is scraped. Where worker processes share their counts (PROMETHEUS_MULTIPROC_DIR), the sum of all."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(registry)
    everyone = CollectorRegistry(auto_describe=False)
    everyone.register(Holdings(archive))
    MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
    return generate_latest(everyone)


@router.get("/healthz", operation_id="healthz", summary="Is the process alive", response_model=HealthOut)
def healthz() -> Response:
    """Answers as long as the process does; touches nothing."""
    return reply(HealthOut(status="ok"), FRESH)


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Can it answer searches",
    response_model=ReadyOut,
    responses=problems("unavailable"),
)
def readyz(request: Request) -> Response:
    """Reads the archive and loads the model, so that the first reader does not wait for it. 503 until both work."""
    archive = archive_of(request)
    try:
        archive.encoder.fingerprint  # noqa: B018
        return reply(ReadyOut.model_construct(status="ready", build=BuildOut.of(archive.build)), FRESH)
    except (ArchiveError, OSError) as error:
        raise Problem("unavailable", str(error)) from error


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Counts for Prometheus",
    response_class=Response,
    responses={200: {"description": "Text exposition.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """Requests by route and status, their times, the archive's size, the process."""
    text = exposition(request.app.state.registry, archive_of(request))
    return Response(text, headers={**FRESH, "Content-Type": CONTENT_TYPE_LATEST})
