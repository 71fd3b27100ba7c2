from portal.notifications.models.channel import Channel, ChannelKind
from portal.notifications.models.delivery import DELIVERY_STATES, Delivery, DeliveryState
from portal.notifications.models.event import Event, EventKind

__all__ = [
    "DELIVERY_STATES",
    "Channel",
    "ChannelKind",
    "Delivery",
    "DeliveryState",
    "Event",
    "EventKind",
]
