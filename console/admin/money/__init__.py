"""资金: accounts, the ledger and its reasons, bills, withdrawals, debts, corrections, kill-switches."""

from console.admin.money.account import AccountsView, StatementView
from console.admin.money.balance import AdjustView, BalanceView, DebtView
from console.admin.money.bill import BillLineView, BillView
from console.admin.money.dry import DryView
from console.admin.money.posting import PostingView
from console.admin.money.reserve import ReserveView
from console.admin.money.switch import SwitchView
from console.admin.money.tax import TaxView
from console.admin.money.withdrawal import TransferView, WithdrawalView

VIEWS = (
    WithdrawalView,
    TransferView,
    BillView,
    BillLineView,
    AccountsView,
    StatementView,
    PostingView,
    TaxView,
    DebtView,
    ReserveView,
    BalanceView,
    AdjustView,
    DryView,
    SwitchView,
)
