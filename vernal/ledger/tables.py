"""The tables of the ledger, the same in SQLite and in PostgreSQL. Many stores can share one database."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

# In the order of bytes on both databases, whatever the language of the server.
NAME = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite counts upward by itself only where the type is INTEGER.
SEQUENCE = BigInteger().with_variant(Integer, "sqlite")
# Plain values, as canonical JSON. A text, because JSONB would change numbers and refuse "\u0000".
PLAIN = Text()

METADATA = MetaData()

SCHEMA = Table("vernal_schema", METADATA, Column("version", Integer, primary_key=True, autoincrement=False))

STORES = Table("vernal_stores", METADATA, Column("store", NAME, primary_key=True), Column("name", Text, nullable=False))

JOURNAL = Table(
    "vernal_journal",
    METADATA,
    Column("store", NAME),
    Column("number", Integer),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("store", "number"),
)

LOOPS = Table(
    "vernal_loops",
    METADATA,
    Column("store", NAME),
    Column("loop", NAME),
    Column("generation", Integer, nullable=False),
    Column("state", PLAIN, nullable=False),
    PrimaryKeyConstraint("store", "loop"),
)

DECISIONS = Table(
    "vernal_decisions",
    METADATA,
    Column("id", SEQUENCE, primary_key=True),
    Column("store", NAME, nullable=False),
    Column("loop", NAME, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("time", NAME, nullable=False),
    Column("kind", NAME, nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("evidence", PLAIN, nullable=False),
    Column("fires", Integer, nullable=False),
    ForeignKeyConstraint(["store", "loop"], ["vernal_loops.store", "vernal_loops.loop"]),
    Index("vernal_decisions_by_time", "store", "time", "id"),
    Index("vernal_decisions_by_kind", "store", "kind", "time", "id"),
    Index("vernal_decisions_by_loop", "store", "loop", "time", "id"),
    sqlite_autoincrement=True,
)

LEASES = Table(
    "vernal_leases",
    METADATA,
    Column("store", NAME),
    Column("name", NAME),
    Column("holder", Text, nullable=False),
    Column("expires", Float(53), nullable=False),
    PrimaryKeyConstraint("store", "name"),
)

# The sequences of predictions and labels grow in the order of commits, because writers take turns: so a look can say
# which rows it has seen.
PREDICTIONS = Table(
    "vernal_predictions",
    METADATA,
    Column("sequence", SEQUENCE, primary_key=True),
    Column("store", NAME, nullable=False),
    Column("id", NAME, nullable=False),
    Column("time", Float(53), nullable=False),
    Column("version", Text, nullable=False),
    Column("prediction", PLAIN, nullable=False),
    UniqueConstraint("store", "id"),
    Index("vernal_predictions_by_time", "store", "time"),
    sqlite_autoincrement=True,
)

LABELS = Table(
    "vernal_labels",
    METADATA,
    Column("sequence", SEQUENCE, primary_key=True),
    Column("store", NAME, nullable=False),
    Column("id", NAME, nullable=False),
    Column("known", Float(53), nullable=False),
    Column("label", PLAIN, nullable=False),
    UniqueConstraint("store", "id", "known"),
    Index("vernal_labels_by_time", "store", "known"),
    sqlite_autoincrement=True,
)
