package dev.slipway.registry.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code transition_request} and {@code transition_decision}. */
@RegisterConstructorMapper(TransitionRequestDao.RequestRow.class)
@RegisterConstructorMapper(TransitionRequestDao.DecisionRow.class)
@RegisterConstructorMapper(TransitionRequestDao.DueRow.class)
public interface TransitionRequestDao {
  /** Reads whole rows with the names of their models; what follows says which. */
  String SELECT =
      """
      SELECT r.transition_request_id, r.model_id, m.name, r.version, r.from_stage, r.to_stage, r.archive_existing,
        r.request_comment, r.state, r.is_open, r.requested_by, r.created_at, r.expires_at, r.closed_at,
        r.required_approvals, r.check_report, r.created_revision, r.revision, r.request_id, r.fingerprint
      FROM transition_request r JOIN registered_model m ON m.model_id = r.model_id
      """;

  /** Is a row; open is true or null; null are also what is absent. */
  record RequestRow(
      String transitionRequestId,
      long modelId,
      String name,
      long version,
      String fromStage,
      String toStage,
      boolean archiveExisting,
      String requestComment,
      String state,
      Boolean isOpen,
      String requestedBy,
      Instant createdAt,
      Instant expiresAt,
      Instant closedAt,
      int requiredApprovals,
      String checkReport,
      long createdRevision,
      long revision,
      String requestId,
      String fingerprint) {}

  /** Is a row; roles are separated by commas. */
  record DecisionRow(
      String transitionRequestId,
      String actor,
      String roles,
      boolean approved,
      String decisionComment,
      Instant decidedAt,
      long revision) {}

  /** Is a row by the order in which requests expire. */
  record DueRow(Instant expiresAt, String transitionRequestId) {
    /** Is before every row. */
    static final DueRow FIRST = new DueRow(Instant.EPOCH, "");
  }

  /** Inserts a row. */
  @SqlUpdate(
      """
      INSERT INTO transition_request (transition_request_id, model_id, version, from_stage, to_stage, archive_existing,
        request_comment, state, is_open, requested_by, created_at, expires_at, closed_at, required_approvals,
        check_report, created_revision, revision, request_id, fingerprint)
      VALUES (:transitionRequestId, :modelId, :version, :fromStage, :toStage, :archiveExisting,
        :requestComment, :state, :isOpen, :requestedBy, :createdAt, :expiresAt, :closedAt, :requiredApprovals,
        :checkReport, :createdRevision, :revision, :requestId, :fingerprint)
      """)
  void insert(@BindMethods RequestRow row);

  /** Finds a row. */
  @SqlQuery(SELECT + "WHERE r.transition_request_id = :id")
  Optional<RequestRow> find(@Bind("id") String id);

  /** Finds the row that a call with a request id made. */
  @SqlQuery(SELECT + "WHERE r.request_id = :requestId")
  Optional<RequestRow> findByRequestId(@Bind("requestId") String requestId);

  /** Finds the open request for a version and a stage. */
  @SqlQuery(
      SELECT
          + """
          WHERE r.model_id = :modelId AND r.version = :version AND r.to_stage = :toStage AND r.is_open
          """)
  Optional<RequestRow> findOpen(
      @Bind("modelId") long modelId,
      @Bind("version") long version,
      @Bind("toStage") String toStage);

  /** Lists the open requests of a version, oldest first. */
  @SqlQuery(
      SELECT
          + """
          WHERE r.model_id = :modelId AND r.version = :version AND r.is_open ORDER BY r.created_revision
          """)
  List<RequestRow> listOpen(@Bind("modelId") long modelId, @Bind("version") long version);

  /** Lists the open requests of all versions of a model, newest first. */
  @SqlQuery(
      SELECT
          + """
          WHERE r.model_id = :modelId AND r.is_open ORDER BY r.created_revision DESC FETCH FIRST :limit ROWS ONLY
          """)
  List<RequestRow> listOpenOfModel(@Bind("modelId") long modelId, @Bind("limit") int limit);

  /** Lists open requests whose time is up, those that are so longest first, from behind one on. */
  @SqlQuery(
      """
      SELECT transition_request_id, expires_at FROM transition_request
      WHERE is_open AND expires_at <= :now AND (expires_at, transition_request_id) > (:expiresAt, :transitionRequestId)
      ORDER BY expires_at, transition_request_id FETCH FIRST :limit ROWS ONLY
      """)
  List<DueRow> listDue(
      @Bind("now") Instant now, @BindMethods DueRow behind, @Bind("limit") int limit);

  /** Changes what decisions change. */
  @SqlUpdate(
      """
      UPDATE transition_request SET state = :state, is_open = :isOpen, closed_at = :closedAt,
        required_approvals = :requiredApprovals, check_report = :checkReport, revision = :revision
      WHERE transition_request_id = :transitionRequestId
      """)
  void update(@BindMethods RequestRow row);

  /** Lists the decisions on some requests, in the order of arrival. */
  @SqlQuery(
      """
      SELECT transition_request_id, actor, roles, approved, decision_comment, decided_at, revision
      FROM transition_decision WHERE transition_request_id = ANY(:ids) ORDER BY revision
      """)
  List<DecisionRow> listDecisions(@Bind("ids") String[] ids);

  /** Inserts a decision. */
  @SqlUpdate(
      """
      INSERT INTO transition_decision (transition_request_id, actor, roles, approved, decision_comment, decided_at,
        revision)
      VALUES (:transitionRequestId, :actor, :roles, :approved, :decisionComment, :decidedAt, :revision)
      """)
  void insertDecision(@BindMethods DecisionRow row);

  /** Deletes the decision of somebody, if there is one. */
  @SqlUpdate("DELETE FROM transition_decision WHERE transition_request_id = :id AND actor = :actor")
  void deleteDecision(@Bind("id") String id, @Bind("actor") String actor);
}
