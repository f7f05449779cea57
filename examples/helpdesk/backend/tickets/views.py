"""What people and programs can ask of the helpdesk."""
from django.conf import settings
from django.db import connection
from django.http import JsonResponse
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from . import sms, webhook
from .classifier import UNSORTED, classify
from .models import Ticket
from .serializers import TicketSerializer


def health(request):
    """200 when the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return JsonResponse({"status": "ok"})


def category_of(title: str) -> str:
    return classify(title) if settings.CLASSIFIER else UNSORTED


class TicketViewSet(viewsets.ModelViewSet):
    """A person's own tickets."""

    serializer_class = TicketSerializer

    def get_queryset(self):
        return Ticket.objects.filter(owner=self.request.user).select_related("owner")

    def perform_create(self, serializer):
        ticket = serializer.save(owner=self.request.user, category=category_of(serializer.validated_data["title"]))
        if ticket.phone:
            sms.send(ticket.phone, f"Ticket {ticket.pk} is open: {ticket.title}")
        webhook.announce("opened", ticket)

    @action(detail=True, methods=["post"])
    def close(self, request, pk=None):
        ticket = self.get_object()
        ticket.state = Ticket.State.CLOSED
        ticket.save(update_fields=["state"])
        webhook.announce("closed", ticket)
        return Response(self.get_serializer(ticket).data)
