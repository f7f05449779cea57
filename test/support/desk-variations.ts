/** Parts of a helpdesk that tests put in, as texts of files. */

/** `views.py` with the words of its text messages from a package of the tests' own. */
export const withPhrases = (views: string): string =>
  views
    .replace('f"Ticket {ticket.pk} is open: {ticket.title}"', "opened(ticket.pk, ticket.title)")
    .replace("from . import sms", "from desk_phrases import opened\n\nfrom . import sms");

/** A page without sign-in: the newest tickets on the screen in the hall. */
export const wall = `from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.response import Response

from .models import Ticket
from .serializers import TicketSerializer


@api_view(["GET"])
@authentication_classes([])
@permission_classes([])
def wall(request):
    return Response(TicketSerializer(Ticket.objects.select_related("owner")[:50], many=True).data)
`;

const migration = (operations: string): string => `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0002_priority")]
    operations = [${operations}]
`;

/** A migration that data may contradict. */
export const uniqueTitles = migration(
  'migrations.AddConstraint("ticket", models.UniqueConstraint(fields=["owner", "title"], name="title_once"))',
);

/** A migration that waits two seconds for its turn, as one should that must not stop the application. */
export const language = migration(
  "migrations.RunSQL(\"SET LOCAL lock_timeout = '2s'\", migrations.RunSQL.noop), " +
    'migrations.AddField("ticket", "language", models.CharField(max_length=10, null=True))',
);

/** For `manage.py shell`: the newest ticket is there twice. */
export const twice = `from tickets.models import Ticket
ticket = Ticket.objects.first()
ticket.pk = None
ticket.save()`;

/** For `manage.py shell`: it is there once again. */
export const onceAgain = "from tickets.models import Ticket; Ticket.objects.latest('pk').delete()";

/** For `manage.py shell`: a report that reads the tickets until its input ends. */
export const longReport = `import sys
from django.db import transaction
from tickets.models import Ticket
with transaction.atomic():
    print(Ticket.objects.count(), flush=True)
    sys.stdin.read()`;
