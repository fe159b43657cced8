package dev.slipway.tracking.store;

import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunStatus;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;

/** Reads a run's own columns. */
public final class RunInfoMapper implements RowMapper<RunInfo> {
  static final String COLUMNS =
      "run_id, experiment_id, run_name, user_id, status, start_time_ms, end_time_ms, artifact_uri,"
          + " delete_time_ms";

  @Override
  public RunInfo map(ResultSet rs, StatementContext context) throws SQLException {
    return new RunInfo(
        new RunId(rs.getObject("run_id", UUID.class)),
        new ExperimentId(rs.getLong("experiment_id")),
        rs.getString("run_name"),
        rs.getString("user_id"),
        RunStatus.of(rs.getInt("status")),
        Instant.ofEpochMilli(rs.getLong("start_time_ms")),
        instant(rs, "end_time_ms"),
        rs.getString("artifact_uri"),
        instant(rs, "delete_time_ms"));
  }

  private static Optional<Instant> instant(ResultSet rs, String column) throws SQLException {
    long millis = rs.getLong(column);
    return rs.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
  }
}
