package dev.slipway.artifact.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.FileSystemBlobStore;
import dev.slipway.artifact.store.CollectionStore;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.testing.TestDatabases;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holds what one collection promises when its connection to the database is lost. */
class CollectionRunIT {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  @TempDir Path folder;
  private Database database;
  private FileSystemBlobStore blobs;

  @BeforeEach
  void open() {
    database =
        Database.open(
            TestDatabases.postgres(), "artifact", "db/migration/artifact", new MetricRegistry());
    blobs = new FileSystemBlobStore(folder.resolve("store"));
  }

  @AfterEach
  void close() {
    blobs.close();
    database.close();
  }

  private void collect(BlobStore store, Instant now) {
    new CollectionRun(
            new CollectionStore(database),
            store,
            Clock.fixed(now, ZoneOffset.UTC),
            Duration.ZERO,
            counts -> true)
        .collect(0);
  }

  private void endOtherSessions() {
    // Else it would be the collector's own.
    try (Handle handle = database.jdbi().open()) {
      List<Boolean> unused =
          handle
              .createQuery(
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      + " WHERE datname = current_database() AND pid <> pg_backend_pid()")
              .mapTo(Boolean.class)
              .list();
    }
  }

  /** Returns the store, which deletes only after the collector has lost its connection. */
  private BlobStore slowToDelete() {
    return (BlobStore)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {BlobStore.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("delete")) {
                endOtherSessions();
              }
              try {
                return method.invoke(blobs, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void collect_connectionLostDuringADelete_deletesNothingMore() throws Exception {
    for (int i = 0; i < 3; i++) {
      byte[] bytes = ("waste " + i).getBytes(UTF_8);
      blobs.put(Bytes.content(bytes), Files.write(folder.resolve("waste" + i), bytes));
    }
    collect(blobs, NOW);

    assertThatThrownBy(() -> collect(slowToDelete(), NOW.plusSeconds(1)))
        .isInstanceOf(RuntimeException.class);

    assertThat(blobs.list(Optional.empty(), 10)).hasSize(2);
    collect(blobs, NOW.plusSeconds(2));
    assertThat(blobs.list(Optional.empty(), 10)).isEmpty();
  }
}
