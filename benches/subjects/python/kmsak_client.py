"""kmsak's Python binding, as the benchmarks use it."""

from collections.abc import Callable
from typing import Any


class Kmsak:
    """What the protocol asks for, as kmsak has it."""

    def load(self) -> None:
        """Import it."""
        import kmsak

        self.module = kmsak

    def open(self, config: str) -> None:
        """Open a provider."""
        self.provider = self.module.Provider.from_file(config)

    def reader(self) -> Callable[[str], Any]:
        """Give the method."""
        return self.provider.credentials

    def access_key_id(self, name: str) -> str:
        """Give the id."""
        return self.provider.credentials(name).access_key_id

    def renew(self, name: str, rejected_id: str) -> str:
        """Renew it."""
        return self.provider.renew(name, rejected_id).access_key_id

    def refresh(self, name: str) -> None:
        """Fetch now."""
        self.provider.refresh(name)

    def close(self) -> None:
        """Close the provider."""
        self.provider.close()
