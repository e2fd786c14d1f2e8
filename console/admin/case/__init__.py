"""风控: the inbox, a case's sheet, strikes, appeals, what is held, reviewers and how the queues are worked on."""

from console.admin.case.appeal import AppealView, StrikeView
from console.admin.case.held import HeldView
from console.admin.case.inbox import CaseView
from console.admin.case.queue import QueueView
from console.admin.case.reviewer import ReviewerView

VIEWS = (CaseView, StrikeView, AppealView, HeldView, ReviewerView, QueueView)

__all__ = ["VIEWS", "AppealView", "CaseView", "HeldView", "QueueView", "ReviewerView", "StrikeView"]
