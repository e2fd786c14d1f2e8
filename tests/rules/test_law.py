from datetime import date, timedelta

from models.rules import complaint, finding, law, lint


class TestLaws:
    def test_are_each_once_and_whole(self):
        refs = [one.ref for one in law.laws()]
        assert len(refs) == len(set(refs))
        assert all(one.title and one.article and one.demand and one.source for one in law.laws())
        assert {one.mark for one in law.laws()} <= {"V", "V2", "K", "U"}

    def test_stand_behind_every_rule_of_the_lint(self):
        told = {rule for one in law.laws() for rule in one.rules}
        assert {rule.id for rule in lint.RULES} | set(finding.WATCHED) - set(finding.GROUPS["business"]) <= told

    def test_bear_on_categories_of_complaints_alone(self):
        topics = {topic for one in law.laws() for topic in one.topics}
        assert topics <= set(complaint.Category)
        assert law.of_topic("refund")[0].title == "消费者权益保护法"

    def test_are_stale_after_half_a_year(self):
        day = date(2026, 11, 23)
        assert not law.is_stale(day, today=day + timedelta(days=180))
        assert law.is_stale(day, today=day + timedelta(days=181))
        assert law.due_on(day) == date(2027, 5, 22)
