"""Contract suites for methods, memory policies and triggers, to be inherited by tests; needs pytest."""

from vernal.testing.method_suite import MethodSuite
from vernal.testing.policy_suite import PolicySuite
from vernal.testing.toys import InterruptAfter, toy_plan, toy_setting, toy_update
from vernal.testing.trigger_suite import TriggerSuite

__all__ = ["InterruptAfter", "MethodSuite", "PolicySuite", "TriggerSuite", "toy_plan", "toy_setting", "toy_update"]
