"""What kind of question the targets ask: its loss, its predictions, its metrics, and how far two answers lie apart."""
