"""Files of TLS, and what a refused handshake means."""

import ssl


def demand_readable(ca: str | None = None, cert: str | None = None, key: str | None = None) -> None:
    """Refuse files that TLS could not use, before somebody takes it for a fault of the server.

    Raises:
        ValueError: names the option, the file, and what is wrong with it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is not None:
        try:
            context.load_verify_locations(ca)
        except OSError as error:
            raise ValueError(f"ca={ca} holds no certificates ({_reason(error)})") from None
    if key is not None and cert is None:
        raise ValueError(f"key={key} is of no use without cert=/path")
    if cert is not None:
        try:
            context.load_cert_chain(cert, key, password=_no_password)
        except OSError as error:
            files = f"cert={cert}" if key is None else f"cert={cert} and key={key}"
            raise ValueError(
                f"{files} hold no certificate with its key in the open ({_reason(error)})"
            ) from None


def is_concerned(text: str) -> bool:
    """Whether an error of OpenSSL is about a certificate."""
    return "certificate" in text.lower() or "unknown_ca" in text.lower()


def mend(text: str) -> str:
    """What to do about a certificate that one side did not accept; `text` is OpenSSL's."""
    lower = text.lower()
    if "hostname mismatch" in lower or "ip address mismatch" in lower:
        return "the server's certificate is for another name: use the name it is made for as host"
    if "has expired" in lower:
        return "the server's certificate has expired: the server needs a new one"
    if "not yet valid" in lower:
        return "the server's certificate is not valid yet: compare the clocks of both machines"
    if "certificate_required" in lower or "certificate required" in lower:
        return "the server wants a certificate of yours: add ?cert=/path&key=/path"
    if "alert" in lower:
        return "the server does not accept your certificate: ask who runs it which one to use"
    if "self-signed" in lower or "self signed" in lower or "unable to get" in lower:
        return "nobody known here signed the server's certificate: add ?ca=/path of who did"
    return "the server's certificate is not valid: see ?ca=/path and the host"


def after_hanging_up(*, own: bool) -> str:
    """The same where a server said nothing; `own` says that it was shown a certificate."""
    if own:
        return "the server hung up: ask who runs it whether it accepts your certificate"
    return "the server hung up: if it wants a certificate of yours, add ?cert=/path&key=/path"


def _no_password() -> str:
    """Else OpenSSL asks at the terminal for that of an encrypted key."""
    return ""


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
