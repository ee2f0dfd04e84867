"""The HTML report: one self-contained page that stands without a network or a server."""

from vedette.report.render import ReportInfo, render

__all__ = ["ReportInfo", "render"]
