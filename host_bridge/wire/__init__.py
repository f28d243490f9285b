"""The wire: messages, their bytes and their limits. No socket lives here."""
