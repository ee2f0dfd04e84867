"""`python -m vedette` is the command `vedette`."""

from vedette.cli.main import entry

entry()
