"""The connection to a database: SQLite under DOSSIER_HOME, or any that SQLAlchemy speaks to. Its errors are sentences.

Opened when first asked. Tables that are missing are made, and columns that came later are added.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sql
from sqlalchemy import exc
from sqlalchemy.schema import CreateTable

from core.errors import BrokenStore, Busy, ConfigError, ServiceDown

WAIT = 30.0
"""Seconds to wait for another process that writes to the SQLite file. A write takes milliseconds."""


class Database:
    """Holds the connection to the database at `url` (an SQLAlchemy URL) with these tables."""

    def __init__(self, url: str, tables: sql.MetaData) -> None:
        self._url = url
        self._tables = tables
        self._sqlite = url.startswith("sqlite")
        self._engine: sql.Engine | None = None
        self._opening = threading.Lock()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sql.Connection]:
        with _told(sqlite=self._sqlite), self._opened().connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sql.Connection]:
        """All or nothing; on SQLite the one writer's place is taken at once, so that what was read stays true."""
        with _told(sqlite=self._sqlite), self._opened().execution_options(writes=True).begin() as connection:
            yield connection

    def empty_log(self) -> None:
        """SQLite's write-ahead log still has the rows as they were: move it into the file and cut it to nothing.

        As far as another process reads at this moment, SQLite leaves it to the next time.
        """
        if self._sqlite:
            with _told(sqlite=self._sqlite), contextlib.closing(self._opened().raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _opened(self) -> sql.Engine:
        with self._opening:
            if self._engine is None:
                engine = _engine(self._url)
                with engine.execution_options(writes=True).begin() as connection:
                    for table in self._tables.sorted_tables:
                        connection.execute(CreateTable(table, if_not_exists=True))
                    _add_columns(connection, self._tables)
                self._engine = engine
            return self._engine


def _add_columns(connection: sql.Connection, tables: sql.MetaData) -> None:
    """A database that an older version made lacks the columns that came later; all of those may be empty."""
    for table in tables.sorted_tables:
        there = {column["name"] for column in sql.inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                kind = column.type.compile(connection.dialect)
                connection.execute(sql.text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"))


def _engine(url: str) -> sql.Engine:
    try:
        address = sql.make_url(url)
        if address.get_backend_name() != "sqlite":
            return sql.create_engine(address, pool_pre_ping=True)
        engine = sql.create_engine(address, connect_args={"timeout": WAIT})
    except (exc.ArgumentError, exc.NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            "DOSSIER_CATALOGUE_URL is no address of a database that can be used here (driver://user@host/name)."
        ) from error

    @sql.event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: `begun` does
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a row that was written is there after a power cut
        connection.execute("PRAGMA secure_delete=ON")  # an erased title leaves no bytes in free pages

    @sql.event.listens_for(engine, "begin")
    def begun(connection: sql.Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextlib.contextmanager
def _told(*, sqlite: bool) -> Iterator[None]:
    """The database's errors as sentences."""
    try:
        yield
    except exc.OperationalError as error:
        if not sqlite:
            raise ServiceDown("The catalogue's database did not answer.") from error
        if "locked" in str(error.orig):
            raise Busy("The catalogue is in use by another process; try again.") from error
        if "disk is full" in str(error.orig):
            raise ServiceDown(
                "There is no room left on the disk of the catalogue: make some, and try again."
            ) from error
        if "readonly" in str(error.orig) or "unable to open" in str(error.orig):
            raise ConfigError("The catalogue under DOSSIER_HOME cannot be written to.") from error
        raise BrokenStore(f"The catalogue cannot be read or written: {error.orig}.") from error
    except exc.DBAPIError as error:
        raise BrokenStore("The catalogue is damaged or was made by another version of Dossier.") from error
