package dev.slipway.registry.store;

import java.time.Instant;
import java.util.List;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code webhook_turn}. */
public interface WebhookTurnDao {
  /** Inserts a row without a lease. */
  @SqlUpdate(
      """
      INSERT INTO webhook_turn (webhook_id, lease, leased_until, last_turn_at, failing)
      VALUES (:webhookId, '', :now, :now, FALSE)
      """)
  void insert(@Bind("webhookId") String webhookId, @Bind("now") Instant now);

  /** Deletes a row. */
  @SqlUpdate("DELETE FROM webhook_turn WHERE webhook_id = :webhookId")
  void delete(@Bind("webhookId") String webhookId);

  /**
   * Lists active webhooks that have something due and no sender, those first that waited longest.
   */
  @SqlQuery(
      """
      SELECT t.webhook_id FROM webhook_turn t
      WHERE t.failing = :failing AND t.leased_until <= :now
        AND EXISTS (SELECT 1 FROM webhook w WHERE w.webhook_id = t.webhook_id AND w.state = 'ACTIVE')
        AND EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = t.webhook_id AND d.state = 'PENDING'
          AND d.next_attempt_at <= :now)
      ORDER BY t.last_turn_at, t.webhook_id FETCH FIRST :limit ROWS ONLY
      """)
  List<String> listDue(
      @Bind("failing") boolean failing, @Bind("now") Instant now, @Bind("limit") int limit);

  /** Locks those of some rows that have no lease and are not locked by others. */
  @SqlQuery(
      """
      SELECT webhook_id FROM webhook_turn WHERE webhook_id = ANY(:webhookIds) AND leased_until <= :now
      FOR UPDATE SKIP LOCKED
      """)
  List<String> lockFree(@Bind("webhookIds") String[] webhookIds, @Bind("now") Instant now);

  /** Returns whether a lease is still there, and does not end until after a time. */
  @SqlQuery(
      """
      SELECT COUNT(*) > 0 FROM webhook_turn
      WHERE webhook_id = :webhookId AND lease = :lease AND leased_until > :until
      """)
  boolean holds(
      @Bind("webhookId") String webhookId,
      @Bind("lease") String lease,
      @Bind("until") Instant until);

  /** Begins a lease. */
  @SqlUpdate(
      """
      UPDATE webhook_turn SET lease = :lease, leased_until = :until, last_turn_at = :now
      WHERE webhook_id = :webhookId
      """)
  void begin(
      @Bind("webhookId") String webhookId,
      @Bind("lease") String lease,
      @Bind("until") Instant until,
      @Bind("now") Instant now);

  /** Prolongs a lease; returns 0 when another sender has taken over. */
  @SqlUpdate(
      """
      UPDATE webhook_turn SET leased_until = :until, failing = :failing
      WHERE webhook_id = :webhookId AND lease = :lease
      """)
  int prolong(
      @Bind("webhookId") String webhookId,
      @Bind("lease") String lease,
      @Bind("until") Instant until,
      @Bind("failing") boolean failing);

  /** Ends a lease, if it is still there. */
  @SqlUpdate(
      """
      UPDATE webhook_turn SET lease = '', leased_until = :now
      WHERE webhook_id = :webhookId AND lease = :lease
      """)
  void end(
      @Bind("webhookId") String webhookId, @Bind("lease") String lease, @Bind("now") Instant now);
}
