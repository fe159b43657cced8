package dev.slipway.registry.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlBatch;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code webhook}, {@code webhook_event} and {@code webhook_model}. */
@RegisterConstructorMapper(WebhookDao.WebhookRow.class)
@RegisterConstructorMapper(WebhookDao.EventRow.class)
@RegisterConstructorMapper(WebhookDao.ModelRow.class)
public interface WebhookDao {
  /** Is a row of {@code webhook}. */
  record WebhookRow(
      String webhookId,
      long createdRevision,
      String name,
      String description,
      String url,
      String format,
      String secret,
      String state,
      long timeoutMillis,
      int maxAttempts,
      Instant createdAt,
      String createdBy,
      Instant updatedAt,
      String updatedBy,
      long revision) {
    @Override
    public String toString() {
      return "WebhookRow[" + webhookId + "]";
    }
  }

  /** Is a row of {@code webhook_event}; an empty action is every action. */
  record EventRow(String webhookId, int place, String entity, String action) {}

  /** Is a row of {@code webhook_model}. */
  record ModelRow(String webhookId, String modelName) {}

  /** Counts the webhooks. */
  @SqlQuery("SELECT COUNT(*) FROM webhook")
  long count();

  /** Inserts a row. */
  @SqlUpdate(
      """
      INSERT INTO webhook (webhook_id, created_revision, name, description, url, format, secret, state,
        timeout_millis, max_attempts, created_at, created_by, updated_at, updated_by, revision)
      VALUES (:webhookId, :createdRevision, :name, :description, :url, :format, :secret, :state,
        :timeoutMillis, :maxAttempts, :createdAt, :createdBy, :updatedAt, :updatedBy, :revision)
      """)
  void insert(@BindMethods WebhookRow row);

  /** Changes all of a row that can change. */
  @SqlUpdate(
      """
      UPDATE webhook SET name = :name, description = :description, url = :url, secret = :secret, state = :state,
        timeout_millis = :timeoutMillis, max_attempts = :maxAttempts, updated_at = :updatedAt,
        updated_by = :updatedBy, revision = :revision
      WHERE webhook_id = :webhookId
      """)
  void update(@BindMethods WebhookRow row);

  /** Deletes a webhook with what belongs to it. */
  @SqlUpdate("DELETE FROM webhook WHERE webhook_id = :webhookId")
  void delete(@Bind("webhookId") String webhookId);

  /** Finds a row. */
  @SqlQuery(
      """
      SELECT webhook_id, created_revision, name, description, url, format, secret, state,
        timeout_millis, max_attempts, created_at, created_by, updated_at, updated_by, revision
      FROM webhook WHERE webhook_id = :webhookId
      """)
  Optional<WebhookRow> find(@Bind("webhookId") String webhookId);

  /** Finds the row of a name. */
  @SqlQuery(
      """
      SELECT webhook_id, created_revision, name, description, url, format, secret, state,
        timeout_millis, max_attempts, created_at, created_by, updated_at, updated_by, revision
      FROM webhook WHERE name = :name
      """)
  Optional<WebhookRow> findByName(@Bind("name") String name);

  /** Finds the row that a command created. */
  @SqlQuery(
      """
      SELECT webhook_id, created_revision, name, description, url, format, secret, state,
        timeout_millis, max_attempts, created_at, created_by, updated_at, updated_by, revision
      FROM webhook WHERE created_revision = :revision
      """)
  Optional<WebhookRow> findByCreation(@Bind("revision") long revision);

  /** Lists rows whose names come after one, by name. */
  @SqlQuery(
      """
      SELECT webhook_id, created_revision, name, description, url, format, secret, state,
        timeout_millis, max_attempts, created_at, created_by, updated_at, updated_by, revision
      FROM webhook WHERE name > :after ORDER BY name FETCH FIRST :limit ROWS ONLY
      """)
  List<WebhookRow> listAfter(@Bind("after") String after, @Bind("limit") int limit);

  /** Inserts the kinds of events of a webhook. */
  @SqlBatch(
      """
      INSERT INTO webhook_event (webhook_id, place, entity, action)
      VALUES (:webhookId, :place, :entity, :action)
      """)
  void insertEvents(@BindMethods List<EventRow> rows);

  /** Deletes the kinds of events of a webhook. */
  @SqlUpdate("DELETE FROM webhook_event WHERE webhook_id = :webhookId")
  void deleteEvents(@Bind("webhookId") String webhookId);

  /** Lists the kinds of events of some webhooks, those of each in their order. */
  @SqlQuery(
      """
      SELECT webhook_id, place, entity, action FROM webhook_event
      WHERE webhook_id = ANY(:webhookIds) ORDER BY webhook_id, place
      """)
  List<EventRow> listEvents(@Bind("webhookIds") String[] webhookIds);

  /** Inserts the models of a webhook. */
  @SqlBatch("INSERT INTO webhook_model (webhook_id, model_name) VALUES (:webhookId, :modelName)")
  void insertModels(@BindMethods List<ModelRow> rows);

  /** Deletes the models of a webhook. */
  @SqlUpdate("DELETE FROM webhook_model WHERE webhook_id = :webhookId")
  void deleteModels(@Bind("webhookId") String webhookId);

  /** Lists the models of some webhooks, those of each by name. */
  @SqlQuery(
      """
      SELECT webhook_id, model_name FROM webhook_model
      WHERE webhook_id = ANY(:webhookIds) ORDER BY webhook_id, model_name
      """)
  List<ModelRow> listModels(@Bind("webhookIds") String[] webhookIds);

  /** Takes a name away from webhooks that have another one too. */
  @SqlUpdate(
      """
      DELETE FROM webhook_model WHERE model_name = :name AND webhook_id IN
        (SELECT webhook_id FROM webhook_model WHERE model_name = :other)
      """)
  void deleteModelBeside(@Bind("name") String name, @Bind("other") String other);

  /** Gives a model another name in all webhooks; none may have the new one yet beside the old. */
  @SqlUpdate("UPDATE webhook_model SET model_name = :newName WHERE model_name = :name")
  void renameModel(@Bind("name") String name, @Bind("newName") String newName);
}
