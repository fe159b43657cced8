package dev.slipway.tracking.store;

import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.WriterPosition;
import dev.slipway.tracking.run.RunId;
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

/**
 * Is the SQL of the metric log and what is derived from it; only for the stores of this package.
 */
public interface MetricDao {
  /** Is a metric name with its number. */
  record NameRow(int id, String name) {}

  /** Is where a writer stands. */
  record WriterRow(UUID run, String writerId, WriterPosition position) {}

  /** Is a log with its last commit and how far it is folded. */
  record LogRow(long logId, long committedNo, long foldedNo) {}

  /** Is how far a log is folded. */
  record FoldRow(long logId, long foldedNo) {}

  /** Is the latest point of a run's metric. */
  record LatestRow(RunId run, int nameId, MetricPoint point) {}

  /** Is a packed segment of a run. */
  @SuppressWarnings("ArrayRecordComponent") // Passes a row's bytes through; nobody compares rows.
  record PackedRow(UUID run, byte[] packed) {}

  /** Is a segment to be inserted. */
  @SuppressWarnings("ArrayRecordComponent") // Passes a row's bytes through; nobody compares rows.
  record SegmentRow(
      UUID run,
      long logId,
      long commitNo,
      int part,
      long minStep,
      long maxStep,
      int points,
      byte[] packed) {}

  /** Is a segment's place and range, without its points. */
  record SegmentHead(long logId, long commitNo, int part, long minStep) {}

  /** Is a packed segment with its place. */
  @SuppressWarnings("ArrayRecordComponent") // Passes a row's bytes through; nobody compares rows.
  record PlacedRow(long logId, long commitNo, int part, byte[] packed) {}

  /**
   * Returns the numbers of those names that have one. Joined, like all that reads much: H2 compares
   * each row of {@code = ANY} with all that is asked for.
   *
   * @param names no name twice
   */
  @SqlQuery(
      """
      SELECT n.name_id, n.name
      FROM unnest(:names) AS x (name) JOIN metric_name n ON n.name = x.name
      """)
  @RegisterRowMapper(NameMapper.class)
  List<NameRow> names(String[] names);

  /**
   * Returns the names that have some numbers.
   *
   * @param ids no number twice
   */
  @SqlQuery(
      """
      SELECT n.name_id, n.name
      FROM unnest(:ids) AS x (name_id) JOIN metric_name n ON n.name_id = x.name_id
      """)
  @RegisterRowMapper(NameMapper.class)
  List<NameRow> namesById(Integer[] ids);

  @SqlBatch("INSERT INTO metric_name (name) VALUES (:name) ON CONFLICT DO NOTHING")
  void insertNames(Iterable<String> name);

  @SqlQuery("SELECT nextval('metric_log_number')")
  long nextLogId();

  @SqlUpdate(
      "INSERT INTO metric_log (log_id, committed_no, commit_time_ms) VALUES (:logId, 0, :now)")
  void insertLog(long logId, long now);

  @SqlUpdate("INSERT INTO metric_fold (log_id, folded_no) VALUES (:logId, 0)")
  void insertFold(long logId);

  @SqlUpdate(
      """
      UPDATE metric_log SET committed_no = :commitNo, commit_time_ms = :now
      WHERE log_id = :logId
      """)
  int advanceLog(long logId, long commitNo, long now);

  @SqlQuery(
      """
      SELECT l.log_id, l.committed_no, f.folded_no
      FROM metric_log l JOIN metric_fold f ON f.log_id = l.log_id
      WHERE l.committed_no > f.folded_no AND l.log_id <> :ownLog
      ORDER BY l.log_id
      """)
  @RegisterRowMapper(LogMapper.class)
  List<LogRow> unfoldedLogs(long ownLog);

  @SqlQuery(
      """
      SELECT l.log_id, l.committed_no, f.folded_no
      FROM metric_log l JOIN metric_fold f ON f.log_id = l.log_id
      WHERE l.log_id = :logId
      """)
  @RegisterRowMapper(LogMapper.class)
  Optional<LogRow> log(long logId);

  @SqlQuery("SELECT folded_no FROM metric_fold WHERE log_id = :logId FOR UPDATE")
  Optional<Long> lockFold(long logId);

  /** Keeps everybody from folding until the end of the transaction. */
  @SqlQuery("SELECT log_id FROM metric_fold ORDER BY log_id FOR UPDATE")
  List<Long> lockFolds();

  @SqlUpdate("UPDATE metric_fold SET folded_no = :through WHERE log_id = :logId")
  void advanceFold(long logId, long through);

  @SqlUpdate(
      """
      DELETE FROM metric_log
      WHERE commit_time_ms < :before
        AND committed_no <= (SELECT f.folded_no FROM metric_fold f WHERE f.log_id = metric_log.log_id)
      """)
  int deleteQuietLogs(long before);

  @SqlUpdate(
      """
      DELETE FROM metric_fold
      WHERE NOT EXISTS (SELECT 1 FROM metric_log l WHERE l.log_id = metric_fold.log_id)
      """)
  int deleteOrphanedFolds();

  @SqlBatch(
      """
      INSERT INTO metric_segment (run_id, log_id, commit_no, part, min_step, max_step, point_count, packed)
      VALUES (:run, :logId, :commitNo, :part, :minStep, :maxStep, :points, :packed)
      """)
  void insertSegments(@BindMethods Iterable<SegmentRow> segments);

  @SqlQuery("SELECT log_id, folded_no FROM metric_fold ORDER BY log_id")
  @RegisterRowMapper(FoldMapper.class)
  List<FoldRow> folds();

  /**
   * Returns the segments of runs after a commit of a log, for each run and log given. The arrays
   * say what to look up: from tables alone H2 would go through all segments of the runs.
   */
  @SqlQuery(
      """
      SELECT s.run_id, s.packed
      FROM unnest(:runs, :logIds, :afterNos) AS x (run_id, log_id, after_no)
      JOIN metric_segment s
        ON s.run_id = x.run_id AND s.log_id = x.log_id AND s.commit_no > x.after_no
      ORDER BY s.run_id, s.log_id, s.commit_no, s.part
      """)
  @RegisterRowMapper(PackedMapper.class)
  List<PackedRow> segmentsAfter(UUID[] runs, Long[] logIds, Long[] afterNos);

  @SqlQuery(
      """
      SELECT log_id, commit_no, part, min_step
      FROM metric_segment
      WHERE run_id = :run AND max_step >= :from AND min_step <= :to
        AND (min_step, log_id, commit_no, part) > (:afterMinStep, :afterLog, :afterCommit, :afterPart)
      ORDER BY run_id, min_step, log_id, commit_no, part
      FETCH FIRST :limit ROWS ONLY
      """)
  @RegisterRowMapper(HeadMapper.class)
  List<SegmentHead> segmentHeads(
      UUID run,
      long from,
      long to,
      long afterMinStep,
      long afterLog,
      long afterCommit,
      int afterPart,
      int limit);

  /** Returns segments of a run, in no order. */
  @SqlQuery(
      """
      SELECT s.log_id, s.commit_no, s.part, s.packed
      FROM unnest(:logIds, :commitNos, :parts) AS x (log_id, commit_no, part)
      JOIN metric_segment s
        ON s.run_id = :run AND s.log_id = x.log_id AND s.commit_no = x.commit_no AND s.part = x.part
      """)
  @RegisterRowMapper(PlacedMapper.class)
  List<PlacedRow> segments(UUID run, Long[] logIds, Long[] commitNos, Integer[] parts);

  @SqlQuery(
      """
      SELECT run_id, writer_id, epoch, committed_seq FROM metric_writer
      WHERE run_id = ANY(:runs) AND writer_id = ANY(:writers)
      ORDER BY run_id, writer_id
      FOR UPDATE
      """)
  @RegisterRowMapper(WriterMapper.class)
  List<WriterRow> lockWriters(UUID[] runs, String[] writers);

  @SqlUpdate(
      """
      INSERT INTO metric_writer (run_id, writer_id, epoch, committed_seq)
      VALUES (:run, :writer, 1, 0)
      """)
  void insertWriter(UUID run, String writer);

  @SqlUpdate("UPDATE metric_writer SET epoch = :epoch WHERE run_id = :run AND writer_id = :writer")
  void setEpoch(UUID run, String writer, long epoch);

  @SqlBatch(
      """
      UPDATE metric_writer SET committed_seq = :seq
      WHERE run_id = :run AND writer_id = :writer
      """)
  void advanceWriters(List<UUID> run, List<String> writer, List<Long> seq);

  /**
   * Writes points that are later than what is there; those of runs that were purged are dropped.
   */
  @SqlUpdate(
      """
      MERGE INTO latest_metric t
      USING (SELECT x.*, r.experiment_id, r.start_time_ms
             FROM unnest(:runs, :names, :steps, :timestamps, :values)
               AS x (run_id, name_id, step, timestamp_ms, metric_value)
             JOIN run r ON r.run_id = x.run_id) s
      ON t.run_id = s.run_id AND t.name_id = s.name_id
      WHEN MATCHED AND (s.step, s.timestamp_ms, s.metric_value) > (t.step, t.timestamp_ms, t.metric_value)
        THEN UPDATE SET step = s.step, timestamp_ms = s.timestamp_ms, metric_value = s.metric_value
      WHEN NOT MATCHED THEN INSERT (run_id, name_id, step, timestamp_ms, metric_value, experiment_id, start_time_ms)
        VALUES (s.run_id, s.name_id, s.step, s.timestamp_ms, s.metric_value, s.experiment_id, s.start_time_ms)
      """)
  void mergeLatest(UUID[] runs, Integer[] names, Long[] steps, Long[] timestamps, Double[] values);

  @SqlQuery(
      """
      SELECT m.run_id, m.name_id, m.step, m.timestamp_ms, m.metric_value
      FROM unnest(:runs) AS x (run_id) JOIN latest_metric m ON m.run_id = x.run_id
      """)
  @RegisterRowMapper(LatestMapper.class)
  List<LatestRow> latest(UUID[] runs);

  @SqlQuery(
      """
      SELECT m.run_id, m.name_id, m.step, m.timestamp_ms, m.metric_value
      FROM unnest(:runs) AS x (run_id) JOIN latest_metric m ON m.run_id = x.run_id
      WHERE m.name_id = ANY(:names)
      """)
  @RegisterRowMapper(LatestMapper.class)
  List<LatestRow> latestOf(UUID[] runs, Integer[] names);

  /** Reads a name. */
  final class NameMapper implements RowMapper<NameRow> {
    @Override
    public NameRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new NameRow(rs.getInt("name_id"), rs.getString("name"));
    }
  }

  /** Reads a latest point. */
  final class LatestMapper implements RowMapper<LatestRow> {
    @Override
    public LatestRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new LatestRow(
          new RunId(OwnedEntryMapper.owner(rs)), rs.getInt("name_id"), OwnedEntryMapper.point(rs));
    }
  }

  /** Reads a writer. */
  final class WriterMapper implements RowMapper<WriterRow> {
    @Override
    public WriterRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new WriterRow(
          rs.getObject("run_id", UUID.class),
          rs.getString("writer_id"),
          new WriterPosition(rs.getLong("epoch"), rs.getLong("committed_seq")));
    }
  }

  /** Reads a log. */
  final class LogMapper implements RowMapper<LogRow> {
    @Override
    public LogRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new LogRow(rs.getLong("log_id"), rs.getLong("committed_no"), rs.getLong("folded_no"));
    }
  }

  /** Reads a fold. */
  final class FoldMapper implements RowMapper<FoldRow> {
    @Override
    public FoldRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new FoldRow(rs.getLong("log_id"), rs.getLong("folded_no"));
    }
  }

  /** Reads a packed segment. */
  final class PackedMapper implements RowMapper<PackedRow> {
    @Override
    public PackedRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new PackedRow(rs.getObject("run_id", UUID.class), rs.getBytes("packed"));
    }
  }

  /** Reads a packed segment with its place. */
  final class PlacedMapper implements RowMapper<PlacedRow> {
    @Override
    public PlacedRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new PlacedRow(
          rs.getLong("log_id"), rs.getLong("commit_no"), rs.getInt("part"), rs.getBytes("packed"));
    }
  }

  /** Reads a segment's head. */
  final class HeadMapper implements RowMapper<SegmentHead> {
    @Override
    public SegmentHead map(ResultSet rs, StatementContext context) throws SQLException {
      return new SegmentHead(
          rs.getLong("log_id"), rs.getLong("commit_no"), rs.getInt("part"), rs.getLong("min_step"));
    }
  }
}
