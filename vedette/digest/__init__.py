"""`vedette report`: what alerts of some days amount to, as a page, a mail or text."""
