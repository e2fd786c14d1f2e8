"""运营: what members grow by. Toolkit, boards, newcomers, stories, challenges, notices."""

from console.admin.growth.challenge import ChallengeView, EntryView
from console.admin.growth.leaderboard import LeaderboardView, NewcomerView
from console.admin.growth.notice import NoticeView, WordingView
from console.admin.growth.story import PublicityView, StoryView
from console.admin.growth.toolkit import ToolkitView

VIEWS = (
    ToolkitView,
    LeaderboardView,
    NewcomerView,
    StoryView,
    PublicityView,
    ChallengeView,
    EntryView,
    NoticeView,
    WordingView,
)
