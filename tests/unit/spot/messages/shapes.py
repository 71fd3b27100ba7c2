"""Messages as AWS's documentation prints them; only ids, times and names are chosen here."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

RECEIVED = datetime(2026, 11, 25, 3, 0, 5, tzinfo=UTC)
TIME = "2026-11-25T03:00:00Z"
INSTANCE = "i-1234567890abcdef0"
OTHER = "i-0b662ef9931388ba0"
OLD = "i-12abcd34"
GROUP = "arn:aws:autoscaling:us-east-2:123456789012:autoScalingGroup:1:autoScalingGroupName/my-asg"
Shape = dict[str, Any]


def eventbridge(source: str, detail_type: str, detail: object, /, **changes: object) -> Shape:
    """https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html"""
    return {
        "version": "0",
        "id": "12345678-1234-1234-1234-123456789012",
        "detail-type": detail_type,
        "source": source,
        "account": "123456789012",
        "time": TIME,
        "region": "us-east-2",
        "resources": [f"arn:aws:ec2:us-east-2:123456789012:instance/{INSTANCE}"],
        "detail": detail,
        **changes,
    }


def interruption(action: object = "terminate", instance: object = INSTANCE, **changes: object) -> Shape:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html"""
    detail = {"instance-id": instance, "instance-action": action}
    return eventbridge("aws.ec2", "EC2 Spot Instance Interruption Warning", detail, **changes)


def rebalance(instance: object = INSTANCE) -> Shape:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html"""
    return eventbridge("aws.ec2", "EC2 Instance Rebalance Recommendation", {"instance-id": instance})


def state_change(state: object, instance: object = INSTANCE) -> Shape:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html"""
    detail = {"instance-id": instance, "state": state}
    return eventbridge("aws.ec2", "EC2 Instance State-change Notification", detail)


def health(*instances: object, **changes: object) -> Shape:
    """https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html"""
    code = "AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED"
    detail: Shape = {
        "eventArn": f"arn:aws:health:us-east-2::event/EC2/{code}/{code}_90353408594353980",
        "service": "EC2",
        "eventTypeCode": code,
        "eventTypeCategory": "scheduledChange",
        "eventScopeCode": "ACCOUNT_SPECIFIC",
        "communicationId": "1234abc01232a4012345678-1",
        "startTime": "Wed, 02 Dec 2026 05:30:00 GMT",
        "endTime": "Wed, 02 Dec 2026 08:45:00 GMT",
        "lastUpdatedTime": "Wed, 25 Nov 2026 02:59:31 GMT",
        "statusCode": "upcoming",
        "eventRegion": "us-east-2",
        "eventDescription": [{"language": "en_US", "latestDescription": "A description of the event ..."}],
        "affectedEntities": [
            {"entityValue": each, "status": "PENDING", "lastUpdatedTime": "Wed, 25 Nov 2026 02:59:31 GMT"}
            for each in instances
        ],
        "affectedAccount": "123456789012",
        "page": "1",
        "totalPages": "1",
        **changes,
    }
    return eventbridge("aws.health", "AWS Health Event", detail)


def lifecycle(instance: object = INSTANCE, **changes: object) -> Shape:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html"""
    detail: Shape = {
        "LifecycleActionToken": "87654321-4321-4321-4321-210987654321",
        "AutoScalingGroupName": "my-asg",
        "LifecycleHookName": "my-lifecycle-hook",
        "EC2InstanceId": instance,
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "NotificationMetadata": "additional-info",
        "Origin": "AutoScalingGroup",
        "Destination": "EC2",
        **changes,
    }
    resources = [GROUP]
    kind = "EC2 Instance-terminate Lifecycle Action"
    return eventbridge("aws.autoscaling", kind, detail, resources=resources)


def lifecycle_direct(instance: object = INSTANCE, **changes: object) -> Shape:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications.html"""
    return {
        "Service": "AWS Auto Scaling",
        "Time": "2026-11-25T03:00:00.948Z",
        "RequestId": "18b2ec17-3e9b-4c15-8024-ff2e8ce8786a",
        "LifecycleActionToken": "71514b9d-6a40-4b26-8523-05e7ee35fa40",
        "AccountId": "123456789012",
        "AutoScalingGroupName": "my-asg",
        "LifecycleHookName": "my-hook",
        "EC2InstanceId": instance,
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "NotificationMetadata": "hook message metadata",
        **changes,
    }


def trial_notification() -> Shape:
    """What a group sends when its hook is made; the same page."""
    return {
        "Service": "AWS Auto Scaling",
        "Time": "2026-11-25T03:00:00.948Z",
        "RequestId": "2b2a9c7c-1b1a-4d5e-8c0f-4b8a51c5a2a1",
        "Event": "autoscaling:TEST_NOTIFICATION",
        "AccountId": "123456789012",
        "AutoScalingGroupName": "my-asg",
        "AutoScalingGroupARN": GROUP,
    }


def sns(message: object) -> Shape:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html"""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:us-east-2:123456789012:MyTopic",
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-11-25T03:00:01.000Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLEw6JRN...",
        "SigningCertURL": "https://sns.us-east-2.amazonaws.com/SimpleNotificationService.pem",
        "UnsubscribeURL": "https://sns.us-east-2.amazonaws.com/?Action=Unsubscribe",
    }


EVERY_SHAPE: list[Shape] = [
    *(interruption(action) for action in ("terminate", "stop", "hibernate")),
    rebalance(),
    *(state_change(s) for s in ("pending", "running", "stopping", "stopped", "shutting-down", "terminated")),
    health(INSTANCE, OTHER),
    health(OLD, statusCode="closed"),
    health(
        INSTANCE, eventTypeCategory="issue", eventTypeCode="AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED"
    ),
    health("vol-0123456789abcdef0", service="EBS"),
    lifecycle(),
    lifecycle_direct(),
    trial_notification(),
    sns(interruption()),
    sns(lifecycle_direct()),
    sns("plain words"),
    eventbridge("aws.autoscaling", "EC2 Instance-launch Lifecycle Action", {"EC2InstanceId": INSTANCE}),
    eventbridge("aws.s3", "Object Created", {"bucket": {"name": "b"}}),
]
