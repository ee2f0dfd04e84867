"""Why there is an alert, in words: what matters first, and all that the alert knows below it."""

from vedette.why.story import Section, Story, story

__all__ = ["Section", "Story", "story"]
