"""What the gate leaves to the API and the registry: they let nobody in without a key."""

from __future__ import annotations

import pytest
from django.test import Client
from portal.web.permissions import Access, access

from tests.integration.portal.routes import Route, routes


@pytest.mark.parametrize(
    "route", [route for route in routes() if access(route.name) is Access.KEY], ids=lambda route: route.name
)
def test_what_takes_keys_does_nothing_without_one(clean: None, route: Route) -> None:
    methods = ("get", "post", "put", "patch", "delete")
    answers = {getattr(Client(), method)(route.address("chess")).status_code for method in methods}
    assert 401 in answers
    # 400: the registry's clients say first what they want.
    assert answers <= {400, 401, 405}
