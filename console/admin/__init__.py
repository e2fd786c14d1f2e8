"""The menu, in one place."""

from typing import Any

from flask import Flask, request
from flask_admin import Admin
from flask_admin.menu import MenuCategory
from flask_admin.theme import Theme

from console import web
from console.admin import actors
from console.admin.account import AccountView
from console.admin.after_sale import AfterSaleView
from console.admin.agency import AgencyView, UnmatchedView
from console.admin.agency_income import RegionIncomeView
from console.admin.agency_report import AgencyReportView
from console.admin.agreement import AgreementView, ConsentView
from console.admin.alert import AlertRuleView, AlertView
from console.admin.approval import ApprovalView
from console.admin.audit import AuditView
from console.admin.base import SECTIONS, SecureView, check
from console.admin.batch import BatchRowView, BatchView
from console.admin.board import BusinessBoard, CategoryBoard, PromoterBoard, RegionBoard, RepurchaseBoard
from console.admin.case import VIEWS as CASES
from console.admin.client import ClientView
from console.admin.complaint import ComplaintView
from console.admin.concern import about
from console.admin.copy import CopyView
from console.admin.curation import CurationView
from console.admin.dead_letter import DeadLetterView
from console.admin.dispatch import DispatchView
from console.admin.due import SetAsideView
from console.admin.errand import ErrandView
from console.admin.export import ExportView, offer
from console.admin.finding import FindingView
from console.admin.flow import FlowView
from console.admin.growth import VIEWS as GROWTH
from console.admin.growth_board import GrowthBoard
from console.admin.handout import HandoutView
from console.admin.history import HistoryView
from console.admin.home import HomeView
from console.admin.importing import ImportView, LayoutView
from console.admin.inbound import InboundView
from console.admin.job import EventView, JobView, TimetableView
from console.admin.lamps import LampView
from console.admin.law import LawView
from console.admin.listing import DelistingView, DelistingWindowView, ListingView, SyncLogView
from console.admin.matrix import MatrixView
from console.admin.member import AdmissionView, MemberView, OfferView, RankView, SeedView, StandingLogView, StandingView
from console.admin.member.proof import ProofLogView, ProofView
from console.admin.merchant import MerchantView
from console.admin.money import VIEWS as MONEY
from console.admin.money import switch
from console.admin.money_board import MoneyBoard
from console.admin.move import MoveView
from console.admin.order import OrderView
from console.admin.parcel import ParcelView, PresaleView
from console.admin.policy import PolicyView
from console.admin.product import ProductView
from console.admin.reconciliation import VIEWS as RECONCILIATION
from console.admin.refresh import RefreshView
from console.admin.retention import RetentionView
from console.admin.risk import VIEWS as RISK
from console.admin.saved import SavedViewView
from console.admin.shop_case import ShopCaseView
from console.admin.showcase import ShowcaseView
from console.admin.simulator import SimulatorView
from console.admin.staff import RoleView, SessionView, StaffView
from console.admin.stray import StrayView
from console.admin.system_health import SystemHealthView
from console.admin.tree import TreeView, VacancyView
from console.admin.tree_check import TreeCheckView
from models.rules import reason

# The order of the pages in each section of the menu; sections follow console.admin.base.SECTIONS.
VIEWS: tuple[type[SecureView], ...] = (
    ApprovalView,
    MerchantView,
    MatrixView,
    ShowcaseView,
    ListingView,
    DelistingView,
    DelistingWindowView,
    SyncLogView,
    ProductView,
    CurationView,
    RefreshView,
    MemberView,
    AdmissionView,
    ProofView,
    StandingView,
    RankView,
    SeedView,
    OfferView,
    StandingLogView,
    ProofLogView,
    TreeView,
    VacancyView,
    MoveView,
    FlowView,
    TreeCheckView,
    BusinessBoard,
    RepurchaseBoard,
    RegionBoard,
    CategoryBoard,
    PromoterBoard,
    MoneyBoard,
    GrowthBoard,
    AlertView,
    AlertRuleView,
    SimulatorView,
    *CASES,
    *RISK,
    *GROWTH,
    *MONEY,
    *RECONCILIATION,
    OrderView,
    DispatchView,
    StrayView,
    ParcelView,
    PresaleView,
    AfterSaleView,
    ShopCaseView,
    ErrandView,
    AgencyView,
    AgencyReportView,
    RegionIncomeView,
    UnmatchedView,
    LampView,
    FindingView,
    CopyView,
    ComplaintView,
    HandoutView,
    RetentionView,
    PolicyView,
    AgreementView,
    ConsentView,
    LawView,
    ImportView,
    HistoryView,
    LayoutView,
    ExportView,
    SavedViewView,
    JobView,
    DeadLetterView,
    BatchView,
    BatchRowView,
    TimetableView,
    SetAsideView,
    EventView,
    InboundView,
    StaffView,
    RoleView,
    SessionView,
    ClientView,
    AuditView,
    SystemHealthView,
    AccountView,
)


def register(app: Flask) -> Admin:
    """Hang every page on the application; refuse to start when one stands on another base than ours."""
    admin = Admin(
        app,
        name="千星控台",
        url="/",
        index_view=HomeView(),
        static_url_path="/static",
        theme=Theme(folder="bootstrap4", base_template="console/base.html"),
        category_icon_classes={str(title): key for key, title in SECTIONS.items()},
        csp_nonce_generator=web.nonce,
    )
    for key, title in SECTIONS.items():
        admin.add_category(title, class_name=key)
    for view in VIEWS:
        admin.add_view(view())
    check(admin._views)
    offer(app, admin._views)
    app.jinja_env.filters["actor"] = actors.actor
    app.jinja_env.globals.update(
        menu=lambda: _sections(admin), banners=switch.banners, reasons_of=reason.of, cases_of=about
    )
    return admin


def _sections(admin: Admin) -> list[dict[str, Any]]:
    """The sections and pages of the menu that this person may open."""
    return [
        {
            "key": section.class_name,
            "title": section.name,
            "pages": [
                {"title": page.name, "url": page.get_url(), "is_here": page._view.endpoint == request.blueprint}
                for page in section.get_children()
            ],
        }
        for section in admin.menu()
        if isinstance(section, MenuCategory) and section.get_children()
    ]
