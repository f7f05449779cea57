"""Signing in: nobody reads a ticket without it."""
from django.contrib.auth import get_user_model
from django.test import TestCase
from rest_framework.test import APIClient


class SignInTest(TestCase):
    def setUp(self):
        get_user_model().objects.create_user("ada", password="correct horse")
        self.client = APIClient()

    def token(self, password):
        return self.client.post("/api/token", {"username": "ada", "password": password}, format="json")

    def test_a_password_gives_a_token_that_opens_the_list(self):
        access = self.token("correct horse").json()["access"]
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
        self.assertEqual(self.client.get("/api/tickets/").json()["results"], [])

    def test_a_wrong_password_gives_none(self):
        self.assertEqual(self.token("wrong").status_code, 401)

    def test_a_token_that_was_changed_is_refused(self):
        access = self.token("correct horse").json()["access"]
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {access[:-2]}xx")
        self.assertEqual(self.client.get("/api/tickets/").status_code, 401)

    def test_a_refresh_token_gives_a_new_one(self):
        refresh = self.token("correct horse").json()["refresh"]
        self.assertIn("access", self.client.post("/api/token/refresh", {"refresh": refresh}, format="json").json())
