"""Tells another system what happened."""
import requests
from django.conf import settings


def announce(event: str, ticket) -> bool:
    """Posts an event; whether the receiver took it. A receiver that is down does not stop a ticket."""
    if not settings.WEBHOOK_URL:
        return False
    body = {"event": event, "ticket": ticket.pk, "title": ticket.title, "state": ticket.state}
    try:
        return requests.post(settings.WEBHOOK_URL, json=body, timeout=3).ok
    except requests.RequestException:
        return False
