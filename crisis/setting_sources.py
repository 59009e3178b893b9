"""Setting sources: where a setting comes from when the environment does not say, a file of its own or a running ``crisis up``."""

import json
import os
from pathlib import Path
from typing import Any

from pydantic_settings import PydanticBaseSettingsSource


class Files(PydanticBaseSettingsSource):
    """One file per setting, named like its variable or its field, under ``CRISIS_SECRETS_DIR``."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        folder = os.environ.get("CRISIS_SECRETS_DIR")
        for name in (f"CRISIS_{field_name.upper()}", f"crisis_{field_name}", field_name) if folder else ():
            path = Path(folder or "") / name
            if path.is_file():
                return path.read_text(encoding="utf-8").strip(), field_name, False
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(None, name)[0] for name in self.settings_cls.model_fields}
        return {name: value for name, value in found.items() if value is not None}


class Home(PydanticBaseSettingsSource):
    """What a running ``crisis up`` left in the home folder."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        home = Path(self.current_state.get("home") or "var").expanduser()
        found: dict[str, Any] = {}
        for name in ("keys.json", "run/services.json"):
            try:
                found |= json.loads((home / name).read_text(encoding="utf-8"))
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue
        return found
