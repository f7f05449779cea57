"""Gives every ticket a priority in its details; going back takes it away again."""
from django.db import migrations


def add_priority(apps, schema_editor):
    for ticket in apps.get_model("tickets", "Ticket").objects.iterator():
        ticket.details = {"priority": "normal", **ticket.details}
        ticket.save(update_fields=["details"])


def drop_priority(apps, schema_editor):
    for ticket in apps.get_model("tickets", "Ticket").objects.iterator():
        ticket.details.pop("priority", None)
        ticket.save(update_fields=["details"])


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]
    operations = [migrations.RunPython(add_priority, drop_priority)]
