from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "openrhip.site"
    label = "site"
