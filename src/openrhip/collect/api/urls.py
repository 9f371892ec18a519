"""Addresses of the machine API; the site mounts them under `api/collect/`."""

from __future__ import annotations

from django.urls import path

from openrhip.collect.api.routes import api

urlpatterns = [path("", api.urls)]
