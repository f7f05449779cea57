"""Text messages by Twilio's client."""
from django.conf import settings
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

SENDER = "+15005550006"


class Redirected(TwilioHttpClient):
    """Sends every request to another host: the fake one of development and tests."""

    def __init__(self, base: str):
        super().__init__()
        self.base = base

    def request(self, method, url, *args, **kwargs):
        path = url.split("/", 3)[3]
        return super().request(method, f"{self.base}/{path}", *args, **kwargs)


def send(to: str, text: str) -> str | None:
    """Sends a message and gives its id; nothing where no service is configured."""
    if not settings.SMS_BASE:
        return None
    client = Client("AC" + "0" * 32, "token", http_client=Redirected(settings.SMS_BASE))
    return client.messages.create(to=to, from_=SENDER, body=text).sid
