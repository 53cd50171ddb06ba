"""The web application of the review: a page, its photos, and its labels."""

import io
from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from src.load.errors import UnreadableDataError
from src.load.image_grid import fitted
from src.load.images import open_image
from src.serve.review.decisions import Decisions

if TYPE_CHECKING:
    from fastapi import FastAPI

THUMBNAIL, LARGE = 176, 900
"""Pixels of the longer side of a photo in the grid, and of one that is looked at."""


def create_app(decisions: Decisions) -> "FastAPI":
    """The application for a review.

    It answers to the names of this machine alone: a page from elsewhere that has its own name lead
    here gets nothing.

    Raises ImportError where FastAPI is missing (extra: serve).
    """
    from fastapi import Body, FastAPI, HTTPException, Request
    from fastapi.responses import HTMLResponse, JSONResponse, Response
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    app = FastAPI(title="classic-nn review", docs_url=None, redoc_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])

    @app.middleware("http")
    async def of_this_page(request: Request, answer: Any) -> Response:
        """Let other pages in the browser change nothing."""
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).netloc != request.headers.get("host"):
            return JSONResponse({"error": f"{origin} is another page"}, 403)
        found: Response = await answer(request)
        return found

    page = files("src.serve.review").joinpath("page.html").read_text("utf-8")

    @app.get("/", response_class=HTMLResponse)
    def show_page() -> str:
        return page

    @app.get("/api/photos")
    def photos() -> dict[str, Any]:
        return {"classes": decisions.classes, "photos": decisions.as_values()}

    @app.get("/photo/{number}")
    def photo(number: int, large: bool = False) -> Response:
        try:
            content = jpeg_of(decisions, number, LARGE if large else THUMBNAIL)
        except (IndexError, UnreadableDataError) as error:
            raise HTTPException(404, f"photo {number} cannot be shown: {error}") from None
        headers = {"Cache-Control": "no-store"}  # another review has other photos by this number
        return Response(content, media_type="image/jpeg", headers=headers)

    def saved(change: Callable[[], dict[int, str]]) -> JSONResponse:
        """What has changed, or why nothing has."""
        try:
            changed = change()
        except (ValueError, IndexError) as error:
            return JSONResponse({"error": str(error)}, 400)
        except OSError as error:
            reason = error.strerror or str(error)
            return JSONResponse({"error": f"{decisions.path}: cannot be written ({reason})"}, 507)
        return JSONResponse({"changed": changed, "counts": decisions.counts()})

    @app.post("/api/labels")
    def label(labels: dict[int, str] = Body(embed=True)) -> JSONResponse:  # noqa: B008
        return saved(lambda: decisions.set(labels))

    @app.post("/api/undo")
    def undo() -> JSONResponse:
        return saved(decisions.undo)

    return app


def jpeg_of(decisions: Decisions, number: int, side: int) -> bytes:
    """A photo as a JPEG with so many pixels on its longer side.

    Raises IndexError for a number that is none, UnreadableDataError for a file that is none.
    """
    image = open_image(decisions.image(number)).convert("RGB")
    content = io.BytesIO()
    fitted(image, side, side).save(content, "JPEG", quality=88)
    return content.getvalue()
