"""Which site a request to the stand-in is for, and which route of its REST API."""

from adapters.sandbox.exchange import Asked


def route_of(asked: Asked) -> tuple[str, str | None]:
    """The site's path (``/wp``, ``/wp/name``) and the REST route, without the slash at its end; no route for public pages."""
    if "rest_route" in asked.query:
        return f"/wp{asked.path}".rstrip("/"), asked.query["rest_route"].rstrip("/")
    site, found, route = asked.path.partition("/wp-json")
    return f"/wp{site}".rstrip("/"), route.rstrip("/") if found else None


def name_of(site: str) -> str:
    """What the sandbox calls a site: ``wp`` for the first, and ``name`` for ``/wp/name``."""
    return site.removeprefix("/wp").strip("/") or "wp"


def site_of(name: str) -> str:
    """The path of the site that is called so."""
    return "/wp" if name in {"", "wp"} else f"/wp/{name}"
