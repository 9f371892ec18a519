from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "openrhip.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from openrhip.kernel import events  # noqa: PLC0415
        from openrhip.records import service  # noqa: PLC0415 - models are loaded by now

        events.subscribe(service.NOTICE, name="records.notices", handler=service.deliver_notice)
