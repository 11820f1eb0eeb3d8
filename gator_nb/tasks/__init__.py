"""What a user holds: a task, a group, a reference; and the ways to wait, list and retry."""
