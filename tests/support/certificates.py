"""Certificates of a maker of their own, in files, as a server wants them."""

import ssl
from pathlib import Path
from typing import NamedTuple

import trustme


class Certificate(NamedTuple):
    """A certificate with its key, and what a client needs to trust it."""

    cert: Path
    key: Path
    trusting: ssl.SSLContext


def make_certificate(folder: Path, *names: str) -> Certificate:
    """A new one, by a new maker, in the folder's `cert.pem` and `key.pem`."""
    maker = trustme.CA()
    issued = maker.issue_cert(*(names or ("127.0.0.1", "localhost")))
    cert, key = folder / "cert.pem", folder / "key.pem"
    issued.private_key_pem.write_to_path(key)
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    trusting = ssl.create_default_context()
    maker.configure_trust(trusting)
    return Certificate(cert, key, trusting)
