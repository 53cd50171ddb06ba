"""The web application: its paths, and what each of them does.

It computes nothing itself: photos go to the worker processes (``pool``), and their answers back.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from src.common.files import finite
from src.inference.explain_settings import DEFAULT_METHOD, METHOD_NAMES
from src.serve.service import description
from src.serve.service.guard import HEADERS, PAGE_POLICY, Guard
from src.serve.service.jobs import Answer, ExplainJob, GlassJob, Job, PredictJob, Problem
from src.serve.service.limits import Limits
from src.serve.service.metrics import Metrics
from src.serve.service.photos import photos_of
from src.serve.service.pool import Pool
from src.serve.service.refused import RefusedError
from src.serve.service.waiting import Waiting

SCRIPT = "text/javascript"

PAGE = {"page.css": "text/css"} | dict.fromkeys(
    ("ask.js", "page.js", "camera.js", "card.js", "docs.js"), SCRIPT
)
"""Files of the page, and what they are."""

Probability = Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)]
Name = Annotated[str | None, Query(max_length=200)]
Baseline = Literal["black", "mean", "blurred"]


def create_app(
    pool: Pool,
    limits: Limits,
    token: str | None = None,
    names: Sequence[str] = (),
    glass: bool = False,
) -> Callable[..., Awaitable[None]]:
    """The application (ASGI).

    Args:
        pool: started.
        limits: of the server.
        token: see ``guard``.
        names: see ``guard``.
        glass: whether the glass box is served too, see ``glass``.
    """

    app = FastAPI(
        title="classic-nn",
        description="A trained model at work: what do photos show, and why does it say so?",
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.add_middleware(Guard, limits=limits, token=token, names=tuple(names))  # type: ignore[arg-type, unused-ignore]
    _add_problems(app)
    _add_page(app)
    metrics = Metrics(pool, frozenset((*API, "/", "/docs")))
    models = {str(model["name"]): model for model in pool.models}

    def model_of(name: str | None) -> dict[str, Any]:
        if name is None:
            return pool.models[0]
        if name not in models:
            known = ", ".join(models)
            raise RefusedError(404, f"there is no model {name[:100]!r}: expected one of {known}")
        return models[name]

    def count(model: str, answer: dict[str, Any]) -> None:
        metrics.photos.labels(model, "unreadable" if "error" in answer else "answered").inc()

    # so that the description says so; it is asked for by the guard
    asks: Any = [Depends(HTTPBearer(auto_error=False))] if token else []

    @app.post(
        "/predict",
        dependencies=asks,
        response_model=description.Predictions,
        responses=description.problems(400, 401, 403, 404, 408, 413, 415, 422, 500, 503, 504),
        openapi_extra=description.body(several=True),
    )
    async def predict(
        request: Request,
        model: Name = None,
        threshold: Probability = None,
        reject_below: Probability = None,
    ) -> Response:
        """What do these photos show? Each gets the answer that ``predict --json`` gives it."""
        card = model_of(model)
        if threshold is not None and card["threshold"] is None:
            raise RefusedError(
                422, "threshold: this model gives the most probable of several classes"
            )
        photos = await photos_of(request, limits)
        found = await _answers(
            request,
            pool,
            [PredictJob(card["name"], *photo, threshold, reject_below) for photo in photos],
        )
        for answer in found:
            count(card["name"], answer)
        content = {"model": card["name"], "predictions": found}
        if all("error" in answer for answer in found):
            return _json({"error": found[0]["error"], **content}, 422)
        return _json(content)

    @app.post(
        "/explain",
        dependencies=asks,
        response_model=description.Explanation,
        responses={
            200: {"content": {"image/png": {}}},
            **description.problems(400, 401, 403, 404, 408, 413, 415, 422, 500, 503, 504),
        },
        openapi_extra=description.body(several=False),
    )
    async def explain(
        request: Request,
        model: Name = None,
        method: Annotated[Literal[METHOD_NAMES], Query()] = DEFAULT_METHOD,  # type: ignore[valid-type]
        steps: Annotated[int, Query(ge=1, le=256)] = ExplainJob.steps,
        coalitions: Annotated[int, Query(ge=1, le=5000)] = ExplainJob.coalitions,
        class_name: Annotated[str | None, Query(alias="class", max_length=200)] = None,
        against: Name = None,
        baseline: Baseline | None = None,
        layer: Annotated[str, Query(max_length=200)] = "",
        format: Literal["json", "png"] = "json",
    ) -> Response:
        """Why does the model say so? Numbers and two pictures; or the sheet of the command."""
        card = model_of(model)
        if method not in card["methods"]:
            known = ", ".join(card["methods"])
            raise RefusedError(422, f"method: {method} does not suit this model: expected {known}")
        photos = await photos_of(request, limits)
        if len(photos) > 1:
            raise RefusedError(422, f"{len(photos)} photos, expected one at a time")
        png = format == "png"
        job = ExplainJob(
            card["name"],
            *photos[0],
            method,
            steps,
            coalitions,
            class_name,
            against,
            baseline,
            layer,
            sheet=png,
        )
        try:
            (answer,) = await _answers(request, pool, [job])
        except RefusedError as refused:
            if refused.status == 422:
                count(card["name"], {"error": refused.message})
            raise
        count(card["name"], answer)
        if png:
            return Response(answer["png"], media_type="image/png")
        return _json({"model": card["name"], **answer})

    @app.get(
        "/models",
        dependencies=asks,
        response_model=description.Models,
        responses=description.problems(400, 401, 403),
    )
    async def list_models() -> Response:
        """The models that are served, each with its card."""
        return _json({"models": pool.models})

    _add_state(app, pool, metrics, asks)
    if glass:
        _add_glass(app, pool, model_of)
    measured: Callable[..., Awaitable[None]] = metrics.measured(app)
    return measured


API = ("/predict", "/explain", "/models", "/health", "/ready", "/metrics")


def _add_glass(app: FastAPI, pool: Pool, model_of: Callable[[str | None], Any]) -> None:
    """The glass box: its page, and what answers the page."""

    @app.post("/glass/ask", include_in_schema=False)
    async def ask(request: Request, model: Name = None) -> Response:
        job = GlassJob(model_of(model)["name"], await request.body())
        (answer,) = await _answers(request, pool, [job])
        return _json(answer)

    _add_file(app, "/glass", "glass.html", "text/html")
    for name in ("glass.css", "glass.js", "glass_map.js", "glass_opened.js", "glass_play.js"):
        _add_file(app, f"/page/{name}", name, "text/css" if name.endswith("css") else SCRIPT)


async def _answers(request: Request, pool: Pool, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Have jobs done; given up when the client goes away. Raises RefusedError for a problem."""
    waiting = pool.line.add(jobs)
    if isinstance(waiting, Problem):
        raise _refusal(waiting)
    answers = asyncio.ensure_future(_all(waiting))
    gone = asyncio.ensure_future(_gone(request))
    both: list[asyncio.Future[Any]] = [answers, gone]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not answers.done():
            raise RefusedError(499, "the client has gone")  # nobody reads it
        found = answers.result()
    finally:
        for future in both:
            future.cancel()
        for one in waiting:
            one.answer.cancel()
    for answer in found:
        if isinstance(answer, Problem):
            raise _refusal(answer)
    return [answer for answer in found if not isinstance(answer, Problem)]


async def _all(waiting: Sequence[Waiting]) -> list[Answer]:
    """The answers, when all are there."""
    return [await asyncio.wrap_future(one.answer) for one in waiting]


async def _gone(request: Request) -> None:
    """Wait until the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refusal(problem: Problem) -> RefusedError:
    headers = {"Retry-After": str(problem.again)} if problem.again else {}
    return RefusedError(problem.status, problem.message, headers)


def _json(content: dict[str, Any], status: int = 200) -> Response:
    """Numbers as ``predict --json`` prints them, bit for bit."""
    return Response(json.dumps(finite(content)), status, media_type="application/json")


def _add_state(app: FastAPI, pool: Pool, metrics: Metrics, asks: Any) -> None:
    """Paths for whoever watches the server."""

    @app.get("/health", response_model=description.State, responses=description.problems(400, 403))
    async def health() -> Response:
        """The server runs."""
        return _json({"status": "ok"})

    @app.get(
        "/ready", response_model=description.State, responses=description.problems(400, 403, 503)
    )
    async def ready() -> Response:
        """Photos are answered."""
        if not pool.ready:
            raise RefusedError(503, "no worker is ready", {"Retry-After": "1"})
        return _json({"status": "ready"})

    @app.get(
        "/metrics",
        dependencies=asks,
        responses={
            200: {"content": {"text/plain": {}}, "description": "Prometheus text format"},
            **description.problems(400, 401, 403),
        },
        response_class=Response,
    )
    async def show_metrics() -> Response:
        """Counts for Prometheus."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_file(app: FastAPI, path: str, name: str, kind: str) -> None:
    """A file of the page, at a path."""
    content = files("src.serve.service").joinpath("page", name).read_bytes()

    @app.api_route(path, methods=["GET", "HEAD"], include_in_schema=False)
    async def show() -> Response:
        return Response(content, media_type=kind)


def _add_page(app: FastAPI) -> None:
    """The page, the description of the paths, and their files, all of which are shipped."""
    _add_file(app, "/", "index.html", "text/html")
    _add_file(app, "/docs", "docs.html", "text/html")
    for name, kind in PAGE.items():
        _add_file(app, f"/page/{name}", name, kind)
    app.mount("/swagger", StaticFiles(packages=[("fastapi_offline", "static")]))


def _add_problems(app: FastAPI) -> None:
    """Every problem is one line of JSON."""

    @app.exception_handler(HTTPException)
    async def http_problem(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": str(error.detail)}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def wrong_value(request: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()[0]
        return JSONResponse({"error": f"{found['loc'][-1]}: {found['msg']}"}, 422)

    @app.exception_handler(Exception)
    async def mistake(request: Request, error: Exception) -> JSONResponse:
        # made outside of the guard, which gives all other answers their headers
        content = {"error": "a mistake in the server; its log says more"}
        return JSONResponse(content, 500, {**HEADERS, "Content-Security-Policy": PAGE_POLICY})
