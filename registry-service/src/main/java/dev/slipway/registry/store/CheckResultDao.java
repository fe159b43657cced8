package dev.slipway.registry.store;

import java.util.List;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code check_result}. */
@RegisterConstructorMapper(CheckResultDao.ResultRow.class)
public interface CheckResultDao {
  /** Is a row: a verdict as JSON, and the roles of its reporter with commas between them. */
  record ResultRow(
      long modelId, long version, String checkName, String result, String reporterRoles) {}

  /** Lists the verdicts on a version. */
  @SqlQuery(
      """
      SELECT model_id, version, check_name, result, reporter_roles FROM check_result
      WHERE model_id = :modelId AND version = :version ORDER BY check_name
      """)
  List<ResultRow> list(@Bind("modelId") long modelId, @Bind("version") long version);

  /** Inserts a row. */
  @SqlUpdate(
      """
      INSERT INTO check_result (model_id, version, check_name, result, reporter_roles)
      VALUES (:modelId, :version, :checkName, :result, :reporterRoles)
      """)
  void insert(@BindMethods ResultRow row);

  /** Deletes a row, if it is there. */
  @SqlUpdate(
      """
      DELETE FROM check_result
      WHERE model_id = :modelId AND version = :version AND check_name = :checkName
      """)
  void delete(
      @Bind("modelId") long modelId,
      @Bind("version") long version,
      @Bind("checkName") String checkName);
}
