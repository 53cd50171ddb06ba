"""The web application of the review: a page, its photos, and its labels."""

import io
from importlib.resources import files
from typing import Any

from fastapi import Body, FastAPI, HTTPException
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.middleware.trustedhost import TrustedHostMiddleware

from src.load.errors import UnreadableDataError
from src.load.image_grid import fitted
from src.load.images import open_image
from src.serve.review.decisions import Decisions

THUMBNAIL, LARGE = 176, 900
"""Pixels of the longer side of a photo in the grid, and of one that is looked at."""


def create_app(decisions: Decisions) -> FastAPI:
    """The application for a review.

    It answers to the names of this machine alone: a page from elsewhere that has its own name lead
    here gets nothing.
    """
    app = FastAPI(title="classic-nn review", docs_url=None, redoc_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
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
            image = open_image(decisions.image(number)).convert("RGB")
        except (IndexError, UnreadableDataError) as error:
            raise HTTPException(404, f"photo {number} cannot be shown: {error}") from None
        side = LARGE if large else THUMBNAIL
        content = io.BytesIO()
        fitted(image, side, side).save(content, "JPEG", quality=88)
        age = {"Cache-Control": "max-age=3600"}
        return Response(content.getvalue(), media_type="image/jpeg", headers=age)

    @app.post("/api/labels")
    def label(labels: dict[int, str] = Body(embed=True)) -> Any:  # noqa: B008
        return _saved(decisions, lambda: decisions.set(labels))

    @app.post("/api/undo")
    def undo() -> Any:
        return _saved(decisions, decisions.undo)

    return app


def _saved(decisions: Decisions, change: Any) -> Any:
    """What has changed, or why nothing has."""
    try:
        changed = change()
    except (ValueError, IndexError) as error:
        return JSONResponse({"error": str(error)}, 400)
    except OSError as error:
        reason = error.strerror or str(error)
        return JSONResponse({"error": f"{decisions.path}: cannot be written ({reason})"}, 507)
    return {"changed": changed, "counts": decisions.counts()}
