package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.run.RunInfo;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.sqlobject.config.RegisterRowMapper;
import org.jdbi.v3.sqlobject.customizer.FetchSize;
import org.jdbi.v3.sqlobject.statement.SqlQuery;

/** Is the SQL that looks for changes; only for the stores of this package. */
public interface FeedDao {
  /** Segments that are held at once. */
  int SEGMENTS_PER_FETCH = 16;

  /** Selects stamps beside columns of {@code run r}; runs that never changed have none. */
  String STAMPS_OF_RUNS =
      """
      COALESCE(v.revision, 0) AS revision, COALESCE(v.created_revision, 0) AS created_revision,
        COALESCE(v.listed_revision, 0) AS listed_revision, COALESCE(v.info_revision, 0) AS info_revision,
        COALESCE(v.inputs_revision, 0) AS inputs_revision, COALESCE(v.outputs_revision, 0) AS outputs_revision,
        COALESCE(v.compacted_revision, 0) AS compacted_revision
      FROM unnest(:runs) AS x (run_id)
      JOIN run r ON r.run_id = x.run_id
      LEFT JOIN run_revision v ON v.run_id = r.run_id
      """;

  /** Is how far a log is written. */
  record CommittedRow(long logId, long committedNo) {}

  /** Is when the parts of a run last changed. */
  record StampRow(
      UUID run,
      long revision,
      long created,
      long listed,
      long info,
      long inputs,
      long outputs,
      long compacted) {}

  /** Is a run with its stamps. */
  record StampedRun(RunInfo info, StampRow stamp) {}

  /** Is when an experiment last changed. */
  record HeadRow(long experiment, long revision, long own, long purged, long purgedListed) {}

  /** Is a packed segment of a run. */
  @SuppressWarnings("ArrayRecordComponent") // Passes a row's bytes through; nobody compares rows.
  record SegmentRow(UUID run, long experiment, byte[] packed) {}

  /** Is the key of a removed tag. */
  record RemovedRow(UUID run, String key) {}

  @SqlQuery("SELECT log_id, committed_no FROM metric_log ORDER BY log_id")
  @RegisterRowMapper(CommittedMapper.class)
  List<CommittedRow> logs();

  /** Returns the greatest id of a log that has segments; 0 when none has. */
  @SqlQuery("SELECT COALESCE(MAX(log_id), 0) FROM metric_segment")
  long lastLogWithSegments();

  @SqlQuery("SELECT r.run_id, " + STAMPS_OF_RUNS)
  @RegisterRowMapper(StampMapper.class)
  List<StampRow> stamps(UUID[] runs);

  /** Returns runs with their stamps, both as of one moment. */
  @SqlQuery(
      "SELECT r.run_id, r.experiment_id, r.run_name, r.user_id, r.status, r.start_time_ms,"
          + " r.end_time_ms, r.artifact_uri, r.delete_time_ms, "
          + STAMPS_OF_RUNS)
  @RegisterRowMapper(StampedMapper.class)
  List<StampedRun> stampedRuns(UUID[] runs);

  @SqlQuery(
      """
      SELECT run_id, revision, created_revision, listed_revision, info_revision, inputs_revision, outputs_revision,
             compacted_revision
      FROM run_revision
      WHERE experiment_id = :experiment AND revision > :after
      ORDER BY revision
      FETCH FIRST :limit ROWS ONLY
      """)
  @RegisterRowMapper(StampMapper.class)
  List<StampRow> stampsAfter(long experiment, long after, int limit);

  @SqlQuery(
      """
      SELECT COUNT(*)
      FROM (SELECT run_id FROM run_revision WHERE experiment_id = :experiment AND revision > :after
            FETCH FIRST :limit ROWS ONLY) AS s
      """)
  int countStampsAfter(long experiment, long after, int limit);

  @SqlQuery(
      """
      SELECT e.experiment_id, COALESCE(v.revision, 0) AS revision, COALESCE(v.own_revision, 0) AS own_revision,
             COALESCE(v.purged_revision, 0) AS purged_revision,
             COALESCE(v.purged_listed_revision, 0) AS purged_listed_revision
      FROM unnest(:experiments) AS x (experiment_id)
      JOIN experiment e ON e.experiment_id = x.experiment_id
      LEFT JOIN experiment_revision v ON v.experiment_id = e.experiment_id
      """)
  @RegisterRowMapper(HeadMapper.class)
  List<HeadRow> heads(Long[] experiments);

  /**
   * Hands over the segments of runs in parts of logs, in no order; one place of the arrays is a run
   * and part.
   */
  @SqlQuery(
      """
      SELECT s.run_id, CAST(0 AS BIGINT) AS experiment_id, s.packed
      FROM unnest(:runs, :logIds, :afterNos, :throughNos) AS x (run_id, log_id, after_no, through_no)
      JOIN metric_segment s
        ON s.run_id = x.run_id AND s.log_id = x.log_id
           AND s.commit_no > x.after_no AND s.commit_no <= x.through_no
      FETCH FIRST :limit ROWS ONLY
      """)
  @RegisterRowMapper(SegmentMapper.class)
  @FetchSize(SEGMENTS_PER_FETCH)
  void segmentsOfRuns(
      UUID[] runs,
      Long[] logIds,
      Long[] afterNos,
      Long[] throughNos,
      int limit,
      Consumer<SegmentRow> consumer);

  /** Hands over the segments of all runs of experiments in parts of logs, in no order. */
  @SqlQuery(
      """
      SELECT s.run_id, r.experiment_id, s.packed
      FROM unnest(:logIds, :afterNos, :throughNos) AS x (log_id, after_no, through_no)
      JOIN metric_segment s
        ON s.log_id = x.log_id AND s.commit_no > x.after_no AND s.commit_no <= x.through_no
      JOIN run r ON r.run_id = s.run_id
      WHERE r.experiment_id = ANY(:experiments)
      FETCH FIRST :limit ROWS ONLY
      """)
  @RegisterRowMapper(SegmentMapper.class)
  @FetchSize(SEGMENTS_PER_FETCH)
  void segmentsOfExperiments(
      Long[] experiments,
      Long[] logIds,
      Long[] afterNos,
      Long[] throughNos,
      int limit,
      Consumer<SegmentRow> consumer);

  @SqlQuery(
      """
      SELECT p.run_id, p.param_key, p.param_value
      FROM unnest(:runs, :afters) AS x (run_id, after_revision)
      JOIN run_param p ON p.run_id = x.run_id AND p.revision > x.after_revision
      """)
  @RegisterRowMapper(OwnedEntryMapper.OfParams.class)
  List<OwnedEntry<Param>> paramsAfter(UUID[] runs, Long[] afters);

  @SqlQuery(
      """
      SELECT t.run_id, t.tag_key, t.tag_value
      FROM unnest(:runs, :afters) AS x (run_id, after_revision)
      JOIN run_tag t ON t.run_id = x.run_id AND t.revision > x.after_revision
      """)
  @RegisterRowMapper(OwnedEntryMapper.OfTags.class)
  List<OwnedEntry<Tag>> tagsAfter(UUID[] runs, Long[] afters);

  @SqlQuery(
      """
      SELECT d.run_id, d.tag_key
      FROM unnest(:runs, :afters) AS x (run_id, after_revision)
      JOIN run_tag_removed d ON d.run_id = x.run_id AND d.revision > x.after_revision
      WHERE NOT EXISTS (SELECT 1 FROM run_tag t WHERE t.run_id = d.run_id AND t.tag_key = d.tag_key)
      """)
  @RegisterRowMapper(RemovedMapper.class)
  List<RemovedRow> tagsRemovedAfter(UUID[] runs, Long[] afters);

  /** Reads how far a log is written. */
  final class CommittedMapper implements RowMapper<CommittedRow> {
    @Override
    public CommittedRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new CommittedRow(rs.getLong("log_id"), rs.getLong("committed_no"));
    }
  }

  /** Reads a run's stamps. */
  final class StampMapper implements RowMapper<StampRow> {
    @Override
    public StampRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new StampRow(
          rs.getObject("run_id", UUID.class),
          rs.getLong("revision"),
          rs.getLong("created_revision"),
          rs.getLong("listed_revision"),
          rs.getLong("info_revision"),
          rs.getLong("inputs_revision"),
          rs.getLong("outputs_revision"),
          rs.getLong("compacted_revision"));
    }
  }

  /** Reads a run with its stamps. */
  final class StampedMapper implements RowMapper<StampedRun> {
    private final RunInfoMapper infos = new RunInfoMapper();
    private final StampMapper stamps = new StampMapper();

    @Override
    public StampedRun map(ResultSet rs, StatementContext context) throws SQLException {
      return new StampedRun(infos.map(rs, context), stamps.map(rs, context));
    }
  }

  /** Reads an experiment's stamps. */
  final class HeadMapper implements RowMapper<HeadRow> {
    @Override
    public HeadRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new HeadRow(
          rs.getLong("experiment_id"),
          rs.getLong("revision"),
          rs.getLong("own_revision"),
          rs.getLong("purged_revision"),
          rs.getLong("purged_listed_revision"));
    }
  }

  /** Reads a packed segment. */
  final class SegmentMapper implements RowMapper<SegmentRow> {
    @Override
    public SegmentRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new SegmentRow(
          rs.getObject("run_id", UUID.class), rs.getLong("experiment_id"), rs.getBytes("packed"));
    }
  }

  /** Reads the key of a removed tag. */
  final class RemovedMapper implements RowMapper<RemovedRow> {
    @Override
    public RemovedRow map(ResultSet rs, StatementContext context) throws SQLException {
      return new RemovedRow(rs.getObject("run_id", UUID.class), rs.getString("tag_key"));
    }
  }
}
