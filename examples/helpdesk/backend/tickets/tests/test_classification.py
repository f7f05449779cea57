"""Sorting tickets by their titles."""
import json
import subprocess
import sys
from unittest import skipUnless
from unittest.mock import patch

from django.contrib.auth.models import User
from django.test import SimpleTestCase, override_settings
from rest_framework.test import APITestCase

from tickets.classifier import UNSORTED, classify, is_installed


class ClassificationTest(SimpleTestCase):
    def test_without_the_libraries_tickets_stay_unsorted(self):
        with patch("tickets.classifier.is_installed", return_value=False):
            self.assertEqual(classify("cannot sign in"), UNSORTED)


@skipUnless(is_installed(), "torch and transformers are not installed")
class ClassifierProcessTest(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Each process loads the libraries anew, which takes seconds.
        done = subprocess.run(
            [sys.executable, "-m", "tickets.classifier_worker"],
            input=json.dumps({"text": "my printer crashes"}), capture_output=True, text=True, check=True, timeout=120,
        )
        cls.answer = json.loads(done.stdout.splitlines()[-1])

    def test_the_same_title_gives_the_same_answer_in_a_process_of_its_own(self):
        self.assertEqual(classify("my printer crashes"), self.answer["category"])

    def test_the_logits_are_those_of_the_weights(self):
        logits = self.answer["logits"]
        self.assertEqual(len(logits), 4)
        self.assertEqual(max(logits), logits[["access", "billing", "hardware", "software"].index(self.answer["category"])])



class NewTicketTest(APITestCase):
    @override_settings(CLASSIFIER=True)
    def test_a_new_ticket_gets_the_category_of_its_title(self):
        self.client.force_authenticate(User.objects.create_user("ada"))
        with patch("tickets.views.classify", return_value="hardware") as sort:
            answer = self.client.post("/api/tickets/", {"title": "My printer crashes"}, format="json")
        self.assertEqual(answer.json()["category"], "hardware")
        sort.assert_called_once_with("My printer crashes")
