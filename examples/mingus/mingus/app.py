"""The web application: accounts, encrypted notes, payments and exchange rates."""

import os

from flask import Flask, jsonify, request, session
from flask_cors import CORS
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from .payments import PaymentClient, PaymentRefused
from .rates import fetch_rates
from .vault import Vault

ALLOWED_ORIGIN = "https://app.mingus.example"


def create_app(settings=None):
    """Build the application. `settings` overrides what the environment says."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=os.environ.get("MINGUS_SECRET", "development only"),
        VAULT_KEY=os.environ.get("MINGUS_VAULT_KEY"),
        PROCESSOR_URL=os.environ.get("MINGUS_PROCESSOR_URL", "http://127.0.0.1:9"),
        PROCESSOR_TOKEN=os.environ.get("MINGUS_PROCESSOR_TOKEN", ""),
        RATE_URLS=[],
        RATELIMIT_ENABLED=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.config.update(settings or {})

    CORS(app, origins=[ALLOWED_ORIGIN], supports_credentials=True)
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    vault = Vault(app.config["VAULT_KEY"] or Vault.new_key())
    payments = PaymentClient(app.config["PROCESSOR_URL"], app.config["PROCESSOR_TOKEN"])
    # Account numbers are kept encrypted; nothing else about a person is stored.
    accounts = {}

    def current_user():
        return session.get("user")

    @app.get("/health")
    @limiter.exempt
    def health():
        return jsonify(status="ok", vault=vault.works())

    @app.post("/session")
    @limiter.limit("5 per minute")
    def sign_in():
        user = (request.get_json(silent=True) or {}).get("user")
        if not isinstance(user, str) or not user:
            return jsonify(error="a user is needed"), 400
        session["user"] = user
        return jsonify(user=user), 201

    @app.put("/account")
    def store_account():
        if current_user() is None:
            return jsonify(error="sign in first"), 401
        number = (request.get_json(silent=True) or {}).get("number")
        if not isinstance(number, str) or not number.isdigit():
            return jsonify(error="an account number is digits"), 400
        accounts[current_user()] = vault.seal(number)
        return "", 204

    @app.get("/account")
    def show_account():
        sealed = accounts.get(current_user())
        if sealed is None:
            return jsonify(error="no account"), 404
        return jsonify(number="*" * 6 + vault.open(sealed)[-4:])

    @app.post("/payments")
    def pay():
        sealed = accounts.get(current_user())
        if sealed is None:
            return jsonify(error="no account"), 404
        amount = (request.get_json(silent=True) or {}).get("cents")
        if not isinstance(amount, int) or amount <= 0:
            return jsonify(error="an amount is a positive number of cents"), 400
        try:
            receipt = payments.charge(vault.open(sealed), amount)
        except PaymentRefused as refusal:
            return jsonify(error=str(refusal)), 402
        return jsonify(receipt=receipt), 201

    @app.get("/rates")
    def rates():
        return jsonify(fetch_rates(app.config["RATE_URLS"]))

    app.extensions["mingus_accounts"] = accounts
    # The limiter's decorators hold it weakly: the application must keep it alive.
    app.extensions["mingus_limiter"] = limiter
    return app
