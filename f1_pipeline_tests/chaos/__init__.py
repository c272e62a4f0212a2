"""Faults in a deployment that is at work: a daemon and two workers on PostgreSQL and Redis.

`world` plays a season forward, session by session; `faults` are what befalls it, one a session;
`verdicts` say what has to hold after each. How the project itself recovers is not decided here.
"""
