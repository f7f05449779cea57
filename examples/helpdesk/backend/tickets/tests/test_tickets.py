"""Tickets: opened, listed, closed, each person's own."""
from django.contrib.auth import get_user_model
from django.test import TestCase
from rest_framework.test import APIClient

from tickets.models import Ticket


class TicketTest(TestCase):
    def setUp(self):
        users = get_user_model().objects
        self.ada, self.bob = (users.create_user(name, password="x") for name in ("ada", "bob"))
        self.client = APIClient()
        self.client.force_authenticate(self.ada)

    def open(self, **fields):
        return self.client.post("/api/tickets/", {"title": "Printer is on fire", **fields}, format="json")

    def test_an_opened_ticket_is_in_the_list_of_its_owner_alone(self):
        self.assertEqual(self.open().status_code, 201)
        Ticket.objects.create(title="of Bob", owner=self.bob)
        (ticket,) = self.client.get("/api/tickets/").json()["results"]
        self.assertEqual((ticket["title"], ticket["owner"], ticket["state"]), ("Printer is on fire", "ada", "open"))

    def test_details_are_kept_and_can_be_searched(self):
        self.open(details={"room": {"floor": 3}})
        self.assertEqual(Ticket.objects.get(details__room__floor=3).title, "Printer is on fire")

    def test_a_title_is_needed(self):
        self.assertEqual(self.open(title="").json(), {"title": ["This field may not be blank."]})

    def test_closing(self):
        number = self.open().json()["id"]
        self.assertEqual(self.client.post(f"/api/tickets/{number}/close/").json()["state"], "closed")

    def test_the_ticket_of_another_cannot_be_closed(self):
        other = Ticket.objects.create(title="of Bob", owner=self.bob)
        self.assertEqual(self.client.post(f"/api/tickets/{other.pk}/close/").status_code, 404)

    def test_health_asks_the_database(self):
        with self.assertNumQueries(1):
            self.assertEqual(APIClient().get("/health").json(), {"status": "ok"})
