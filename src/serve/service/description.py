"""What the service takes and gives, as OpenAPI says it: types of answers, bodies, examples."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

PHOTO = (
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAD0lEQVR42mP4gAMwDC0JAFTitAEFRmaZAAAAAElFTkSu"
    "QmCC"
)
"""A grey photo, 8 x 8, as an example."""


class Problem(BaseModel):
    """Why there is no answer, in one line; of several photos why there is none of the first."""

    model_config = ConfigDict(extra="allow")
    error: str = Field(examples=["photo.jpg: is no image of a known format"])


class Prediction(BaseModel):
    """What a photo shows; or, with ``error``, why it cannot be said."""

    model_config = ConfigDict(extra="forbid")
    image: str = Field(description="name of the photo", examples=["plate.jpg"])
    labels: list[str] | None = Field(
        None,
        description='the most probable class, or all labels; ["retake"] where the model is too '
        "unsure to answer",
        examples=[["clean"]],
    )
    probabilities: dict[str, float] | None = Field(
        None, description="of each class", examples=[{"clean": 0.97, "dirty": 0.03}]
    )
    error: str | None = None


class Predictions(BaseModel):
    """Answers for all photos of a request, in their order."""

    model: str
    predictions: list[Prediction]


class Explanation(BaseModel):
    """Why the model says so."""

    model: str
    image: str
    method: str
    explained: str = Field(description='the class, or "a against b"')
    probability: float
    logit: float
    baseline_logit: float = Field(description="of the picture that shows nothing")
    figures: dict[str, Any] = Field(description="what the method says of its own accuracy")
    photo: str = Field(description="what the network saw: PNG, base64")
    heat: str = Field(
        description="PNG with transparency, base64, to lie over it: red speaks for what is "
        "explained, blue against it"
    )


class Model(BaseModel):
    """A model's card."""

    model_config = ConfigDict(extra="allow")
    name: str
    task: str
    classes: list[str]
    input_shape: list[int] = Field(description="height, width, channels")
    threshold: float | None = Field(description="from which on a label is given")
    reject_below: float = Field(description="probability below which the answer is retake")
    methods: list[str] = Field(description="of explanation")
    trained_on: dict[str, Any]
    metrics: dict[str, float | None]
    evaluation: dict[str, Any] | None = Field(description="on test data, from the model's run")


class Models(BaseModel):
    """All models, the first of which answers where none is named."""

    models: list[Model]


class State(BaseModel):
    """Of the server."""

    status: str = Field(examples=["ok"])


def body(several: bool) -> dict[str, Any]:
    """The request body of photos: a form, or JSON."""
    photo = {"type": "string", "format": "binary"}
    files = {"type": "array", "minItems": 1, "items": photo}
    encoded = {
        "anyOf": [
            {"type": "string", "contentEncoding": "base64"},
            {
                "type": "object",
                "required": ["data"],
                "properties": {
                    "name": {"type": "string"},
                    "data": {"type": "string", "contentEncoding": "base64"},
                },
            },
        ]
    }
    images = {"type": "array", "minItems": 1, "items": encoded}
    if not several:
        files, images = {**files, "maxItems": 1}, {**images, "maxItems": 1}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["files"],
                        "properties": {"files": files},
                    }
                },
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["images"],
                        "properties": {"images": images},
                    },
                    "example": {"images": [{"name": "photo.png", "data": PHOTO}]},
                },
            },
        }
    }


PROBLEMS = {
    400: "the body is not what it says, or has no photos; or the server has no such name",
    401: "the token is missing or wrong",
    403: "the request comes from another page",
    404: "there is no model of this name",
    408: "the body came too slowly",
    413: "too many bytes or photos",
    415: "the body is neither a form nor JSON",
    422: "a value or a photo cannot be used",
    500: "a mistake in the server",
    503: "too much is waiting, or a worker was lost; Retry-After says when to try again",
    504: "computing took too long",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Answers that are no answers, for the description of a path."""
    return {status: {"model": Problem, "description": PROBLEMS[status]} for status in statuses}
