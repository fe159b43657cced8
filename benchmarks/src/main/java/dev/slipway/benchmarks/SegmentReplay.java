package dev.slipway.benchmarks;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.database.Dialect;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Is the limit of ingest: writes the segments that the service wrote, commit by commit, into a
 * table of the same form, by bare JDBC, one thread, each commit durable.
 */
final class SegmentReplay {
  /** Segments are taken from the end of the log, up to this many bytes. */
  private static final long SAMPLE_BYTES = 128L * 1024 * 1024;

  @SuppressWarnings("ArrayRecordComponent") // Passes a row's bytes through; nobody compares rows.
  private record Segment(
      UUID run, int part, long minStep, long maxStep, int points, byte[] bytes) {}

  private final List<List<Segment>> commits = new ArrayList<>();

  private SegmentReplay() {}

  /** Takes the newest segments from a database that the service no longer uses. */
  static SegmentReplay read(DatabaseConfig source) throws SQLException {
    SegmentReplay replay = new SegmentReplay();
    try (Connection connection = Databases.connect(source)) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(100);
        try (ResultSet rows =
            statement.executeQuery(
                """
                SELECT run_id, commit_no, part, min_step, max_step, point_count, packed
                FROM metric_segment ORDER BY log_id DESC, commit_no DESC
                """)) {
          replay.take(rows);
        }
      }
    }
    return replay;
  }

  private void take(ResultSet rows) throws SQLException {
    long bytes = 0;
    long lastCommit = -1;
    while (bytes < SAMPLE_BYTES && rows.next()) {
      if (rows.getLong("commit_no") != lastCommit) {
        lastCommit = rows.getLong("commit_no");
        commits.add(new ArrayList<>());
      }
      Segment segment =
          new Segment(
              rows.getObject("run_id", UUID.class),
              rows.getInt("part"),
              rows.getLong("min_step"),
              rows.getLong("max_step"),
              rows.getInt("point_count"),
              rows.getBytes("packed"));
      commits.get(commits.size() - 1).add(segment);
      bytes += segment.bytes().length;
    }
    // The oldest one may have been cut off in its middle.
    if (commits.size() > 1) {
      commits.remove(commits.size() - 1);
    }
  }

  /** Returns how many points a commit holds on average. */
  double pointsPerCommit() {
    return (double) commits.stream().mapToLong(SegmentReplay::points).sum() / commits.size();
  }

  private static long points(List<Segment> commit) {
    return commit.stream().mapToLong(Segment::points).sum();
  }

  /** Writes the segments to a new database, over and over, and returns points per second. */
  double pointsPerSecond(DatabaseConfig target, Duration warmUp, Duration duration)
      throws SQLException {
    Database.open(target, "tracking", "db/migration/tracking", new MetricRegistry()).close();
    try (Connection connection = Databases.connect(target)) {
      connection.setAutoCommit(false);
      Writer writer = new Writer(connection, target.dialect());
      write(writer, warmUp);
      return write(writer, duration);
    }
  }

  private double write(Writer writer, Duration duration) throws SQLException {
    long started = System.nanoTime();
    long points = 0;
    for (int i = 0; System.nanoTime() - started < duration.toNanos(); i++) {
      List<Segment> commit = commits.get(i % commits.size());
      writer.write(commit);
      points += points(commit);
    }
    return points * 1e9 / (System.nanoTime() - started);
  }

  private static final class Writer {
    private final Connection connection;
    private final Dialect dialect;
    private final PreparedStatement insert;
    private long commitNo;

    Writer(Connection connection, Dialect dialect) throws SQLException {
      this.connection = connection;
      this.dialect = dialect;
      this.insert =
          connection.prepareStatement(
              """
              INSERT INTO metric_segment
                (run_id, log_id, commit_no, part, min_step, max_step, point_count, packed)
              VALUES (?, 1, ?, ?, ?, ?, ?, ?)
              """);
    }

    void write(List<Segment> commit) throws SQLException {
      commitNo++;
      for (Segment segment : commit) {
        insert.setObject(1, segment.run());
        insert.setLong(2, commitNo);
        insert.setInt(3, segment.part());
        insert.setLong(4, segment.minStep());
        insert.setLong(5, segment.maxStep());
        insert.setInt(6, segment.points());
        insert.setBytes(7, segment.bytes());
        insert.addBatch();
      }
      insert.executeBatch();
      connection.commit();
      if (dialect == Dialect.H2) {
        try (Statement sync = connection.createStatement()) {
          sync.execute("CHECKPOINT SYNC");
        }
      }
    }
  }
}
