package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Tag;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;

/** Reads a tag. */
public final class TagMapper implements RowMapper<Tag> {
  @Override
  public Tag map(ResultSet rs, StatementContext context) throws SQLException {
    return new Tag(rs.getString("tag_key"), rs.getString("tag_value"));
  }
}
