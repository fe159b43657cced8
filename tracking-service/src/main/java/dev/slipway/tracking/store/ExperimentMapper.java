package dev.slipway.tracking.store;

import dev.slipway.tracking.experiment.Experiment;
import dev.slipway.tracking.experiment.ExperimentId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;

/** Reads an experiment without its tags. */
public final class ExperimentMapper implements RowMapper<Experiment> {
  @Override
  public Experiment map(ResultSet rs, StatementContext context) throws SQLException {
    return new Experiment(
        new ExperimentId(rs.getLong("experiment_id")),
        rs.getString("name"),
        rs.getString("artifact_location"),
        rs.getBoolean("active"),
        Instant.ofEpochMilli(rs.getLong("create_time_ms")),
        Instant.ofEpochMilli(rs.getLong("update_time_ms")),
        List.of());
  }
}
