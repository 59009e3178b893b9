"""Levers: taking the right to publish from others at the platform, reading back, and giving it back exactly."""
