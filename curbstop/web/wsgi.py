"""The WSGI entry that `curbstop serve` hands to granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curbstop.web.settings")
application = get_wsgi_application()
