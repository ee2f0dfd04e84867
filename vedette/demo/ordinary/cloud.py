"""Ordinary calls in the company's AWS account, as CloudTrail records them."""

from __future__ import annotations

from datetime import datetime
from random import Random

from vedette.demo.company import ACCOUNT
from vedette.demo.ordinary.windows import Events, later
from vedette.demo.shapes import cloudtrail

MONITOR = {
    "type": "AssumedRole",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/monitoring/poller",
    "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "monitoring"}},
}
OFFICE = "192.0.2.5"
BUCKETS = ("example-shop-media", "example-backups", "example-finance")


def user(name: str) -> dict[str, str]:
    """The identity of an IAM user."""
    return {"type": "IAMUser", "userName": name, "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}"}


def monitoring(rng: Random, time: datetime) -> Events:
    """The monitoring role asks how things are."""
    source, name = rng.choice((
        ("ec2", "DescribeInstances"),
        ("ec2", "DescribeInstanceStatus"),
        ("cloudwatch", "GetMetricData"),
        ("rds", "DescribeDBInstances"),
        ("cloudtrail", "GetTrailStatus"),
    ))  # fmt: skip
    return [(time, cloudtrail(time, rng, source, name, MONITOR, "192.0.2.8", readOnly=True))]


def storage(rng: Random, time: datetime) -> Events:
    """The shop and the backup read and write files."""
    name, who = rng.choice((("PutObject", "ci-deploy"), ("GetObject", "backup-reader")))
    parameters = {"bucketName": rng.choice(BUCKETS), "key": f"2026/11/{rng.randrange(10**6)}.bin"}
    return [(time, cloudtrail(time, rng, "s3", name, user(who), OFFICE, parameters))]


def people(rng: Random, time: datetime) -> Events:
    """The administrator signs in with a second factor, looks around, and renews a key."""
    who = user("a.meyer")
    login = cloudtrail(
        time, rng, "signin", "ConsoleLogin", who, OFFICE,
        eventType="AwsConsoleSignIn",
        responseElements={"ConsoleLogin": "Success"},
        additionalEventData={"MFAUsed": "Yes", "MobileVersion": "No"},
    )  # fmt: skip
    found = [(time, login)]
    for source, name in (("iam", "ListUsers"), ("s3", "ListBuckets"), ("iam", "ListAccessKeys")):
        time = later(rng, time, 60)
        found.append((time, cloudtrail(time, rng, source, name, who, OFFICE)))
    if rng.random() < 0.4:
        time = later(rng, time, 60)
        own = {"userName": "a.meyer"}
        found.append((time, cloudtrail(time, rng, "iam", "CreateAccessKey", who, OFFICE, own)))
    return found
