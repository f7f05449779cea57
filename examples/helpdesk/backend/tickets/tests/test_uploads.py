"""Attachments: pictures, made small."""
import tempfile
from io import BytesIO

from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase, override_settings
from PIL import Image
from rest_framework.test import APIClient

from tickets.models import Ticket


def picture(width, height):
    out = BytesIO()
    Image.new("RGBA", (width, height), (200, 30, 30, 128)).save(out, format="PNG")
    return SimpleUploadedFile("shot.png", out.getvalue(), content_type="image/png")


class UploadTest(TestCase):
    def setUp(self):
        self.client = APIClient()
        self.client.force_authenticate(get_user_model().objects.create_user("ada"))

    def upload(self, file):
        with tempfile.TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder):
            answer = self.client.post("/api/tickets/", {"title": "See", "attachment": file}, format="multipart")
            if answer.status_code != 201:
                return answer, None
            with Ticket.objects.get().attachment.open() as kept:
                kept_picture = Image.open(kept)
                return answer, (kept_picture.format, kept_picture.size)

    def test_a_large_picture_becomes_a_small_jpeg(self):
        self.assertEqual(self.upload(picture(2400, 1200))[1], ("JPEG", (800, 400)))

    def test_a_small_picture_keeps_its_size(self):
        self.assertEqual(self.upload(picture(40, 30))[1], ("JPEG", (40, 30)))

    def test_what_is_no_picture_is_refused(self):
        answer, _ = self.upload(SimpleUploadedFile("shot.png", b"not a picture", content_type="image/png"))
        self.assertEqual(answer.status_code, 400)
        self.assertIn("attachment", answer.json())
