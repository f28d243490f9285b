"""Pictures in and out: plates, written outputs, colour."""
