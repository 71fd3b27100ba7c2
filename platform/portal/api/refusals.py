"""Refusals as the API answers them: problem+json (RFC 9457), in the answer and in the schema."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from ninja import Field, NinjaAPI, Schema
from ninja.openapi.schema import OpenAPISchema
from pydantic.json_schema import models_json_schema

from deployer.errors import Explanation
from portal.environment import environment
from portal.problems import Action, Limited
from portal.translating import explained

CONTENT_TYPE = "application/problem+json"
# Of an operation that may be asked too often: @router.post(…, openapi_extra=LIMITED).
LIMITED: dict[str, Any] = {"responses": {429: {"$ref": "#/components/responses/TooOften"}}}


class Told(Schema):
    reason: str = Field(description="for programs; it does not change")
    what: str = Field(description="what happened, in a sentence in the language of Accept-Language")
    evidence: str = Field(description="what shows it; may be empty")
    next: str = Field(description="what to do now")


class Refusal(Schema):
    type: str = Field(description="about:blank, or the address of a guide's section that tells more")
    title: str = Field(description="the status in words")
    status: int
    detail: str = Field(description="the same as error.what")
    error: Told


class TooOften(Refusal):
    action: Action = Field(description="what was done too often for now; all else still works")
    retry_after_seconds: int = Field(description="the same as the header Retry-After")


def body(status: int, explanation: Explanation) -> dict[str, Any]:
    told = explained(explanation).to_dict()
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": told["what"], "error": told}


def limited_body(limited: Limited) -> dict[str, Any]:
    return body(limited.status, limited.explanation) | {
        "type": f"{environment().public_url}/help/students#in-scripts",
        "action": limited.action,
        "retry_after_seconds": limited.retry_after_seconds,
    }


class DocumentedApi(NinjaAPI):
    """Its schema tells of every operation how it refuses."""

    def get_openapi_schema(self, **where: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**where)
        _, shapes = models_json_schema(
            [(Refusal, "serialization"), (TooOften, "serialization")],
            ref_template="#/components/schemas/{model}",
        )
        schema["components"]["schemas"] |= shapes["$defs"]
        schema["components"]["responses"] = {
            "Refused": _response("Refused.", "Refusal"),
            "TooOften": _response(
                "This action was done too often for now. Nothing was changed: send the same once more after "
                "so many seconds.",
                "TooOften",
            )
            | {"headers": {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}},
        }
        for methods in schema["paths"].values():
            for operation in methods.values():
                operation["responses"]["default"] = {"$ref": "#/components/responses/Refused"}
        return schema


def _response(description: str, shape: str) -> dict[str, Any]:
    content = {CONTENT_TYPE: {"schema": {"$ref": f"#/components/schemas/{shape}"}}}
    return {"description": description, "content": content}
