"""WeChat without WeChat: a server that speaks its wire, seeded and scriptable, for demonstrations and tests.

`app.Simulated` is the server's program, `transfers.Simulator` a channel of transfers inside one process.
"""

from jobs.gateways.simulator.transfers import Fault, Simulator

__all__ = ["Fault", "Simulator"]
