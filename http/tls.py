"""TLS: the server's certificate, read from its files at the start and again when they have changed."""

import ssl
from pathlib import Path

from .errors import BadOption


def tls_context(cert: Path, key: Path) -> ssl.SSLContext:
    """For TLS 1.2 and later, with that certificate. Blocks on its files. Raises `BadOption`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as error:
        raise BadOption(
            f"--tls-cert {cert}, --tls-key {key}: they can't be used together: "
            f"{error.reason or 'no certificate with its key, in PEM form'}"
        ) from None
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        raise BadOption(f"--tls-cert {cert}, --tls-key {key}: {told}") from None
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted; give one that is not, in a file that only we may read")
