package dev.slipway.registry.rpc;

import static dev.slipway.registry.rpc.Failures.assertFails;
import static dev.slipway.registry.rpc.Failures.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.slipway.registry.v1.ApproveTransitionRequestRequest;
import dev.slipway.registry.v1.CancelTransitionRequestRequest;
import dev.slipway.registry.v1.Check;
import dev.slipway.registry.v1.CheckOutcome;
import dev.slipway.registry.v1.CheckReport;
import dev.slipway.registry.v1.CheckResult;
import dev.slipway.registry.v1.CheckTransitionRequest;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.CreateTransitionRequestRequest;
import dev.slipway.registry.v1.DeleteStagePolicyRequest;
import dev.slipway.registry.v1.ExternalCheck;
import dev.slipway.registry.v1.GetStagePolicyRequest;
import dev.slipway.registry.v1.GetTransitionRequestRequest;
import dev.slipway.registry.v1.GoldenRequestsCheck;
import dev.slipway.registry.v1.ListActivitiesRequest;
import dev.slipway.registry.v1.ListStagePoliciesRequest;
import dev.slipway.registry.v1.ListTransitionRequestsRequest;
import dev.slipway.registry.v1.RegistryEvent;
import dev.slipway.registry.v1.RegistryEventType;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.RejectTransitionRequestRequest;
import dev.slipway.registry.v1.ReportCheckRequest;
import dev.slipway.registry.v1.RollbackStageRequest;
import dev.slipway.registry.v1.RollbackStageResponse;
import dev.slipway.registry.v1.SetStagePolicyRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.StagePolicy;
import dev.slipway.registry.v1.TransitionRequest;
import dev.slipway.registry.v1.TransitionRequestState;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.registry.v1.TransitionStageResponse;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Policies, checks and transition requests as clients see them. */
final class StageGovernanceRpcTest {
  private static final Stage PRODUCTION = Stage.STAGE_PRODUCTION;
  private static final Check AUDIT =
      Check.newBuilder()
          .setName("audit")
          .setExternal(ExternalCheck.newBuilder().addReporterRoles("ci"))
          .build();

  @TempDir private Path folder;
  private RegistryFixture fixture;

  @RegisterExtension
  final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () -> {
            fixture = new RegistryFixture(folder);
            return fixture.openRegistry(List.of("admin"));
          });

  private RegistryServiceBlockingStub anna;
  private RegistryServiceBlockingStub admin;
  private RegistryServiceBlockingStub ben;
  private RegistryServiceBlockingStub ci;

  @BeforeEach
  void connect() {
    anna = as("anna", "");
    admin = as("anna", "admin");
    ben = as("ben", "review");
    ci = as("ci", "ci");
    var model =
        anna.createRegisteredModel(
            CreateRegisteredModelRequest.newBuilder().setName("digits").build());
    assertThat(model.getName()).isEqualTo("digits");
    assertThat(register()).isEqualTo(1);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void policy_isReadBackAsItWasSet() {
    StagePolicy wanted =
        StagePolicy.newBuilder()
            .setName("digits")
            .setStage(Stage.STAGE_STAGING)
            .addTransitionRoles("release")
            .addTransitionRoles("release")
            .setRequiredApprovals(2)
            .addApproverRoles("review")
            .setAllowSelfApproval(true)
            .addForceRoles("chief")
            .addChecks(AUDIT)
            .setRequestLifetime(Duration.newBuilder().setSeconds(60))
            .setAllowMultipleVersions(true)
            .build();

    StagePolicy set = set(wanted);

    assertThat(set.toBuilder().clearUpdateTime().clearUpdatedBy().clearRevision().build())
        .isEqualTo(wanted.toBuilder().clearTransitionRoles().addTransitionRoles("release").build());
    assertThat(set.getUpdatedBy()).isEqualTo("anna");
    assertThat(set.getRevision()).isEqualTo(3);
    assertThat(
            anna.getStagePolicy(
                GetStagePolicyRequest.newBuilder()
                    .setName("digits")
                    .setStage(Stage.STAGE_STAGING)
                    .build()))
        .isEqualTo(set);
    assertThat(
            anna.listStagePolicies(ListStagePoliciesRequest.getDefaultInstance()).getPoliciesList())
        .containsExactly(set);
    StagePolicy general = set(StagePolicy.newBuilder().setStage(PRODUCTION).build());
    assertThat(general.getRequestLifetime().getSeconds()).isEqualTo(7 * 86_400);
    var deleted =
        admin.deleteStagePolicy(DeleteStagePolicyRequest.newBuilder().setStage(PRODUCTION).build());
    assertThat(deleted).isNotNull();
    RegistryEvent last = lastEvent();
    assertThat(last.getType())
        .isEqualTo(RegistryEventType.REGISTRY_EVENT_TYPE_STAGE_POLICY_DELETED);
    assertThat(last.getName()).isEmpty();
    assertThat(last.getBefore().getStagePolicy()).isEqualTo(general);
  }

  @Test
  void transition_isRefusedWithTheVerdicts_andMadeOnceTheyPass() throws Exception {
    set(StagePolicy.newBuilder().setStage(PRODUCTION).addChecks(AUDIT).build());

    StatusRuntimeException refused =
        assertFails(this::promote, Status.Code.FAILED_PRECONDITION, "CHECKS_NOT_PASSED");
    CheckReport report = report(refused);
    assertThat(report.getPassed()).isFalse();
    assertThat(report.getResults(0).getCheckName()).isEqualTo("audit");
    assertThat(report.getResults(0).getOutcome()).isEqualTo(CheckOutcome.CHECK_OUTCOME_MISSING);
    assertThat(
            anna.checkTransition(
                    CheckTransitionRequest.newBuilder()
                        .setName("digits")
                        .setVersion(1)
                        .setStage(PRODUCTION)
                        .build())
                .getResultsList())
        .extracting(CheckResult::getOutcome)
        .containsExactly(CheckOutcome.CHECK_OUTCOME_MISSING);

    reportAudit();
    TransitionStageResponse moved = promote();

    assertThat(moved.getModelVersion().getStage()).isEqualTo(PRODUCTION);
    assertThat(moved.getCheckReport().getPassed()).isTrue();
    assertThat(moved.getCheckReport().getResults(0).getReportedBy()).isEqualTo("ci");
  }

  @Test
  void transition_thatRequiresChecks_isRefusedWithoutThem() {
    TransitionStageRequest unattended =
        TransitionStageRequest.newBuilder()
            .setName("digits")
            .setVersion(1)
            .setStage(PRODUCTION)
            .setRequireChecks(true)
            .build();
    assertFails(
        () -> anna.transitionStage(unattended), Status.Code.FAILED_PRECONDITION, "NO_CHECKS");
    set(StagePolicy.newBuilder().setStage(PRODUCTION).build());
    assertFails(
        () -> anna.transitionStage(unattended), Status.Code.FAILED_PRECONDITION, "NO_CHECKS");
    set(StagePolicy.newBuilder().setStage(PRODUCTION).addChecks(AUDIT).build());
    reportAudit();

    assertThat(anna.transitionStage(unattended).getModelVersion().getStage()).isEqualTo(PRODUCTION);
  }

  @Test
  void request_collectsApprovals_andTheLastMovesTheVersion() {
    set(
        StagePolicy.newBuilder()
            .setStage(PRODUCTION)
            .setRequiredApprovals(2)
            .addApproverRoles("review")
            .addChecks(AUDIT)
            .build());
    assertFails(this::promote, Status.Code.FAILED_PRECONDITION, "APPROVAL_REQUIRED");

    TransitionRequest made = request("once");
    assertThat(made.getState()).isEqualTo(TransitionRequestState.TRANSITION_REQUEST_STATE_OPEN);
    assertThat(made.getCheckReport().getPassed()).isFalse();
    assertThat(request("once")).isEqualTo(made);
    assertFails(() -> request("twice"), Status.Code.ALREADY_EXISTS, "TRANSITION_REQUEST_EXISTS");
    assertFails(() -> approve(anna, made), Status.Code.PERMISSION_DENIED, "ROLE_REQUIRED");
    assertFails(
        () -> approve(as("anna", "review"), made), Status.Code.PERMISSION_DENIED, "SELF_APPROVAL");
    assertThat(approve(ben, made).getDecisionsCount()).isEqualTo(1);
    RegistryServiceBlockingStub cara = as("cara", "review");
    assertFails(() -> approve(cara, made), Status.Code.FAILED_PRECONDITION, "CHECKS_NOT_PASSED");
    reportAudit();
    TransitionRequest done = approve(cara, made);

    assertThat(done.getState()).isEqualTo(TransitionRequestState.TRANSITION_REQUEST_STATE_EXECUTED);
    assertThat(done.getCheckReport().getPassed()).isTrue();
    assertThat(done.hasCloseTime()).isTrue();
    assertThat(get(made.getTransitionRequestId())).isEqualTo(done);
    assertThat(
            anna.listTransitionRequests(
                    ListTransitionRequestsRequest.newBuilder()
                        .setName("digits")
                        .setState(TransitionRequestState.TRANSITION_REQUEST_STATE_EXECUTED)
                        .build())
                .getTransitionRequestsList())
        .containsExactly(done);
    RegistryEvent last = lastEvent();
    assertThat(last.getType()).isEqualTo(RegistryEventType.REGISTRY_EVENT_TYPE_STAGE_TRANSITIONED);
    assertThat(last.getActor()).isEqualTo("cara");
    assertThat(last.getAlsoChanged(0).getAfter().getTransitionRequest()).isEqualTo(done);
  }

  @Test
  void request_isRejectedWithAReason_andCancelledByItsMakerAlone() {
    TransitionRequest first = request("");
    assertInvalid(() -> reject(ben, first, ""), "comment");
    TransitionRequest rejected = reject(ben, first, "not today");
    assertThat(rejected.getDecisions(0).getComment()).isEqualTo("not today");
    assertThat(rejected.getDecisions(0).getApproved()).isFalse();
    TransitionRequest second = request("");

    assertFails(() -> cancel(ben, second), Status.Code.PERMISSION_DENIED, "NOT_THE_REQUESTER");
    assertThat(cancel(anna, second).getState())
        .isEqualTo(TransitionRequestState.TRANSITION_REQUEST_STATE_CANCELLED);
    assertFails(
        () -> cancel(anna, second), Status.Code.FAILED_PRECONDITION, "TRANSITION_REQUEST_CLOSED");
    assertFails(() -> get("0".repeat(32)), Status.Code.NOT_FOUND, "TRANSITION_REQUEST_NOT_FOUND");
  }

  @Test
  void policies_areChangedByThePolicyRolesAlone() {
    StagePolicy policy = StagePolicy.newBuilder().setStage(PRODUCTION).build();
    assertFails(() -> set(anna, policy), Status.Code.PERMISSION_DENIED, "ROLE_REQUIRED");
    StagePolicy kept = set(admin, policy);

    assertFails(
        () ->
            anna.deleteStagePolicy(
                DeleteStagePolicyRequest.newBuilder().setStage(PRODUCTION).build()),
        Status.Code.PERMISSION_DENIED,
        "ROLE_REQUIRED");
    assertThat(
            anna.listStagePolicies(ListStagePoliciesRequest.getDefaultInstance()).getPoliciesList())
        .containsExactly(kept);
  }

  @Test
  void force_takesItsRole_andIsSeenAmongTheActivities() {
    set(
        StagePolicy.newBuilder()
            .setStage(PRODUCTION)
            .setRequiredApprovals(1)
            .addForceRoles("chief")
            .addChecks(AUDIT)
            .build());
    assertFails(() -> force(anna), Status.Code.PERMISSION_DENIED, "ROLE_REQUIRED");

    TransitionStageResponse moved = force(as("chief", "chief"));

    assertThat(moved.getModelVersion().getStage()).isEqualTo(PRODUCTION);
    assertThat(moved.hasCheckReport()).isFalse();
    RegistryEvent event = lastEvent();
    assertThat(event.getActor()).isEqualTo("chief");
    assertThat(event.getForced()).isTrue();
    assertThat(event.getComment()).isEqualTo("it burns");
  }

  @Test
  void rollback_takesTheTransitionRole_andNoApprovals() {
    assertThat(promote().getModelVersion().getStage()).isEqualTo(PRODUCTION);
    long second = register();
    var replaced =
        anna.transitionStage(
            TransitionStageRequest.newBuilder()
                .setName("digits")
                .setVersion(second)
                .setStage(PRODUCTION)
                .setArchiveExistingVersions(true)
                .build());
    assertThat(replaced.getModelVersion().getVersion()).isEqualTo(second);
    set(
        StagePolicy.newBuilder()
            .setStage(PRODUCTION)
            .setRequiredApprovals(2)
            .addTransitionRoles("release")
            .build());
    assertFails(() -> rollBack(anna), Status.Code.PERMISSION_DENIED, "ROLE_REQUIRED");

    RollbackStageResponse back = rollBack(as("lead", "release"));

    assertThat(back.getModelVersion().getVersion()).isEqualTo(1);
    assertThat(back.getModelVersion().getStage()).isEqualTo(PRODUCTION);
  }

  @Test
  void staging_hasRoomForThirtyTwo_andKeepsItsPolicyWhileSeveralAreThere() {
    StagePolicy exclusive = StagePolicy.newBuilder().setStage(Stage.STAGE_STAGING).build();
    set(exclusive.toBuilder().setAllowMultipleVersions(true).build());
    assertThat(stage(1).getModelVersion().getStage()).isEqualTo(Stage.STAGE_STAGING);
    for (int more = 2; more <= 32; more++) {
      assertThat(stage(register()).getArchivedVersionsCount()).isZero();
    }
    long last = register();

    assertFails(() -> stage(last), Status.Code.RESOURCE_EXHAUSTED, "TOO_MANY_VERSIONS");
    assertFails(() -> set(exclusive), Status.Code.FAILED_PRECONDITION, "STAGE_OCCUPIED");
  }

  @Test
  void badInput_isRefusedWithEveryField() {
    assertInvalid(
        () ->
            set(
                StagePolicy.newBuilder()
                    .setName("a/b")
                    .addTransitionRoles("not a role")
                    .setRequiredApprovals(17)
                    .addApproverRoles("")
                    .addForceRoles("ok")
                    .addChecks(Check.newBuilder().setName("audit"))
                    .setRequestLifetime(Duration.newBuilder().setSeconds(59))
                    .build()),
        "policy.name",
        "policy.stage",
        "policy.transition_roles[0]",
        "policy.required_approvals",
        "policy.approver_roles[0]",
        "policy.checks[0].condition",
        "policy.request_lifetime");
    assertInvalid(
        () ->
            set(
                StagePolicy.newBuilder()
                    .setStage(PRODUCTION)
                    .setAllowMultipleVersions(true)
                    .setRequestLifetime(Duration.newBuilder().setSeconds(Long.MAX_VALUE))
                    .build()),
        "policy.allow_multiple_versions",
        "policy.request_lifetime");
    assertInvalid(
        () ->
            anna.createTransitionRequest(
                CreateTransitionRequestRequest.newBuilder()
                    .setName("")
                    .setStage(Stage.STAGE_ARCHIVED)
                    .setArchiveExistingVersions(true)
                    .setComment("x".repeat(2001))
                    .setRequestId("not ok")
                    .build()),
        "name",
        "version",
        "archive_existing_versions",
        "comment",
        "request_id");
    assertInvalid(() -> get("x"), "transition_request_id");
    assertInvalid(
        () ->
            anna.listTransitionRequests(
                ListTransitionRequestsRequest.newBuilder()
                    .setVersion(1)
                    .setStateValue(99)
                    .setRequestedBy("\u00e4")
                    .setPageSize(-1)
                    .build()),
        "name",
        "state",
        "requested_by",
        "page_size");
    assertInvalid(
        () -> anna.checkTransition(CheckTransitionRequest.getDefaultInstance()),
        "name",
        "version",
        "stage");
  }

  @Test
  void move_isNotMade_whileAServiceThatChecksAskIsAway() {
    set(
        StagePolicy.newBuilder()
            .setStage(PRODUCTION)
            .addChecks(
                Check.newBuilder()
                    .setName("golden")
                    .setGoldenRequests(GoldenRequestsCheck.getDefaultInstance()))
            .build());
    fixture.uploadPackage("1/run/model");
    var packaged =
        anna.createModelVersion(
            CreateModelVersionRequest.newBuilder()
                .setName("digits")
                .setSource("mlflow-artifacts:/1/run/model")
                .build());
    fixture.stopUpstream();

    assertFails(
        () -> promote(packaged.getVersion()),
        Status.Code.UNAVAILABLE,
        "SERVING_SERVICE_UNAVAILABLE");
    assertThat(
            anna.checkTransition(
                    CheckTransitionRequest.newBuilder()
                        .setName("digits")
                        .setVersion(packaged.getVersion())
                        .setStage(PRODUCTION)
                        .build())
                .getResults(0)
                .getOutcome())
        .isEqualTo(CheckOutcome.CHECK_OUTCOME_ERROR);
  }

  private StagePolicy set(StagePolicy policy) {
    return set(admin, policy);
  }

  private static StagePolicy set(RegistryServiceBlockingStub who, StagePolicy policy) {
    return who.setStagePolicy(SetStagePolicyRequest.newBuilder().setPolicy(policy).build());
  }

  private long register() {
    return anna.createModelVersion(
            CreateModelVersionRequest.newBuilder()
                .setName("digits")
                .setSource("s3://elsewhere/model")
                .setAllowMissingModelFile(true)
                .build())
        .getVersion();
  }

  private TransitionStageResponse stage(long version) {
    return anna.transitionStage(
        TransitionStageRequest.newBuilder()
            .setName("digits")
            .setVersion(version)
            .setStage(Stage.STAGE_STAGING)
            .build());
  }

  private static TransitionStageResponse force(RegistryServiceBlockingStub who) {
    return who.transitionStage(
        TransitionStageRequest.newBuilder()
            .setName("digits")
            .setVersion(1)
            .setStage(PRODUCTION)
            .setForce(true)
            .setComment("it burns")
            .build());
  }

  private static RollbackStageResponse rollBack(RegistryServiceBlockingStub who) {
    return who.rollbackStage(
        RollbackStageRequest.newBuilder().setName("digits").setStage(PRODUCTION).build());
  }

  private RegistryEvent lastEvent() {
    return anna.listActivities(ListActivitiesRequest.newBuilder().setPageSize(1).build())
        .getEvents(0);
  }

  private TransitionStageResponse promote() {
    return promote(1);
  }

  private TransitionStageResponse promote(long version) {
    return anna.transitionStage(
        TransitionStageRequest.newBuilder()
            .setName("digits")
            .setVersion(version)
            .setStage(PRODUCTION)
            .build());
  }

  private void reportAudit() {
    CheckResult reported =
        ci.reportCheck(
            ReportCheckRequest.newBuilder()
                .setName("digits")
                .setVersion(1)
                .setCheckName("audit")
                .setOutcome(CheckOutcome.CHECK_OUTCOME_PASSED)
                .build());
    assertThat(reported.getReportedBy()).isEqualTo("ci");
  }

  private TransitionRequest request(String requestId) {
    return anna.createTransitionRequest(
        CreateTransitionRequestRequest.newBuilder()
            .setName("digits")
            .setVersion(1)
            .setStage(PRODUCTION)
            .setRequestId(requestId)
            .build());
  }

  private TransitionRequest get(String id) {
    return anna.getTransitionRequest(
        GetTransitionRequestRequest.newBuilder().setTransitionRequestId(id).build());
  }

  private static TransitionRequest approve(
      RegistryServiceBlockingStub who, TransitionRequest request) {
    return who.approveTransitionRequest(
        ApproveTransitionRequestRequest.newBuilder()
            .setTransitionRequestId(request.getTransitionRequestId())
            .build());
  }

  private static TransitionRequest reject(
      RegistryServiceBlockingStub who, TransitionRequest request, String comment) {
    return who.rejectTransitionRequest(
        RejectTransitionRequestRequest.newBuilder()
            .setTransitionRequestId(request.getTransitionRequestId())
            .setComment(comment)
            .build());
  }

  private static TransitionRequest cancel(
      RegistryServiceBlockingStub who, TransitionRequest request) {
    return who.cancelTransitionRequest(
        CancelTransitionRequestRequest.newBuilder()
            .setTransitionRequestId(request.getTransitionRequestId())
            .build());
  }

  private static CheckReport report(StatusRuntimeException failure)
      throws InvalidProtocolBufferException {
    for (Any detail : StatusProto.fromThrowable(failure).getDetailsList()) {
      if (detail.is(CheckReport.class)) {
        return detail.unpack(CheckReport.class);
      }
    }
    throw new AssertionError("the status carries no report");
  }

  private RegistryServiceBlockingStub as(String actor, String roles) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("slipway-actor", Metadata.ASCII_STRING_MARSHALLER), actor);
    headers.put(Metadata.Key.of("slipway-roles", Metadata.ASCII_STRING_MARSHALLER), roles);
    return RegistryServiceGrpc.newBlockingStub(server.channel())
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }
}
