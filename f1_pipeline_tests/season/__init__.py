"""A season played forward: the real daemon and its sensors on a stand-in for the upstream."""
