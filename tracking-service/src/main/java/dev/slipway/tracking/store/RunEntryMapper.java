package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.run.LatestMetric;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;

/** Reads rows that hang on runs. */
final class RunEntryMapper {
  private RunEntryMapper() {}

  private static UUID run(ResultSet rs) throws SQLException {
    return rs.getObject("run_id", UUID.class);
  }

  /** Reads tags. */
  public static final class OfTags implements RowMapper<RunEntry<Tag>> {
    @Override
    public RunEntry<Tag> map(ResultSet rs, StatementContext context) throws SQLException {
      return new RunEntry<>(run(rs), new Tag(rs.getString("tag_key"), rs.getString("tag_value")));
    }
  }

  /** Reads params. */
  public static final class OfParams implements RowMapper<RunEntry<Param>> {
    @Override
    public RunEntry<Param> map(ResultSet rs, StatementContext context) throws SQLException {
      return new RunEntry<>(
          run(rs), new Param(rs.getString("param_key"), rs.getString("param_value")));
    }
  }

  /** Reads latest metrics. */
  public static final class OfMetrics implements RowMapper<RunEntry<LatestMetric>> {
    @Override
    public RunEntry<LatestMetric> map(ResultSet rs, StatementContext context) throws SQLException {
      MetricPoint point =
          new MetricPoint(
              rs.getLong("step"), rs.getLong("timestamp_ms"), rs.getDouble("metric_value"));
      return new RunEntry<>(run(rs), new LatestMetric(rs.getString("name"), point));
    }
  }
}
