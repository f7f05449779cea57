"""Mingus: a small personal-finance API, the example application of Redress."""

from .app import create_app

__all__ = ["create_app"]
