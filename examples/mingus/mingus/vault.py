"""Encrypted fields."""

from cryptography.fernet import Fernet, InvalidToken


class Vault:
    """Seals text with authenticated encryption."""

    def __init__(self, key):
        self._fernet = Fernet(key)

    @staticmethod
    def new_key():
        return Fernet.generate_key()

    def seal(self, text):
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed):
        """Raises ValueError for anything that this vault did not seal."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise ValueError("not sealed by this vault") from error

    def works(self):
        return self.open(self.seal("probe")) == "probe"
