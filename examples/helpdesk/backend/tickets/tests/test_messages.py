"""Messages to the outside: SMS and webhook, to servers on loopback."""
import json
from urllib.parse import parse_qs

from django.contrib.auth import get_user_model
from django.test import TestCase, override_settings
from rest_framework.test import APIClient
from twilio.base.exceptions import TwilioRestException

from tickets import sms, webhook
from tickets.models import Ticket

from .fakes import listening


class MessageTest(TestCase):
    def setUp(self):
        self.ada = get_user_model().objects.create_user("ada")
        self.client = APIClient()
        self.client.force_authenticate(self.ada)

    def test_opening_a_ticket_with_a_number_sends_a_message(self):
        with listening(201, {"sid": "SM1"}) as (base, received), override_settings(SMS_BASE=base):
            answer = self.client.post("/api/tickets/", {"title": "Help", "phone": "+15551234567"}, format="json")
        self.assertEqual(answer.status_code, 201)
        ((path, body),) = received
        self.assertTrue(path.endswith("/Messages.json"), path)
        self.assertEqual(parse_qs(body)["To"], ["+15551234567"])
        self.assertIn("Help", parse_qs(body)["Body"][0])

    def test_a_refused_message_says_so(self):
        with listening(400, {"code": 21211, "message": "no such number"}) as (base, _), override_settings(SMS_BASE=base):
            with self.assertRaises(TwilioRestException):
                sms.send("+1", "hello")

    def test_without_a_service_nothing_is_sent(self):
        self.assertIsNone(sms.send("+15551234567", "hello"))

    def test_closing_is_announced(self):
        ticket = Ticket.objects.create(title="Help", owner=self.ada)
        with listening(200, {}) as (base, received), override_settings(WEBHOOK_URL=f"{base}/hook"):
            self.client.post(f"/api/tickets/{ticket.pk}/close/")
        ((path, body),) = received
        self.assertEqual((path, json.loads(body)["event"], json.loads(body)["state"]), ("/hook", "closed", "closed"))

    def test_a_receiver_that_is_down_does_not_stop_a_ticket(self):
        with override_settings(WEBHOOK_URL="http://127.0.0.1:1/"):
            self.assertFalse(webhook.announce("opened", Ticket(pk=1, title="Help")))
