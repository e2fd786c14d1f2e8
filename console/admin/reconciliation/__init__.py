"""对账: the days, what differs and who clears it, the channel's statements and their lines."""

from console.admin.reconciliation.bill import ChannelBillView, ChannelLineView
from console.admin.reconciliation.day import ReckoningView
from console.admin.reconciliation.difference import DifferenceView

VIEWS = (ReckoningView, DifferenceView, ChannelBillView, ChannelLineView)
