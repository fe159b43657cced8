package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.metric.MetricPoint;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;

/** Reads rows that hang on runs or logged models; their first column is the owner's id. */
final class OwnedEntryMapper {
  private OwnedEntryMapper() {}

  static UUID owner(ResultSet rs) throws SQLException {
    return rs.getObject(1, UUID.class);
  }

  static MetricPoint point(ResultSet rs) throws SQLException {
    return new MetricPoint(
        rs.getLong("step"), rs.getLong("timestamp_ms"), rs.getDouble("metric_value"));
  }

  /** Reads tags. */
  public static final class OfTags implements RowMapper<OwnedEntry<Tag>> {
    @Override
    public OwnedEntry<Tag> map(ResultSet rs, StatementContext context) throws SQLException {
      return new OwnedEntry<>(
          owner(rs), new Tag(rs.getString("tag_key"), rs.getString("tag_value")));
    }
  }

  /** Reads params. */
  public static final class OfParams implements RowMapper<OwnedEntry<Param>> {
    @Override
    public OwnedEntry<Param> map(ResultSet rs, StatementContext context) throws SQLException {
      return new OwnedEntry<>(
          owner(rs), new Param(rs.getString("param_key"), rs.getString("param_value")));
    }
  }
}
