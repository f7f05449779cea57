"""Watches the certificate of the payment processor."""

from datetime import datetime, timezone

from OpenSSL import crypto


def days_left(pem, now=None):
    """Whole days until a PEM certificate expires; negative once it has."""
    certificate = crypto.load_certificate(crypto.FILETYPE_PEM, pem)
    until = datetime.strptime(certificate.get_notAfter().decode(), "%Y%m%d%H%M%SZ")
    return (until.replace(tzinfo=timezone.utc) - (now or datetime.now(timezone.utc))).days
