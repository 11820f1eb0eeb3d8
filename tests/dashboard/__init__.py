"""The dashboard: what a session sees, how it is drawn, served and driven."""
