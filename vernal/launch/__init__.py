"""Processes that do one thing after the other: start, talk to, outlive none. Nothing about what they do."""

from vernal.launch.channel import Channel, Message
from vernal.launch.died import Died
from vernal.launch.work import Work
from vernal.launch.workers import Workers

__all__ = ["Channel", "Died", "Message", "Work", "Workers"]
