"""The domain: tables, rules, queries and operations. Knows no web, no queue and no clock."""

from models.base import Actor, acting, db, reading, transaction
from models.tables.after_sale import AfterSale
from models.tables.alert import AlertRule
from models.tables.answer import KeptAnswer
from models.tables.approval import Approval
from models.tables.audit import Audit
from models.tables.batch import Batch, BatchRow
from models.tables.binding import Binding
from models.tables.case import (
    BusinessDay,
    Case,
    CaseDecision,
    CaseDraft,
    CaseHit,
    CaseHold,
    CaseSnooze,
    CaseStep,
    QueueSetting,
    Reviewer,
    ReviewerAway,
    StaffTie,
)
from models.tables.challenge import Board, BoardPlace, Challenge, ChallengeEntry
from models.tables.complaint import Complaint, ComplaintMessage
from models.tables.content import Content
from models.tables.due import SetAside
from models.tables.earning import EarningExport
from models.tables.errand import Errand, ParcelTrace
from models.tables.finding import Finding, LawCheck
from models.tables.flow import FlowLine, FlowPlan
from models.tables.handout import Erasure, Handout
from models.tables.history import HistoryLine, RawLine, StagedLine
from models.tables.identity import MemberIdentity, MemberSession
from models.tables.importing import ImportIssue, ImportLayout, ImportRun
from models.tables.inbound import Inbound, InboundRefusal, OrderSource, PayRefund
from models.tables.job import Event, Job, Mark
from models.tables.ledger import Account, Block, Leg, Posting, Snapshot
from models.tables.listing import Delisting, DelistingWindow, Listing, SyncLog
from models.tables.member import Matrix, Member
from models.tables.merchant import Merchant, Shop
from models.tables.notice import Notice, NoticeDelivery, NoticeWording
from models.tables.order import Order, OrderLine, Refund, Share
from models.tables.parcel import BalanceReminder, Parcel, ParcelItem, ParcelTrack
from models.tables.payout import DividendBill, DividendLine, RegionAgent, Withdrawal
from models.tables.person import MemberNote, Person
from models.tables.placement import Frontier, Move, Seat
from models.tables.policy import Agreement, Consent, PolicyVersion
from models.tables.product import CurationProposal, Product, ProductStat
from models.tables.proof import Proof, ProofStep
from models.tables.region import Region
from models.tables.risk import (
    RiskActor,
    RiskAllow,
    RiskBacktest,
    RiskBlock,
    RiskDecision,
    RiskEvent,
    RiskRing,
    RiskRingMember,
    RiskRule,
    RiskRuleset,
    RiskTie,
    RiskWait,
)
from models.tables.seed import SeedCandidate
from models.tables.shop import ShopAccount, ShopCase, ShopCursor, StrayOrder
from models.tables.staff import Attempt, Staff, StaffLink, StaffSession
from models.tables.standing import AdmissionTask, Obligation, StandingChange, Team
from models.tables.statement import Difference, Reckoning, Statement, StatementDraft, StatementLine
from models.tables.story import Publicity, Story
from models.tables.strike import Appeal, Strike
from models.tables.switch import MoneySwitch
from models.tables.turnover import Turnover
from models.tables.view import Export, SavedView

__all__ = [
    "reading",
    "AlertRule",
    "Binding",
    "EarningExport",
    "Errand",
    "ParcelTrace",
    "ShopAccount",
    "ShopCase",
    "ShopCursor",
    "StrayOrder",
    "Inbound",
    "InboundRefusal",
    "OrderSource",
    "PayRefund",
    "Appeal",
    "BusinessDay",
    "Case",
    "CaseDecision",
    "CaseDraft",
    "CaseHit",
    "CaseHold",
    "CaseSnooze",
    "CaseStep",
    "QueueSetting",
    "Reviewer",
    "ReviewerAway",
    "StaffTie",
    "Strike",
    "Difference",
    "Reckoning",
    "Statement",
    "StatementDraft",
    "StatementLine",
    "Complaint",
    "ComplaintMessage",
    "Erasure",
    "Finding",
    "Handout",
    "LawCheck",
    "Board",
    "BoardPlace",
    "Challenge",
    "ChallengeEntry",
    "Content",
    "Notice",
    "NoticeDelivery",
    "NoticeWording",
    "Publicity",
    "Story",
    "BalanceReminder",
    "Parcel",
    "ParcelItem",
    "Proof",
    "ProofStep",
    "ParcelTrack",
    "AfterSale",
    "KeptAnswer",
    "MemberIdentity",
    "MemberSession",
    "Approval",
    "MoneySwitch",
    "Order",
    "OrderLine",
    "Refund",
    "Share",
    "DividendBill",
    "DividendLine",
    "RegionAgent",
    "Withdrawal",
    "RiskActor",
    "RiskAllow",
    "RiskBacktest",
    "RiskBlock",
    "RiskDecision",
    "RiskEvent",
    "RiskRing",
    "RiskRingMember",
    "RiskRule",
    "RiskRuleset",
    "RiskTie",
    "RiskWait",
    "Agreement",
    "Consent",
    "PolicyVersion",
    "AdmissionTask",
    "Obligation",
    "StandingChange",
    "Team",
    "Turnover",
    "FlowLine",
    "FlowPlan",
    "Frontier",
    "Matrix",
    "Member",
    "MemberNote",
    "Move",
    "Person",
    "Seat",
    "Account",
    "Block",
    "Leg",
    "Posting",
    "Snapshot",
    "Actor",
    "Attempt",
    "CurationProposal",
    "Delisting",
    "DelistingWindow",
    "Listing",
    "Product",
    "ProductStat",
    "SyncLog",
    "Audit",
    "Batch",
    "BatchRow",
    "Event",
    "Export",
    "HistoryLine",
    "ImportIssue",
    "ImportLayout",
    "ImportRun",
    "Job",
    "Mark",
    "Merchant",
    "RawLine",
    "Region",
    "SavedView",
    "SeedCandidate",
    "SetAside",
    "Shop",
    "Staff",
    "StaffLink",
    "StaffSession",
    "StagedLine",
    "acting",
    "db",
    "transaction",
]
