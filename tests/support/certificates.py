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
    maker: Path
    """The certificate of who made it, for those that take a file."""


def make_certificate(folder: Path, *names: str) -> Certificate:
    """A new one, by a new maker, in the folder's `cert.pem` and `key.pem`."""
    maker = trustme.CA()
    issued = maker.issue_cert(*(names or ("127.0.0.1", "localhost")))
    cert, key, made_by = (folder / f"{name}.pem" for name in ("cert", "key", "maker"))
    maker.cert_pem.write_to_path(made_by)
    issued.private_key_pem.write_to_path(key)
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    trusting = ssl.create_default_context()
    maker.configure_trust(trusting)
    return Certificate(cert, key, trusting, made_by)
