"""Tickets as JSON."""
from django.conf import settings
from rest_framework import serializers

from .images import NotAnImage, shrunk
from .models import Ticket


class TicketSerializer(serializers.ModelSerializer):
    owner = serializers.ReadOnlyField(source="owner.username")

    class Meta:
        model = Ticket
        fields = [
            "id", "title", "body", "state", "category", "details", "attachment", "phone", "owner", "opened_at",
        ]
        read_only_fields = ["category"]

    def validate_attachment(self, upload):
        if not upload:
            return upload
        try:
            small = shrunk(upload, settings.ATTACHMENT_SIDE)
        except NotAnImage as error:
            raise serializers.ValidationError(str(error)) from error
        small.name = f"{upload.name.rsplit('.', 1)[0][:40]}.jpg"
        return small
