package dev.slipway.artifact.store;

import dev.slipway.artifact.asset.Asset;
import dev.slipway.artifact.asset.AssetName;
import dev.slipway.artifact.asset.AssetNotes;
import dev.slipway.artifact.asset.AssetVersion;
import dev.slipway.artifact.asset.VersionNumber;
import dev.slipway.artifact.asset.VersioningScheme;
import dev.slipway.artifact.content.Sha256;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;

/** Is the rows of assets as the database has them. Stateless. */
public final class AssetRows {
  private static final int MAJOR_MINOR = 1;
  private static final int DATE = 2;

  private AssetRows() {}

  static int code(VersioningScheme scheme) {
    return scheme == VersioningScheme.DATE ? DATE : MAJOR_MINOR;
  }

  static VersionNumber number(int scheme, long major, long minor) {
    return new VersionNumber(
        scheme == DATE ? VersioningScheme.DATE : VersioningScheme.MAJOR_MINOR, major, minor);
  }

  private static AssetName name(byte[] utf8) {
    return new AssetName(new String(utf8, StandardCharsets.UTF_8));
  }

  /** Is a row of {@code asset}. */
  @SuppressWarnings("ArrayRecordComponent") // Rows are not compared.
  public record AssetRow(
      byte[] name,
      int scheme,
      String description,
      long latestMajor,
      long latestMinor,
      long versionCount,
      OffsetDateTime createTime,
      OffsetDateTime updateTime) {
    VersionNumber latest() {
      return number(scheme, latestMajor, latestMinor);
    }

    Asset asset() {
      return new Asset(
          AssetRows.name(name),
          description,
          latest(),
          versionCount,
          createTime.toInstant(),
          updateTime.toInstant());
    }
  }

  /** Is a row of {@code asset_metadata}, but for the name. */
  public record FactRow(long major, long minor, String metadataKey, String metadataValue) {}

  /**
   * Is a row of {@code asset_version} with what belongs to it.
   *
   * @param version the version, yet without its facts
   * @param textBytes size of what was said about it
   * @param fingerprint digest of the call that pushed it, where it had an id
   */
  public record VersionRow(AssetVersion version, int textBytes, Optional<String> fingerprint) {}

  /** Reads a {@link VersionRow}. */
  public static final class VersionMapper implements RowMapper<VersionRow> {
    @Override
    public VersionRow map(ResultSet row, StatementContext context) throws SQLException {
      AssetVersion version =
          new AssetVersion(
              name(row.getBytes("name")),
              number(row.getInt("scheme"), row.getLong("major"), row.getLong("minor")),
              new Sha256(row.getString("digest")),
              row.getBoolean("is_directory"),
              row.getLong("size_bytes"),
              row.getLong("file_count"),
              AssetNotes.of(row.getString("author"), row.getString("description"), Map.of()),
              row.getObject("create_time", OffsetDateTime.class).toInstant());
      return new VersionRow(
          version,
          row.getInt("text_bytes"),
          Optional.ofNullable(row.getString("request_fingerprint")));
    }
  }
}
