"""Vedette's labels of log sources among the pipelines of pySigma: `-p vedette_labels`."""

from sigma.processing.pipeline import ProcessingPipeline

from vedette import sigma_target


def vedette_labels() -> ProcessingPipeline:
    """Ask of events what Vedette asks of those that carry `logsource.product` and its kin."""
    return sigma_target.labels()


pipelines = {"vedette_labels": vedette_labels}
__all__ = ["vedette_labels"]
