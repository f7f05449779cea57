"""Measures, in milliseconds, what a person waits for when the list of tickets is opened; prints JSON."""
import json
from time import perf_counter

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.test import RequestFactory
from rest_framework.test import force_authenticate

from tickets.models import Ticket
from tickets.views import TicketViewSet


class Command(BaseCommand):
    help = "Times the ticket list as a whole, and its query alone."

    def add_arguments(self, parser):
        parser.add_argument("--times", type=int, default=20)

    def handle(self, *args, times, **options):
        owner = User.objects.filter(tickets__isnull=False).distinct().order_by("pk").first()
        if owner is None:
            raise CommandError("there are no tickets to list: fill the desk first")
        whole = self.times_of(self.list_of(owner), times)
        query = self.times_of(self.query_of(owner), times)
        slowest = sorted(whole)[int(len(whole) * 0.95)]
        self.stdout.write(json.dumps({"list": whole, "list, 95th percentile": slowest, "query": query}))

    def times_of(self, act, times):
        # The first calls load modules and open the connection.
        for _ in range(3):
            act()
        return [self.timed(act) for _ in range(times)]

    @staticmethod
    def timed(act):
        started = perf_counter()
        act()
        return round((perf_counter() - started) * 1000, 4)

    @staticmethod
    def query_of(owner):
        return lambda: list(Ticket.objects.filter(owner=owner, state=Ticket.State.OPEN)[:1000])

    @staticmethod
    def list_of(owner):
        view = TicketViewSet.as_view({"get": "list"})

        def act():
            request = RequestFactory().get("/api/tickets/")
            force_authenticate(request, user=owner)
            view(request).render()

        return act
