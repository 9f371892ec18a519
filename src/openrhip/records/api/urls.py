"""Addresses of the machine API; the site mounts them under `api/records/`."""

from django.urls import path

from openrhip.records.api.routes import api

urlpatterns = [path("", api.urls)]
