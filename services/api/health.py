"""Whether the process lives, whether it can do its work, and its metrics."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
from fastapi import APIRouter, Request, Response

from schemas.errors import AnswerbackError
from services import metrics
from services.api.call import Administering, parts_of
from services.api.lags import measure
from services.parts import Parts

router = APIRouter(tags=["health"])
MOST_SECONDS = 60
LEAST_ROOM = 4 << 20
Check = dict[str, object]


@router.get("/livez", include_in_schema=True)
def live() -> dict[str, str]:
    """Whether the process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(request: Request) -> Response:
    """Whether each part can do its work; 503 if one cannot."""
    parts = parts_of(request)
    checks = {"log": _log(parts), "reads": _reads(parts), "room": _room(parts.settings.data)}
    fine = all(check["ok"] for check in checks.values())
    body = orjson.dumps({"status": "ok" if fine else "failing", "checks": checks})
    return Response(body, 200 if fine else 503, media_type="application/json")


router.add_api_route("/healthz", ready, methods=["GET"], name="health", summary="As /readyz")


@router.get("/metrics", response_class=Response)
def read_metrics(call: Administering) -> Response:
    """The process's metrics, for Prometheus."""
    measure(call.parts)
    return Response(metrics.render(), media_type=metrics.CONTENT_TYPE)


def _log(parts: Parts) -> Check:
    """An append of nothing passes through the writer like any other."""
    try:
        parts.log.append(()).result(parts.settings.log_commit_timeout_seconds)
    except (AnswerbackError, TimeoutError) as error:
        return {"ok": False, "detail": str(error) or "The log does not answer in time."}
    return {"ok": True}


def _room(folder: Path) -> Check:
    """Whether the disk of the data folder has room to go on."""
    whole = folder.absolute()
    free = shutil.disk_usage(next(p for p in (whole, *whole.parents) if p.exists())).free
    if free < LEAST_ROOM:
        return {"ok": False, "detail": f"The disk is full: {free} bytes are left.", "free": free}
    return {"ok": True, "free": free}


def _reads(parts: Parts) -> Check:
    try:
        lags = measure(parts)
    except AnswerbackError as error:
        return {"ok": False, "detail": str(error)}
    seconds = {lag.projection: lag.seconds for lag in lags}
    records = {lag.projection: lag.records for lag in lags}
    fine = max(seconds.values(), default=0) <= MOST_SECONDS
    return {"ok": fine, "lag_seconds": seconds, "lag_records": records}
