"""风控: what the rules decided and why, the rules lab, allow-lists, rings."""

from console.admin.risk.allow import AllowView
from console.admin.risk.decision import DecisionView
from console.admin.risk.ring import RingView
from console.admin.risk.rule import RuleView
from console.admin.risk.structure import StructureView

VIEWS = (DecisionView, RuleView, RingView, AllowView, StructureView)
