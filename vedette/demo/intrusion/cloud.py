"""The cloud account: the key found on the web server is used, a second one is made."""

from __future__ import annotations

from vedette.demo.company import OPERATOR
from vedette.demo.intrusion.story import Story
from vedette.demo.ordinary.cloud import user
from vedette.demo.shapes import cloudtrail

DENIED = "AccessDenied"


def account(story: Story) -> None:
    """Who am I, what may I do; another key, an open bucket, and no more trail."""
    who = user("ci-deploy")
    for source, name, technique, parameters, error in (
        ("sts", "GetCallerIdentity", "T1078.004", None, None),
        ("iam", "ListUsers", "T1087.004", None, DENIED),
        ("iam", "ListRoles", "T1087.004", None, DENIED),
        ("s3", "ListBuckets", "T1580", None, None),
        ("iam", "CreateAccessKey", "T1098.001", {"userName": "backup-reader"}, None),
        ("cloudtrail", "StopLogging", "T1685.002", {"name": "management-events"}, None),
        ("s3", "DeleteBucketPublicAccessBlock", "T1530", {"bucketName": "example-finance"}, None),
    ):
        more = {"errorCode": error, "errorMessage": "not authorized"} if error else {}
        event = cloudtrail(story.now, story.rng, source, name, who, OPERATOR, parameters, **more)
        story.tell("cloud account", technique, event, 90)
