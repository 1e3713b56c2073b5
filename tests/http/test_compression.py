"""Large answers are gzip for those who take it, and the same for everybody else."""

import gzip

import pytest
from rest_client import RestClient


@pytest.fixture
def path(client: RestClient) -> str:
    """Of an answer that is large, and always the same."""
    for _ in range(20):
        client.schedule("echo", {"manual": True})
    return "/api/schedules"


@pytest.mark.parametrize(
    "accepted", ["gzip", "gzip, deflate, br", "GZIP;q=0.5", "*", "br;q=1,*;q=0.1"]
)
def test_a_large_answer_is_compressed(client: RestClient, path: str, accepted: str) -> None:
    plain = client.get(path)

    answer = client.get(path, {"Accept-Encoding": accepted})

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.raw) == plain.raw
    assert len(answer.raw) < len(plain.raw) / 4
    assert answer.headers["content-length"] == str(len(answer.raw))


@pytest.mark.parametrize(
    "accepted", ["", "identity", "gzip;q=0", "br", "gzip;q=x", "*;q=0", "xgzip"]
)
def test_who_does_not_take_it_gets_it_plain(client: RestClient, path: str, accepted: str) -> None:
    answer = client.get(path, {"Accept-Encoding": accepted})

    assert "content-encoding" not in answer.headers
    assert answer.raw == client.get(path).raw


def test_caches_are_told_that_it_depends(client: RestClient, path: str) -> None:
    for accepted in ("gzip", "identity"):
        assert client.get(path, {"Accept-Encoding": accepted}).headers["vary"] == "Accept-Encoding"


def test_a_small_answer_is_left_alone(client: RestClient) -> None:
    answer = client.get("/readyz", {"Accept-Encoding": "gzip"})

    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


def test_an_answer_with_an_etag_is_left_alone(client: RestClient) -> None:
    key = client.schedule("echo", {"manual": True}, metadata={"long": "x" * 5_000})

    answer = client.get(f"/api/schedules/{key}/workflow", {"Accept-Encoding": "gzip"})

    assert answer.headers["etag"] == '"1"'
    assert "content-encoding" not in answer.headers


def test_a_very_large_answer_is_compressed_off_the_loop(client: RestClient) -> None:
    for number in range(10):
        client.schedule("echo", {"manual": True}, description=f"{number}" * 9_000)

    answer = client.get("/api/schedules", {"Accept-Encoding": "gzip"})

    assert len(gzip.decompress(answer.raw)) > 90_000
    assert len(answer.raw) < 9_000


def test_head_has_the_headers_of_the_compressed_answer(client: RestClient, path: str) -> None:
    headers = {"Accept-Encoding": "gzip"}

    got, head = client.get(path, headers), client.send("HEAD", path, headers=headers)

    assert head.headers["content-length"] == got.headers["content-length"]
    assert head.raw == b""


def test_an_export_is_compressed_while_it_is_sent(client: RestClient, path: str) -> None:
    plain = client.get(f"{path}/export")

    answer = client.get(f"{path}/export", {"Accept-Encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.raw) == plain.raw
