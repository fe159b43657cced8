package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Artifact;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Directory;
import dev.slipway.artifact.content.Entry;
import dev.slipway.artifact.content.Sha256;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * Is a row of the tree.
 *
 * @param entry what lies there
 * @param uploadId name of the upload that put it there, where it had one
 */
record EntryRow(Entry entry, Optional<String> uploadId) {
  static final int DIRECTORY = 1;
  static final int FILE = 2;

  /** Reads the columns that {@link EntryDao#COLUMNS} names. */
  public static final class Mapper implements RowMapper<EntryRow> {
    @Override
    public EntryRow map(ResultSet row, StatementContext context) throws SQLException {
      ArtifactPath path = path(row);
      if (row.getInt("kind") == DIRECTORY) {
        return new EntryRow(new Directory(path), Optional.empty());
      }
      Artifact artifact =
          new Artifact(
              path,
              row.getLong("size_bytes"),
              new Sha256(row.getString("sha256")),
              row.getString("content_type"),
              row.getObject("create_time", OffsetDateTime.class).toInstant(),
              row.getObject("update_time", OffsetDateTime.class).toInstant());
      return new EntryRow(artifact, Optional.ofNullable(row.getString("upload_id")));
    }
  }

  static ArtifactPath path(ResultSet row) throws SQLException {
    return new ArtifactPath(new String(row.getBytes("path"), StandardCharsets.UTF_8));
  }
}
