"""Settings: one YAML file, then the environment; what is wrong is told all at once.

    defaults  <  vedette.yml  <  VEDETTE_SECTION__KEY      (and secrets from `…_file`)

`load` gives frozen `Settings` with the origin of every value.
"""

from vedette.settings.cluster import Cluster
from vedette.settings.group import SettingsErrors
from vedette.settings.loading import Loaded, find, load
from vedette.settings.model import Settings
from vedette.settings.models import Models
from vedette.settings.pipelines import MAIN, Instances, Pipeline
from vedette.settings.sections import Attack, Level, Log, Output, Rules, State, Status
from vedette.settings.sources import FolderSource, Logsource, SearchSource

__all__ = [
    "MAIN",
    "Attack",
    "Cluster",
    "FolderSource",
    "Instances",
    "Level",
    "Loaded",
    "Log",
    "Logsource",
    "Models",
    "Output",
    "Pipeline",
    "Rules",
    "SearchSource",
    "Settings",
    "SettingsErrors",
    "State",
    "Status",
    "find",
    "load",
]
