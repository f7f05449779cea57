"""Migrations: forth and back without losing a ticket."""
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import TransactionTestCase

from tickets.models import Ticket


class MigrationTest(TransactionTestCase):
    def migrate(self, name):
        executor = MigrationExecutor(connection)
        executor.migrate([("tickets", name)])

    def tearDown(self):
        self.migrate("0002_priority")

    def test_the_data_migration_can_be_taken_back(self):
        owner = get_user_model().objects.create_user("ada")
        self.migrate("0001_initial")
        Ticket.objects.create(title="Help", owner=owner, details={"room": 3})
        self.migrate("0002_priority")
        self.assertEqual(Ticket.objects.get().details, {"room": 3, "priority": "normal"})
        self.migrate("0001_initial")
        self.assertEqual(Ticket.objects.get().details, {"room": 3})
