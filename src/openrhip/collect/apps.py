from django.apps import AppConfig


class CollectConfig(AppConfig):
    name = "openrhip.collect"
    label = "collect"
    verbose_name = "数据采集"
