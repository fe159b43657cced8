package dev.slipway.registry.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code webhook_delivery}. */
@RegisterConstructorMapper(WebhookDeliveryDao.DeliveryRow.class)
@RegisterConstructorMapper(WebhookDeliveryDao.FirstPending.class)
public interface WebhookDeliveryDao {
  /** Is a row; attempts are JSON. Times are null as the state says. */
  record DeliveryRow(
      String webhookId,
      long revision,
      String entity,
      String action,
      String state,
      int tries,
      String attempts,
      Instant createdAt,
      Instant nextAttemptAt,
      Instant closedAt) {}

  /** Is the lowest revision that a webhook has yet to send. */
  record FirstPending(String webhookId, long revision) {}

  /**
   * Queues an event for every active webhook of some formats that is to be told of it and has it
   * not in its queue; returns how many.
   */
  @SqlUpdate(
      """
      INSERT INTO webhook_delivery (webhook_id, revision, entity, action, state, tries, attempts, created_at,
        next_attempt_at, closed_at)
      SELECT w.webhook_id, CAST(:revision AS BIGINT), CAST(:entity AS VARCHAR(32)), CAST(:action AS VARCHAR(16)),
        'PENDING', 0, '[]', CAST(:now AS TIMESTAMP WITH TIME ZONE), CAST(:now AS TIMESTAMP WITH TIME ZONE),
        CAST(NULL AS TIMESTAMP WITH TIME ZONE)
      FROM webhook w
      WHERE w.state = 'ACTIVE' AND w.format = ANY(:formats)
        AND EXISTS (SELECT 1 FROM webhook_event e WHERE e.webhook_id = w.webhook_id AND e.entity = :entity
          AND (e.action = '' OR e.action = :action))
        AND (NOT EXISTS (SELECT 1 FROM webhook_model m WHERE m.webhook_id = w.webhook_id)
          OR EXISTS (SELECT 1 FROM webhook_model m WHERE m.webhook_id = w.webhook_id AND m.model_name = :modelName))
        AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = w.webhook_id
          AND d.revision = :revision)
      """)
  int queue(
      @Bind("revision") long revision,
      @Bind("entity") String entity,
      @Bind("action") String action,
      @Bind("modelName") String modelName,
      @Bind("formats") String[] formats,
      @Bind("now") Instant now);

  /** Finds a row. */
  @SqlQuery(
      """
      SELECT webhook_id, revision, entity, action, state, tries, attempts, created_at, next_attempt_at, closed_at
      FROM webhook_delivery WHERE webhook_id = :webhookId AND revision = :revision
      """)
  Optional<DeliveryRow> find(@Bind("webhookId") String webhookId, @Bind("revision") long revision);

  /** Finds the row of the lowest revision that is due. */
  @SqlQuery(
      """
      SELECT webhook_id, revision, entity, action, state, tries, attempts, created_at, next_attempt_at, closed_at
      FROM webhook_delivery WHERE webhook_id = :webhookId AND state = 'PENDING' AND next_attempt_at <= :now
      ORDER BY revision FETCH FIRST 1 ROWS ONLY
      """)
  Optional<DeliveryRow> findDue(@Bind("webhookId") String webhookId, @Bind("now") Instant now);

  /** Writes how a row goes on. */
  @SqlUpdate(
      """
      UPDATE webhook_delivery SET state = :state, tries = :tries, attempts = :attempts,
        next_attempt_at = :nextAttemptAt, closed_at = :closedAt
      WHERE webhook_id = :webhookId AND revision = :revision
      """)
  void update(@BindMethods DeliveryRow row);

  /** Lists rows below a revision, newest first. */
  @SqlQuery(
      """
      SELECT webhook_id, revision, entity, action, state, tries, attempts, created_at, next_attempt_at, closed_at
      FROM webhook_delivery WHERE webhook_id = :webhookId AND revision < :below
      ORDER BY revision DESC FETCH FIRST :limit ROWS ONLY
      """)
  List<DeliveryRow> listBelow(
      @Bind("webhookId") String webhookId, @Bind("below") long below, @Bind("limit") int limit);

  /** Lists rows of a state below a revision, newest first. */
  @SqlQuery(
      """
      SELECT webhook_id, revision, entity, action, state, tries, attempts, created_at, next_attempt_at, closed_at
      FROM webhook_delivery WHERE webhook_id = :webhookId AND state = :state AND revision < :below
      ORDER BY revision DESC FETCH FIRST :limit ROWS ONLY
      """)
  List<DeliveryRow> listBelow(
      @Bind("webhookId") String webhookId,
      @Bind("state") String state,
      @Bind("below") long below,
      @Bind("limit") int limit);

  /** Lists the lowest pending revisions of those of some webhooks that have any. */
  @SqlQuery(
      """
      SELECT webhook_id, MIN(revision) AS revision FROM webhook_delivery
      WHERE webhook_id = ANY(:webhookIds) AND state = 'PENDING' GROUP BY webhook_id
      """)
  List<FirstPending> listFirstPending(@Bind("webhookIds") String[] webhookIds);

  /** Finds the lowest pending revision of all active webhooks. */
  @SqlQuery(
      """
      SELECT MIN(d.revision) FROM webhook w JOIN webhook_delivery d ON d.webhook_id = w.webhook_id
      WHERE w.state = 'ACTIVE' AND d.state = 'PENDING'
      """)
  Optional<Long> findFirstPending();

  /** Deletes rows of a state that were closed before a time, at most so many; returns how many. */
  @SqlUpdate(
      """
      DELETE FROM webhook_delivery WHERE (webhook_id, revision) IN
        (SELECT webhook_id, revision FROM webhook_delivery WHERE state = :state AND closed_at < :before
          ORDER BY closed_at FETCH FIRST :limit ROWS ONLY)
      """)
  int deleteClosedBefore(
      @Bind("state") String state, @Bind("before") Instant before, @Bind("limit") int limit);
}
