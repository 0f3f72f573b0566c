"""Contract suites for methods and memory policies, to be inherited by tests; needs pytest."""

from vernal.testing.method_suite import MethodSuite
from vernal.testing.policy_suite import PolicySuite
from vernal.testing.toys import InterruptAfter, toy_plan, toy_setting, toy_update

__all__ = ["InterruptAfter", "MethodSuite", "PolicySuite", "toy_plan", "toy_setting", "toy_update"]
