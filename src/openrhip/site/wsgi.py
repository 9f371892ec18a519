"""The web process's entry (WSGI): `openrhip.site.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrhip.site.settings")
application = get_wsgi_application()
