"""The sandbox: a stand-in for Facebook Graph, X v2, Twilio and WordPress on loopback.

It behaves as the providers do, can be told to misbehave, and records what it accepted and when: it is the judge in the
tests and the far end of drills and demos. Start it with ``uvicorn --factory adapters.sandbox.app:create_app``.
"""
