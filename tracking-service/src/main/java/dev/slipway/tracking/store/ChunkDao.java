package dev.slipway.tracking.store;

import dev.slipway.tracking.metric.ChunkHeader;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.OrderedDoubles;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.sqlobject.config.RegisterRowMapper;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlBatch;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Is the SQL of chunks and of their making; only for the stores of this package. */
public interface ChunkDao {
  /** Is a segment's place and size. */
  record SegmentSize(long logId, long commitNo, int part, int points) {}

  /** Is a chunk of a metric without its points. */
  record ChunkRow(int nameId, long chunkId, ChunkHeader header) {}

  /** Is a chunk's points. */
  @SuppressWarnings("ArrayRecordComponent") // Passes a row's bytes through; nobody compares rows.
  record ChunkBody(long chunkId, byte[] packed) {}

  /** Is a chunk to be inserted. */
  @SuppressWarnings("ArrayRecordComponent") // Passes a row's bytes through; nobody compares rows.
  record NewChunk(
      UUID run,
      int nameId,
      int points,
      long firstStep,
      long lastStep,
      long lastTimestamp,
      long lastValue,
      long minTime,
      long maxTime,
      long minValue,
      long maxValue,
      byte[] packed) {}

  @SqlUpdate(
      "INSERT INTO metric_compaction (run_id, passes) VALUES (:run, 0) ON CONFLICT DO NOTHING")
  void ensureCompaction(UUID run);

  @SqlQuery("SELECT passes FROM metric_compaction WHERE run_id = :run FOR UPDATE SKIP LOCKED")
  Optional<Long> lockCompaction(UUID run);

  @SqlQuery("SELECT passes FROM metric_compaction WHERE run_id = :run FOR UPDATE")
  Optional<Long> awaitCompaction(UUID run);

  @SqlUpdate("UPDATE metric_compaction SET passes = passes + 1 WHERE run_id = :run")
  void countPass(UUID run);

  /** Returns the segments of a run that begin at the least steps. */
  @SqlQuery(
      """
      SELECT log_id, commit_no, part, point_count
      FROM metric_segment
      WHERE run_id = :run
      ORDER BY run_id, min_step, log_id, commit_no, part
      FETCH FIRST :limit ROWS ONLY
      """)
  @RegisterRowMapper(SegmentSizeMapper.class)
  List<SegmentSize> segmentSizes(UUID run, int limit);

  @SqlBatch(
      """
      DELETE FROM metric_segment
      WHERE run_id = :run AND log_id = :logId AND commit_no = :commitNo AND part = :part
      """)
  void deleteSegments(UUID run, @BindMethods Iterable<SegmentSize> segments);

  @SqlQuery(
      """
      SELECT run_id FROM metric_segment
      WHERE run_id > :after
      ORDER BY run_id
      FETCH FIRST 1 ROWS ONLY
      """)
  Optional<UUID> nextRunWithSegments(UUID after);

  /**
   * Returns of each metric the chunks that end at or after a step, and those with room, in order.
   */
  @SqlQuery(
      """
      SELECT c.name_id, c.chunk_id, c.point_count, c.first_step, c.last_step, c.last_timestamp_ms,
             c.last_value, c.min_time_ms, c.max_time_ms, c.min_value, c.max_value
      FROM unnest(:names, :steps) AS x (name_id, step)
      JOIN metric_chunk c ON c.run_id = :run AND c.name_id = x.name_id
        AND (c.last_step >= x.step OR c.point_count < :room)
      ORDER BY c.name_id, c.last_step, c.last_timestamp_ms, c.last_value
      """)
  @RegisterRowMapper(ChunkRowMapper.class)
  List<ChunkRow> chunksAround(UUID run, Integer[] names, Long[] steps, int room);

  /** Returns chunks of a metric in order, from the one that a point falls in or before. */
  @SqlQuery(
      """
      SELECT name_id, chunk_id, point_count, first_step, last_step, last_timestamp_ms,
             last_value, min_time_ms, max_time_ms, min_value, max_value
      FROM metric_chunk
      WHERE run_id = :run AND name_id = :name AND last_step >= :step AND first_step <= :maxStep
        AND (last_step, last_timestamp_ms, last_value) >= (:step, :timestamp, :value)
      ORDER BY run_id, name_id, last_step, last_timestamp_ms, last_value
      FETCH FIRST :limit ROWS ONLY
      """)
  @RegisterRowMapper(ChunkRowMapper.class)
  List<ChunkRow> chunksFrom(
      UUID run, int name, long step, long timestamp, long value, long maxStep, int limit);

  /** Returns the points of chunks of a run, in no order. */
  @SqlQuery(
      """
      SELECT c.chunk_id, c.packed
      FROM unnest(:names, :chunks) AS x (name_id, chunk_id)
      JOIN metric_chunk c
        ON c.run_id = :run AND c.name_id = x.name_id AND c.chunk_id = x.chunk_id
      """)
  @RegisterRowMapper(ChunkBodyMapper.class)
  List<ChunkBody> bodies(UUID run, Integer[] names, Long[] chunks);

  @SqlBatch(
      """
      INSERT INTO metric_chunk (run_id, name_id, chunk_id, point_count, first_step, last_step,
        last_timestamp_ms, last_value, min_time_ms, max_time_ms, min_value, max_value, packed)
      VALUES (:run, :nameId, nextval('metric_chunk_number'), :points, :firstStep, :lastStep,
        :lastTimestamp, :lastValue, :minTime, :maxTime, :minValue, :maxValue, :packed)
      """)
  void insertChunks(@BindMethods Iterable<NewChunk> chunks);

  @SqlBatch(
      """
      DELETE FROM metric_chunk
      WHERE run_id = :run AND name_id = :nameId AND chunk_id = :chunkId
      """)
  void deleteChunks(UUID run, @BindMethods Iterable<ChunkRow> chunks);

  @SqlUpdate("DELETE FROM metric_segment WHERE run_id = :run")
  void deleteSegmentsOf(UUID run);

  @SqlUpdate("DELETE FROM metric_chunk WHERE run_id = :run")
  void deleteChunksOf(UUID run);

  @SqlUpdate("DELETE FROM latest_metric WHERE run_id = :run")
  void deleteLatestOf(UUID run);

  @SqlUpdate("DELETE FROM metric_writer WHERE run_id = :run")
  void deleteWritersOf(UUID run);

  @SqlUpdate("DELETE FROM metric_compaction WHERE run_id = :run")
  void deleteCompactionOf(UUID run);

  /** Reads a segment's place and size. */
  final class SegmentSizeMapper implements RowMapper<SegmentSize> {
    @Override
    public SegmentSize map(ResultSet rs, StatementContext context) throws SQLException {
      return new SegmentSize(
          rs.getLong("log_id"),
          rs.getLong("commit_no"),
          rs.getInt("part"),
          rs.getInt("point_count"));
    }
  }

  /** Reads a chunk without its points. */
  final class ChunkRowMapper implements RowMapper<ChunkRow> {
    @Override
    public ChunkRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new ChunkRow(
          rs.getInt("name_id"),
          rs.getLong("chunk_id"),
          new ChunkHeader(
              rs.getInt("point_count"),
              rs.getLong("first_step"),
              new MetricPoint(
                  rs.getLong("last_step"),
                  rs.getLong("last_timestamp_ms"),
                  OrderedDoubles.decode(rs.getLong("last_value"))),
              rs.getLong("min_time_ms"),
              rs.getLong("max_time_ms"),
              OrderedDoubles.decode(rs.getLong("min_value")),
              OrderedDoubles.decode(rs.getLong("max_value"))));
    }
  }

  /** Reads a chunk's points. */
  final class ChunkBodyMapper implements RowMapper<ChunkBody> {
    @Override
    public ChunkBody map(ResultSet rs, StatementContext context) throws SQLException {
      return new ChunkBody(rs.getLong("chunk_id"), rs.getBytes("packed"));
    }
  }
}
