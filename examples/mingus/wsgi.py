"""What gunicorn serves: `gunicorn wsgi:app`."""

from mingus import create_app

app = create_app()
