package dev.slipway.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.database.Database;
import dev.slipway.tracking.metric.Chunk;
import dev.slipway.tracking.metric.ChunkHeader;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SegmentReader;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.ChunkDao.ChunkRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Looks into the rows of chunks, past the code that reads them. */
public final class StoredChunks {
  private StoredChunks() {}

  private record Stored(ChunkRow row, List<MetricPoint> points) {}

  /**
   * Asserts that every chunk of a run is what it has to be, and returns how many points they hold.
   */
  public static long check(Database database, RunId run) {
    Map<Integer, List<Stored>> byMetric = new TreeMap<>();
    database
        .read(
            handle ->
                handle
                    .createQuery(
                        """
                        SELECT * FROM metric_chunk WHERE run_id = :run
                        ORDER BY name_id, last_step, last_timestamp_ms, last_value
                        """)
                    .bind("run", run.uuid())
                    .map(
                        (rs, context) -> {
                          ChunkRow row = new ChunkDao.ChunkRowMapper().map(rs, context);
                          List<MetricPoint> points = new ArrayList<>();
                          SegmentReader.read(rs.getBytes("packed"), row.nameId(), points::add);
                          return new Stored(row, points);
                        })
                    .list())
        .forEach(
            stored ->
                byMetric
                    .computeIfAbsent(stored.row.nameId(), name -> new ArrayList<>())
                    .add(stored));
    long points = 0;
    for (List<Stored> chunks : byMetric.values()) {
      for (int i = 0; i < chunks.size(); i++) {
        Stored chunk = chunks.get(i);
        boolean last = i == chunks.size() - 1;
        assertThat(chunk.points.size()).isBetween(last ? 1 : Chunk.MIN_POINTS, Chunk.MAX_POINTS);
        assertThat(chunk.row.header()).isEqualTo(ChunkHeader.of(chunk.points));
        for (int p = 1; p < chunk.points.size(); p++) {
          assertThat(chunk.points.get(p)).isGreaterThan(chunk.points.get(p - 1));
        }
        if (i > 0) {
          assertThat(chunk.points.get(0)).isGreaterThan(chunks.get(i - 1).row.header().last());
        }
        points += chunk.points.size();
      }
    }
    return points;
  }

  /** Returns how many segments a run has. */
  public static long segments(Database database, RunId run) {
    return database.read(
        handle ->
            handle
                .createQuery("SELECT COUNT(*) FROM metric_segment WHERE run_id = :run")
                .bind("run", run.uuid())
                .mapTo(Long.class)
                .one());
  }

  /** Returns how many points the segments of a run hold. */
  public static long pointsInSegments(Database database, RunId run) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT COALESCE(SUM(point_count), 0) FROM metric_segment WHERE run_id = :run")
                .bind("run", run.uuid())
                .mapTo(Long.class)
                .one());
  }
}
