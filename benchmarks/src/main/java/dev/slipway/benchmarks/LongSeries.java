package dev.slipway.benchmarks;

import com.google.protobuf.FieldMask;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.UpdateRunRequest;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;

/**
 * Is a run with one long metric, compacted.
 *
 * @param run the run's id
 * @param points how many points its metric has
 */
record LongSeries(String run, long points) {
  /** The metric. */
  static final String KEY = "train/metric_0";

  private static final int POINTS_PER_BATCH = 1000;
  private static final int MAX_ATTEMPTS = 8;
  private static final long COMPACTION_MILLIS = 15_000;

  /** Is what a plain read of all packed points found. */
  record Read(long rows, long bytes) {}

  /** Writes a run, ends it, and waits until its points are in chunks. */
  static LongSeries write(DatabaseConfig database, long points)
      throws IOException, SQLException, InterruptedException {
    LongSeries series;
    try (TrackingProcess server = TrackingProcess.start(database)) {
      Shape shape = new Shape(1, POINTS_PER_BATCH);
      try (MetricLoad load =
          MetricLoad.oneMetric(server.port(), shape, points / POINTS_PER_BATCH)) {
        load.await();
        series = new LongSeries(load.runs().get(0), points);
      }
      series.end(server.port());
    }
    // The database may be one that this process cannot read beside the service.
    for (int i = 0; i < MAX_ATTEMPTS && series.segments(database) > 0; i++) {
      TrackingProcess server = TrackingProcess.start(database);
      Thread.sleep(COMPACTION_MILLIS);
      server.close();
    }
    if (series.segments(database) > 0) {
      throw new IllegalStateException("the service does not compact the run");
    }
    return series;
  }

  private void end(int port) {
    ManagedChannel channel = Clients.connect(port);
    try {
      var unused =
          TrackingServiceGrpc.newBlockingStub(channel)
              .updateRun(
                  UpdateRunRequest.newBuilder()
                      .setRun(
                          RunInfo.newBuilder()
                              .setRunId(run)
                              .setStatus(RunStatus.RUN_STATUS_FINISHED))
                      .setUpdateMask(FieldMask.newBuilder().addPaths("status"))
                      .build());
    } finally {
      channel.shutdownNow();
    }
  }

  private long segments(DatabaseConfig database) throws SQLException {
    try (Connection connection = Databases.connect(database);
        PreparedStatement statement =
            connection.prepareStatement("SELECT COUNT(*) FROM metric_segment WHERE run_id = ?")) {
      statement.setObject(1, uuid());
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    }
  }

  /** Reads all chunks, points packed, by bare SQL. */
  Read readChunks(Connection connection) throws SQLException {
    long count = 0;
    long bytes = 0;
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            SELECT chunk_id, point_count, first_step, last_step, packed
            FROM metric_chunk WHERE run_id = ? ORDER BY run_id, name_id, last_step
            """)) {
      statement.setObject(1, uuid());
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          count++;
          bytes += rows.getBytes("packed").length;
        }
      }
    }
    return new Read(count, bytes);
  }

  private UUID uuid() {
    return UUID.fromString(run.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5"));
  }
}
