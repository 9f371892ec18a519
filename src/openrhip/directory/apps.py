from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "openrhip.directory"
    label = "directory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from openrhip.directory import service  # noqa: PLC0415 - models are loaded by now
        from openrhip.kernel import events  # noqa: PLC0415

        events.subscribe(
            service.ENTRY_PENDING, name="directory.ledger", handler=service.deliver_pending_entry
        )
        events.subscribe(
            service.NOTICE_DUE, name="directory.notices", handler=service.deliver_notice
        )
        events.subscribe(
            service.CONTACT_CHANGED,
            name="directory.contacts",
            handler=service.deliver_contact_notice,
        )
