"""Fills a desk with tickets of one person, for trying it out and for measuring."""
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand

from tickets.models import Ticket

WORDS = ["printer", "invoice", "screen", "account", "network"]


class Command(BaseCommand):
    help = "Adds tickets until the person has so many."

    def add_arguments(self, parser):
        parser.add_argument("--person", default="ada")
        parser.add_argument("--tickets", type=int, default=1000)

    def handle(self, *args, person, tickets, **options):
        owner, _ = User.objects.get_or_create(username=person)
        there = owner.tickets.count()
        Ticket.objects.bulk_create(
            Ticket(title=f"{WORDS[number % len(WORDS)]} {number}", details={"number": number}, owner=owner)
            for number in range(there, tickets)
        )
        self.stdout.write(f"{person} has {max(there, tickets)} tickets")
