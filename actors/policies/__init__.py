"""Pure decisions on plain data: when something is due, what overlaps, what is caught up or tried again.

No clock, no actor, no database: a decision is a function of what it is given. Each module is one
policy; they are used by their module names (`overlap.decide`, `retry.delay`).
"""
