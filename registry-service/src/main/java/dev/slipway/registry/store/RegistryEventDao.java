package dev.slipway.registry.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Appends to and reads {@code registry_event}. */
@RegisterConstructorMapper(RegistryEventDao.EventRow.class)
public interface RegistryEventDao {
  /** Is a row; states are JSON texts, null when absent; model null and version 0 are none. */
  record EventRow(
      long revision,
      Instant eventTime,
      String actor,
      String eventType,
      Long modelId,
      String name,
      long version,
      String beforeState,
      String afterState,
      String alsoChanged,
      String eventComment,
      boolean forced) {}

  /** Appends a row. */
  @SqlUpdate(
      """
      INSERT INTO registry_event (revision, event_time, actor, event_type, model_id, name, version, before_state,
        after_state, also_changed, event_comment, forced)
      VALUES (:revision, :eventTime, :actor, :eventType, :modelId, :name, :version, :beforeState,
        :afterState, :alsoChanged, :eventComment, :forced)
      """)
  void insert(@BindMethods EventRow row);

  /** Finds a row. */
  @SqlQuery(
      """
      SELECT revision, event_time, actor, event_type, model_id, name, version, before_state, after_state,
        also_changed, event_comment, forced
      FROM registry_event WHERE revision = :revision
      """)
  Optional<EventRow> find(@Bind("revision") long revision);

  /** Lists rows after a revision, oldest first. */
  @SqlQuery(
      """
      SELECT revision, event_time, actor, event_type, model_id, name, version, before_state, after_state,
        also_changed, event_comment, forced
      FROM registry_event WHERE revision > :after ORDER BY revision FETCH FIRST :limit ROWS ONLY
      """)
  List<EventRow> listAfter(@Bind("after") long after, @Bind("limit") int limit);

  /** Finds the model that had a name last when it was deleted. */
  @SqlQuery(
      """
      SELECT model_id FROM registry_event
      WHERE name = :name AND event_type = 'REGISTERED_MODEL_DELETED'
      ORDER BY revision DESC FETCH FIRST 1 ROWS ONLY
      """)
  Optional<Long> findDeletedModel(@Bind("name") String name);
}
