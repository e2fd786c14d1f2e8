from hypothesis import settings

from tests.model.machine import WorldMachine

TestRandomStories = WorldMachine.TestCase
TestRandomStories.settings = settings(max_examples=200, stateful_step_count=30)
