from portal.notifications.models.channel import Channel, ChannelKind
from portal.notifications.models.confirmation import Confirmation
from portal.notifications.models.delivery import DELIVERY_STATES, Delivery, DeliveryState
from portal.notifications.models.event import Event, EventKind

__all__ = [
    "DELIVERY_STATES",
    "Channel",
    "ChannelKind",
    "Confirmation",
    "Delivery",
    "DeliveryState",
    "Event",
    "EventKind",
]
