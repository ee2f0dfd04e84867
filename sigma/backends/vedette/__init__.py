"""Vedette among the targets of pySigma: `sigma convert -t vedette`."""

from vedette import sigma_target


class VedetteBackend(sigma_target.Target):
    """What Vedette makes of a rule."""


backends = {"vedette": VedetteBackend}
