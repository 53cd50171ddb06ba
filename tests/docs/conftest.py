"""A browser for the site's tests, as for those of the server's pages."""

from tests.serve.conftest import browser

__all__ = ["browser"]
