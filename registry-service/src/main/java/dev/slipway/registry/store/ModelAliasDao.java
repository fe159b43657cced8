package dev.slipway.registry.store;

import java.util.List;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code model_alias}. */
@RegisterConstructorMapper(ModelAliasDao.AliasRow.class)
public interface ModelAliasDao {
  /** Is a row; an empty role means no protection. */
  record AliasRow(long modelId, String alias, long version, String protectedByRole) {}

  /** Lists the aliases of some models. */
  @SqlQuery(
      """
      SELECT model_id, alias, version, protected_by_role FROM model_alias
      WHERE model_id = ANY(:modelIds) ORDER BY model_id, alias
      """)
  List<AliasRow> list(@Bind("modelIds") Long[] modelIds);

  /** Inserts a row. */
  @SqlUpdate(
      """
      INSERT INTO model_alias (model_id, alias, version, protected_by_role)
      VALUES (:modelId, :alias, :version, :protectedByRole)
      """)
  void insert(@BindMethods AliasRow row);

  /** Deletes a row, if it is there. */
  @SqlUpdate("DELETE FROM model_alias WHERE model_id = :modelId AND alias = :alias")
  void delete(@Bind("modelId") long modelId, @Bind("alias") String alias);
}
