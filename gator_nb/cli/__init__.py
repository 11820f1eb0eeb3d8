"""`gator-nb`: what can be done with a store from a terminal."""

from .app import app, main

__all__ = ["app", "main"]
