"""TLS, as Redis's `tls-...` parameters describe it."""

from __future__ import annotations

import ssl
from typing import Any

_VERSIONS = {
    "TLSV1": ssl.TLSVersion.TLSv1,
    "TLSV1.1": ssl.TLSVersion.TLSv1_1,
    "TLSV1.2": ssl.TLSVersion.TLSv1_2,
    "TLSV1.3": ssl.TLSVersion.TLSv1_3,
}
_ASKED = {"yes": ssl.CERT_REQUIRED, "optional": ssl.CERT_OPTIONAL, "no": ssl.CERT_NONE}


def tls_context(config: dict[str, Any]) -> ssl.SSLContext:
    """What the parameters say. ValueError, with what to do, if that cannot be."""
    certificate, key = config["tls-cert-file"], config["tls-key-file"] or None
    if not certificate:
        raise ValueError("a TLS port needs a certificate (tls-cert-file) and its key (tls-key-file)")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, config["tls-key-file-pass"] or _no_password)
    except OSError as error:
        files = certificate if key is None else f"{certificate} and {key}"
        raise ValueError(f"no certificate with its key can be read from {files}: {_why(error)}") from error
    _trust(context, config)
    if config["tls-protocols"]:
        _allow_versions(context, config["tls-protocols"].split())
    if config["tls-ciphers"]:
        try:
            context.set_ciphers(config["tls-ciphers"])
        except ssl.SSLError as error:
            raise ValueError(f"tls-ciphers {config['tls-ciphers']!r}: {_why(error)}") from error
    if config["tls-prefer-server-ciphers"]:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    return context


def _no_password() -> str:
    raise ValueError("the key has a password: give it as tls-key-file-pass")


def _trust(context: ssl.SSLContext, config: dict[str, Any]) -> None:
    """Whose certificates clients may show."""
    file, folder = config["tls-ca-cert-file"] or None, config["tls-ca-cert-dir"] or None
    if file or folder:
        try:
            context.load_verify_locations(file, folder)
        except OSError as error:
            raise ValueError(f"no authority can be read from {file or folder}: {_why(error)}") from error
    elif config["tls-auth-clients"] != "no":
        raise ValueError(
            "clients are to show certificates (tls-auth-clients), and none is trusted: name the authority"
            " that signs them (tls-ca-cert-file), or ask for none (tls-auth-clients no)"
        )
    context.verify_mode = _ASKED[config["tls-auth-clients"]]


def _allow_versions(context: ssl.SSLContext, names: list[str]) -> None:
    unknown = [name for name in names if name.upper() not in _VERSIONS]
    if unknown:
        raise ValueError(f"tls-protocols {unknown[0]!r} is none of {', '.join(_VERSIONS)}")
    versions = sorted(_VERSIONS[name.upper()] for name in names)
    context.minimum_version, context.maximum_version = versions[0], versions[-1]


def _why(error: OSError) -> str:
    if not isinstance(error, ssl.SSLError):
        return error.strerror or str(error)
    # OpenSSL gives a reason for most of what goes wrong, but none for text that it cannot decode.
    text = getattr(error, "reason", None) or str(error.args[-1])
    if "PEM lib" in text:
        return "no certificate or no key in PEM, or another password"
    return text.replace("_", " ").lower().rstrip(".")
