"""Every kind of action that asks for a coded reason, with the reasons that it knows."""

from dataclasses import dataclass

OTHER_CODE = "other"


@dataclass(frozen=True)
class Reason:
    """One reason: the code goes into the audit trail, the title (translated in the catalogue) is for people."""

    code: str
    title: str

    @property
    def needs_note(self) -> bool:
        return self.code == OTHER_CODE


OTHER = Reason(OTHER_CODE, "Other, see the note")

# The kind is the action's name; each desk adds its kinds as one block.
REASONS: dict[str, tuple[Reason, ...]] = {
    # The frame
    "approval.refuse": (
        Reason("wrong_facts", "The facts do not hold"),
        Reason("wrong_amount", "The amount or the target is wrong"),
        Reason("no_evidence", "Evidence is missing"),
        Reason("not_needed", "No longer needed"),
        OTHER,
    ),
    "pii.reveal": (
        Reason("contact", "Contact the person"),
        Reason("verify", "Check who the person is"),
        Reason("complaint", "A complaint or a dispute"),
        Reason("authority", "Asked for by an authority"),
        OTHER,
    ),
    "pack.make": (
        Reason("authority", "Asked for by an authority"),
        Reason("court", "For a court or an arbitration"),
        Reason("dispute", "A complaint or a dispute"),
        Reason("audit", "An audit or a check of our own"),
        OTHER,
    ),
    "job.rerun": (
        Reason("repaired", "The cause is repaired"),
        Reason("outage", "An outage is over"),
        OTHER,
    ),
    "member_session.end": (
        Reason("lost", "The phone is lost"),
        Reason("stranger", "Somebody else is signed in"),
        Reason("asked", "Its owner asked for it"),
        OTHER,
    ),
    # Products and windows
    "product.edit": (
        Reason("cost_changed", "The cost has changed"),
        Reason("promotion", "A promotion begins or ends"),
        Reason("restocked", "Stock came in or was counted"),
        Reason("correction", "A mistake is corrected"),
        OTHER,
    ),
    "product.retire": (
        Reason("season_over", "The season is over"),
        Reason("low_sales", "It sells too little"),
        Reason("supplier_stopped", "The supplier no longer delivers"),
        OTHER,
    ),
    "product.delist": (
        Reason("sold_out", "Sold out"),
        Reason("violation", "It breaks a rule of the platform"),
        Reason("recall", "Quality problem or recall"),
        Reason("wrong_price", "It stands there at a wrong price"),
        OTHER,
    ),
    "curation.approve": (
        Reason("as_proposed", "As the figures propose"),
        OTHER,
    ),
    "curation.refuse": (
        Reason("new_arrival", "Too new to judge"),
        Reason("season_ahead", "Its season is still ahead"),
        Reason("brand_line", "The line needs it"),
        Reason("no_stock", "Not enough stock to list"),
        OTHER,
    ),
    # What the business is warned of
    "alert.change": (
        Reason("season_moves", "The season moves the figures"),
        Reason("too_loud", "It speaks too often"),
        Reason("too_quiet", "It has missed something"),
        Reason("another_owner", "Somebody else looks after it"),
        Reason("default", "Back to the default"),
        OTHER,
    ),
    # Members
    "member.qualify": (
        Reason("migrated", "Taken over from another system"),
        Reason("exam", "Real name and exam are passed"),
        Reason("record_missing", "The order is paid but not reported"),
        OTHER,
    ),
    "proof.accept": (
        Reason("agrees", "Picture and record agree"),
        Reason("checked", "Checked with the shop"),
        OTHER,
    ),
    "proof.reject": (
        Reason("forged", "The picture was altered"),
        Reason("differs", "It differs from the record"),
        Reason("other_order", "It is another's order"),
        Reason("used", "The order was used before"),
        Reason("unreadable", "It cannot be read"),
        Reason("no_purchase", "There is no such purchase"),
        OTHER,
    ),
    "seed.propose": (
        Reason("sales", "Its sales speak for it"),
        Reason("merchant_asked", "The merchant asked for it"),
        OTHER,
    ),
    "seed.drop": (
        Reason("returns", "Too many returns"),
        Reason("unwilling", "The member does not want it"),
        Reason("orders_under_review", "Its orders are under review"),
        OTHER,
    ),
    "offer.decline": (
        Reason("style", "Does not suit our goods"),
        Reason("enough", "We have enough promoters"),
        Reason("returns", "Too many returns"),
        OTHER,
    ),
    # Matrices and the tree
    "showcase.close": (
        Reason("rules", "Breaks the promotion rules"),
        Reason("goods", "Sells goods it may not sell"),
        Reason("owner", "Its owner asked for it"),
        Reason("authority", "Asked for by an authority"),
        OTHER,
    ),
    "binding.confirm": (
        Reason("shown", "Its owner has shown it in the video channel's assistant"),
        Reason("orders", "The shop's orders name it beside this promoter"),
        OTHER,
    ),
    "binding.refuse": (
        Reason("not_found", "No such video channel"),
        Reason("not_theirs", "The real name behind it is somebody else's"),
        Reason("no_showcase", "No showcase has been opened there yet"),
        OTHER,
    ),
    "showcase.reopen": (
        Reason("settled", "What closed it is settled"),
        Reason("closed_by_mistake", "It was closed by mistake"),
        OTHER,
    ),
    "seat.move": (
        Reason("wrong_inviter", "Registered under the wrong inviter"),
        Reason("family", "Belongs beside a relative or a colleague"),
        Reason("request", "The member and the target agreed"),
        OTHER,
    ),
    "tree.repair": (
        Reason("findings", "The check found what is wrong"),
        Reason("restore", "After a restore"),
        OTHER,
    ),
    "flow.plan": (
        Reason("weekly", "The week's plan"),
        Reason("gap", "A gap that cannot wait"),
        OTHER,
    ),
    "flow.undo": (
        Reason("returned", "The gap closed by itself"),
        Reason("mistaken", "The stand-in was ill chosen"),
        OTHER,
    ),
    # Orders and after-sales
    "order.cancel": (
        Reason("buyer_asked", "The buyer asked for it"),
        Reason("out_of_stock", "Out of stock"),
        Reason("unpaid", "Not paid in time"),
        OTHER,
    ),
    "order.leave_rest": (Reason("paid_back", "The rest was paid back"), Reason("out_of_stock", "Out of stock"), OTHER),
    "order.refund": (
        Reason("buyer_asked", "The buyer asked for it"),
        Reason("goods_back", "The goods came back"),
        Reason("quality", "Faulty goods"),
        Reason("not_received", "Not received"),
        Reason("out_of_stock", "Out of stock"),
        OTHER,
    ),
    "after_sale.refuse": (
        Reason("no_evidence", "Evidence is missing"),
        Reason("used", "The goods were used beyond trying them"),
        Reason("delivered", "The carrier proves the delivery"),
        Reason("late", "The time for it is over"),
        OTHER,
    ),
    # Regional agents
    "agency.refuse": (
        Reason("taken", "The region is taken"),
        Reason("unfit", "The applicant does not meet the terms"),
        Reason("withdrew", "The applicant withdrew"),
        OTHER,
    ),
    "agency.extend": (Reason("renewed", "The contract was renewed"), Reason("agreed", "Agreed by both sides"), OTHER),
    "agency.end": (
        Reason("agreed", "Agreed by both sides"),
        Reason("breach", "A breach of the contract"),
        Reason("damage", "Damage that the contract names"),
        Reason("left", "The agent left"),
        OTHER,
    ),
    # Risk
    "risk_rule.publish": (
        Reason("new_pattern", "A new pattern of abuse"),
        Reason("fewer_mistakes", "Fewer wrong hits"),
        Reason("law", "Asked for by the law or the platform"),
        OTHER,
    ),
    "risk_rule.roll_back": (
        Reason("wrong_hits", "It hits what is honest"),
        Reason("too_much", "It holds too much"),
        Reason("not_needed", "No longer needed"),
        OTHER,
    ),
    "risk_allow.add": (
        Reason("household", "A household"),
        Reason("dormitory", "A dormitory"),
        Reason("office", "An office or a shop"),
        Reason("pickup", "A pickup point"),
        Reason("carrier", "A carrier's shared address"),
        OTHER,
    ),
    "risk_allow.end": (
        Reason("moved", "They moved away"),
        Reason("abused", "It is abused"),
        Reason("mistake", "A mistake of ours is corrected"),
        OTHER,
    ),
    "risk_block.lift": (
        Reason("shared_by_family", "A family shares the account"),
        Reason("checked", "Every check is passed"),
        OTHER,
    ),
    "risk_ring.case": (
        Reason("money_moves", "Money moves in a circle"),
        Reason("same_hands", "It looks like the same hands"),
        Reason("reported", "It was reported"),
        OTHER,
    ),
    # Money
    "withdrawal.approve": (
        Reason("checked", "Every check is passed"),
        Reason("looked_into", "Looked into, in spite of a check"),
        OTHER,
    ),
    "withdrawal.reject": (
        Reason("name_mismatch", "The name does not match the payee"),
        Reason("under_review", "Orders are still under review"),
        Reason("in_debt", "A debt has come up"),
        Reason("asked_back", "The member asked to take it back"),
        Reason("suspicious", "It looks like fraud"),
        OTHER,
    ),
    "withdrawal.query": (
        Reason("no_answer", "No answer for a while"),
        Reason("member_asks", "The member asks where the money is"),
        OTHER,
    ),
    "bill.build": (Reason("month_end", "The month is over"), OTHER),
    "bill.confirm": (Reason("checked", "Every check is passed"), OTHER),
    "bill.pay": (Reason("due", "It is due"), Reason("retry", "The failure is repaired"), OTHER),
    "ledger.adjust": (
        Reason("mistake", "A mistake of ours is corrected"),
        Reason("overpaid", "Too much was paid"),
        Reason("hardship", "The debt cannot be collected"),
        Reason("settled_outside", "Settled outside of the platform"),
        Reason("year_end", "Closing of the books"),
        OTHER,
    ),
    "switch.off": (
        Reason("mismatch", "The books do not match"),
        Reason("channel_trouble", "Trouble with the payment channel"),
        Reason("suspected_attack", "An attack is suspected"),
        Reason("authority", "Asked for by an authority"),
        OTHER,
    ),
    "switch.resume": (
        Reason("repaired", "The cause is repaired"),
        Reason("false_alarm", "It was a false alarm"),
        OTHER,
    ),
    "stray.assign": (
        Reason("sharer_told", "The promoter or sharer has shown it"),
        Reason("merchant_told", "The merchant has told us"),
        Reason("bound_later", "The showcase was bound later"),
        OTHER,
    ),
    "stray.drop": (
        Reason("test_order", "A test order"),
        Reason("other_channel", "Sold by another shop or channel"),
        OTHER,
    ),
    "difference.resolve": (
        Reason("timing", "The other side came a day later"),
        Reason("channel_fee", "A fee of the channel"),
        Reason("channel_confirmed", "The channel has confirmed our side"),
        Reason("settled_outside", "Settled outside of the platform"),
        Reason("opening_balance", "Money that lay there from the beginning or was topped up"),
        Reason("known_duplicate", "The channel tells one movement twice"),
        OTHER,
    ),
    # Review cases
    "case.clear": (
        Reason("household", "A household or an office, not a ring"),
        Reason("real_buyer", "A real buyer, checked"),
        Reason("rule_wrong", "The rule hit wrongly"),
        Reason("no_evidence_left", "The evidence does not hold"),
        OTHER,
    ),
    "case.assign": (
        Reason("load", "The load is shared out anew"),
        Reason("knows", "They know the matter"),
        Reason("stands_in", "They stand in for somebody"),
        OTHER,
    ),
    "case.snooze": (
        Reason("carrier", "The carrier has to answer"),
        Reason("goods_under_way", "The goods are still under way"),
        Reason("more_to_come", "More signals are expected"),
        OTHER,
    ),
    "case.confirm": (
        Reason("fake_trade", "Fake trade for the commission"),
        Reason("self_deal", "Bought from oneself through others"),
        Reason("refund_abuse", "Bought to be refunded"),
        Reason("forged", "Forged or reused evidence"),
        OTHER,
    ),
    "appeal.grant": (
        Reason("new_evidence", "New evidence carries the appeal"),
        Reason("our_mistake", "The first decision was mistaken"),
        OTHER,
    ),
    "appeal.deny": (
        Reason("nothing_new", "Nothing new was brought"),
        Reason("still_holds", "Looked at again, the decision holds"),
        OTHER,
    ),
    # What members grow by
    "content.retire": (
        Reason("outdated", "Out of date"),
        Reason("seasonal", "The season or the campaign is over"),
        Reason("complaint", "Somebody complained about it"),
        Reason("authority", "Asked for by an authority"),
        OTHER,
    ),
    "challenge.cancel": (
        Reason("mistake", "Its terms hold a mistake"),
        Reason("no_entrants", "Too few take part"),
        Reason("abuse", "It is being abused"),
        Reason("authority", "Asked for by an authority"),
        OTHER,
    ),
    "ledger.verify": (Reason("routine", "Regular check"), Reason("doubt", "Something looks wrong"), OTHER),
}
