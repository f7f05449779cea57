"""What a helpdesk keeps."""
from django.conf import settings
from django.db import models


class Ticket(models.Model):
    """A request for help, of the person who opened it."""

    class State(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    category = models.CharField(max_length=40, blank=True)
    details = models.JSONField(default=dict, blank=True)
    attachment = models.ImageField(upload_to="attachments/", blank=True)
    phone = models.CharField(max_length=20, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tickets")
    opened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        indexes = [models.Index(fields=["owner", "state"], name="ticket_owner_state")]
