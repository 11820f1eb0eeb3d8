"""What Binder makes of this repository, made here: an image, a session in it, a visitor."""
