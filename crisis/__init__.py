"""The domain and the engine: no HTTP, no HTML pages, no provider."""
