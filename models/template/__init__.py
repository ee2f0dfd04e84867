"""From a line or an event to the number of its template, and texts to vectors of their grams.

`mask.py` finds the values in a line, `drain.py` groups what is left, `forms.py` answers for lines
whose like was seen before (`front.py` does where no C was built), and `templates.py` puts them
together. Structured events go through `event.py` and `vocabulary.py`.
"""
