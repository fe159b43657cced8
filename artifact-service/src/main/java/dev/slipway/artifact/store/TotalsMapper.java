package dev.slipway.artifact.store;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Directory;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;

/** Reads number and size of files. */
public final class TotalsMapper implements RowMapper<Directory> {
  @Override
  public Directory map(ResultSet row, StatementContext context) throws SQLException {
    return new Directory(ArtifactPath.ROOT, row.getLong("file_count"), row.getLong("size_bytes"));
  }
}
