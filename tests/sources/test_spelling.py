from __future__ import annotations

import pytest

from vernal.base import ConfigError
from vernal.sources import Files, Kafka, Nats, ParquetTable, Replay, Table, read_source


@pytest.mark.parametrize(("text", "source"), [
    ("files:/data/in", Files("/data/in")),
    ("files:/data/in/*.csv", Files("/data/in", "*.csv")),
    ("files:data/in/**/part-*/*.parquet?late=7d", Files("data/in", "**/part-*/*.parquet", late="7d")),
    ("files:data/in/2026-*/*.parquet", Files("data/in", "2026-*/*.parquet")),
    ("files:s3://bucket/in/*.parquet?settle=1min&time=at",
     Files("s3://bucket/in", "*.parquet", settle="1min", time_column="at")),
    ("files:*.csv", Files(".", "*.csv")),
    ("files:/*.csv", Files("/", "*.csv")),
    ("parquet:s3://bucket/events?time=at&lag=1d", ParquetTable("s3://bucket/events", "at", lag="1d")),
    ("sqlite:///x.db?table=events&time=ts&id=id", Table("sqlite:///x.db", "events", "ts", "id")),
    ("sqlite:////abs/x.db?query=SELECT+*+FROM+t&time=ts",
     Table("sqlite:////abs/x.db", query="SELECT * FROM t", time_column="ts")),
    ("postgresql+psycopg://me:p%3Fw@host/db?table=a.b&max_rows=5",
     Table("postgresql+psycopg://me:p%3Fw@host/db", "a.b", max_rows=5)),
    ("kafka://host:9092/topic", Kafka("topic", "host:9092")),
    ("kafka://host:9092,other:9092/topic?skip_lost=true&timeout=5s",
     Kafka("topic", "host:9092,other:9092", skip_lost=True, timeout="5s")),
    ("nats://host:4222/stream?subject=a.>", Nats("stream", "nats://host:4222", subject="a.>")),
    ("nats://me:secret@host/stream?skip_lost=false", Nats("stream", "nats://me:secret@host")),
    ("replay:/data/history.parquet?time=at&max_rows=9", Replay("/data/history.parquet", "at", max_rows=9)),
])  # fmt: skip
def test_a_text_is_a_source(text, source):
    assert read_source(text) == source


@pytest.mark.parametrize(("text", "said"), [
    ("/data/in/*.parquet", "begins with no kind of source. Available: files, kafka, nats"),
    ("kafak://me:secret@host/topic", r"'kafak://\*\*\*@host/topic' begins with no kind .* mean 'kafka'"),
    ("files:", "lacks a folder and a pattern"),
    ("parquet:", "lacks a path"),
    ("replay:?time=at", "lacks a path"),
    ("kafka://host:9092", "lacks a host or a name. Write it as kafka://host:9092/topic"),
    ("nats:host/stream", "lacks a host or a name. Write it as nats://host:4222/stream"),
    ("sqlite:///x.db", "lacks `table=` or `query=` behind a question mark"),
    ("postgresql://me:secret@host/db?tabel=t", r"postgresql://\*\*\*@host/db.* lacks `table=`"),
    ("postgresql://me:secret@host/db?table=t&tiem=x", r"unknown option 'tiem'. Did you mean 'time'"),
    ("files:/in?setle=1s", "unknown option 'setle'. Did you mean 'settle'"),
    ("kafka://host/topic?decode=x", "unknown option 'decode'"),
    ("files:/in?settle", "options are written .name=value&name=value"),
    ("nats://host/s?max_rows=few", "`max_rows` must be a whole number, got 'few'"),
    ("nats://host/s?skip_lost=yes", "`skip_lost` must be true or false, got 'yes'"),
    ("files:/in?settle=soon", "'soon' is no span of time"),
])  # fmt: skip
def test_what_is_no_source_is_an_error_that_helps_and_tells_no_password(text, said):
    with pytest.raises(ConfigError, match=said) as caught:
        read_source(text)
    assert "secret" not in str(caught.value)
