"""WordPress's roles and what each lets a user do (developer.wordpress.org, Roles and Capabilities), as far as posts go."""

from collections.abc import Sequence

_AUTHOR = (
    "edit_posts",
    "delete_posts",
    "upload_files",
    "publish_posts",
    "edit_published_posts",
    "delete_published_posts",
)
_EDITOR = (
    *_AUTHOR, "edit_others_posts", "delete_others_posts", "edit_private_posts", "read_private_posts", "edit_pages",
    "publish_pages", "edit_published_pages", "edit_others_pages", "delete_pages", "delete_published_pages",
    "delete_others_pages", "edit_private_pages", "read_private_pages", "moderate_comments", "manage_categories",
)  # fmt: skip
ROLES: dict[str, tuple[str, ...]] = {
    "administrator": (
        *_EDITOR, "list_users", "edit_users", "promote_users", "create_users", "delete_users", "manage_options",
        "edit_theme_options", "install_plugins",
    ),
    "editor": _EDITOR,
    "author": _AUTHOR,
    "contributor": ("edit_posts", "delete_posts"),
    "subscriber": (),
}  # fmt: skip
"""By role; ``read`` is in all of them."""


def capabilities(roles: Sequence[str], own: Sequence[str]) -> dict[str, bool]:
    """Everything a user may do: by the roles, which count as capabilities themselves, and what was given beside them."""
    names = [name for role in roles for name in ("read", *ROLES[role], role)]
    return dict.fromkeys([*names, *own], True)


def role_of(login: str) -> str:
    """The role of somebody who turns up at the stand-in: the one that the login begins with, or else an author's."""
    return next(
        (role for role in ROLES if login.startswith((role, role[:5]) if role == "administrator" else role)), "author"
    )
