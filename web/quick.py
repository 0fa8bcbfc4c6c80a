"""A route for what is asked most: its parameters are read straight into their model.

FastAPI's own reading asks every parameter anew what type it has. Here only what is plainly in order is read the short
way; everything else, errors above all, takes FastAPI's way, so that both accept, refuse and document the same.
"""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, get_origin

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class QuickRoute(APIRoute):
    """For an endpoint `(request, query)` whose query parameters all are fields of one model, and which returns a
    response of its own. Dependencies must not do more than refuse parameters that the model does not have."""

    def get_route_handler(self) -> Handler:
        thorough: Handler = super().get_route_handler()
        model = self.dependant.query_params[0].field_info.annotation
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise TypeError(f"{self.path} does not take its parameters as one model")
        repeated = {
            field.alias or name: get_origin(field.annotation) is tuple for name, field in model.model_fields.items()
        }

        async def handler(request: Request) -> Response:
            given: dict[str, Any] = {}
            for name, value in request.query_params.multi_items():
                if name not in repeated or (name in given and not repeated[name]):
                    return await thorough(request)
                if repeated[name]:
                    given.setdefault(name, []).append(value)
                else:
                    given[name] = value
            try:
                query = model.model_validate(given)
            except ValidationError:
                return await thorough(request)
            answer: Response = await run_in_threadpool(functools.partial(self.endpoint, request=request, query=query))
            return answer

        return handler
