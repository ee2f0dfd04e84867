"""The shapes that names in the configuration must have, with the words an error uses for them."""

from __future__ import annotations

NAMESPACE = "^[a-z0-9_][a-z0-9_-]{0,99}$"
SOURCE_NAME = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
INDEX = r"^[^\s/\\?#\x22]+$"
FIELD = r"^\S+$"
LOGSOURCE = "^[a-z0-9][a-z0-9_-]*$"
LINE = r"^[^\x00-\x1f\x7f]+$"

EXPECTED = {
    NAMESPACE: "lower-case letters, digits, '_' and '-', not beginning with '-'",
    SOURCE_NAME: "letters, digits, '_', '.' and '-', beginning with a letter or digit",
    INDEX: "an index, alias or pattern without spaces, '/', '\\', '?' or '#'",
    FIELD: "a field name without spaces",
    LOGSOURCE: "lower-case letters, digits, '_' and '-'",
    LINE: "text on one line",
}
"""What a value must look like, by pattern."""
