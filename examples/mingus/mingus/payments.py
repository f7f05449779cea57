"""The client of the external payment processor."""

import requests


class PaymentRefused(Exception):
    """The processor said no, or did not answer."""


class PaymentClient:
    """Charges accounts through the processor's HTTP interface."""

    def __init__(self, base_url, token, timeout_seconds=5):
        self.base_url = base_url.rstrip("/")
        self.timeout_seconds = timeout_seconds
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {token}"

    def charge(self, account, cents):
        """Charge an account; gives the receipt's id. Raises PaymentRefused."""
        try:
            answer = self.http.post(
                f"{self.base_url}/charges",
                json={"account": account, "cents": cents},
                timeout=self.timeout_seconds,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise PaymentRefused("the processor does not answer") from error
        if answer.status_code != 201:
            raise PaymentRefused(f"the processor answered {answer.status_code}")
        return answer.json()["id"]
