"""A client that sends a token with every request."""

from collections.abc import Mapping

from rest_client import Answer, RestClient


class Bearer(RestClient):
    """Of the server of another client, with that token."""

    def __init__(self, url: str, secret: str) -> None:
        super().__init__(url)
        self.secret = secret

    def send(
        self,
        method: str,
        path: str,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        given = {"Authorization": f"Bearer {self.secret}", **(headers or {})}
        return super().send(method, path, raw, given)
