package dev.slipway.cli.registry;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.slipway.registry.v1.ApproveTransitionRequestRequest;
import dev.slipway.registry.v1.CheckComparison;
import dev.slipway.registry.v1.CheckOutcome;
import dev.slipway.registry.v1.CheckReport;
import dev.slipway.registry.v1.CheckResult;
import dev.slipway.registry.v1.CheckTransitionRequest;
import dev.slipway.registry.v1.CreateTransitionRequestRequest;
import dev.slipway.registry.v1.GetStagePolicyRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.ResolveVersionRequest;
import dev.slipway.registry.v1.ResolveVersionResponse;
import dev.slipway.registry.v1.SetStagePolicyRequest;
import dev.slipway.registry.v1.SignatureDiff;
import dev.slipway.registry.v1.SignatureDifference;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.StagePolicy;
import dev.slipway.registry.v1.TransitionDecision;
import dev.slipway.registry.v1.TransitionRequest;
import dev.slipway.registry.v1.TransitionRequestState;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.registry.v1.TransitionStageResponse;
import dev.slipway.runtime.config.Commands;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What commands ask of a registry that guards its stages, and how they tell its answers. */
class GatedCommandsTest {
  private static final String ID = "0123456789abcdef0123456789abcdef";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final GuardedRegistry registry = new GuardedRegistry();
  private Server server;

  @BeforeEach
  void start() throws IOException {
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(registry)
            .build()
            .start();
  }

  @AfterEach
  void stop() {
    server.shutdownNow();
  }

  private int models(String... args) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Commands.of(
            new ModelsCommand(), Map.of("SLIPWAY_SERVER", "127.0.0.1:" + server.getPort()))
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }

  @Test
  void promote_checksDoNotPass_saysWhatTheyCompared() {
    registry.refusal = refusal("CHECKS_NOT_PASSED", shortened(report(false)));
    registry.report = report(false);

    assertThat(models("promote", "digits")).isEqualTo(1);

    assertThat(out.toString())
        .isEqualTo(
            """
            digits/3: not all checks passed
              failed   quality against version 2: not good enough
                       - val_accuracy: 0.942, asked for >= 0.95
                       inputs[age] type narrowed: long -> integer (not backward compatible)
                       and 12 more
            """);
    assertThat(err.toString()).contains("reason: CHECKS_NOT_PASSED");
    assertThat(registry.moved)
        .isEqualTo(
            TransitionStageRequest.newBuilder()
                .setName("digits")
                .setVersion(3)
                .setStage(Stage.STAGE_PRODUCTION)
                .setArchiveExistingVersions(true)
                .setExpectedCurrentStage(Stage.STAGE_STAGING)
                .build());
  }

  @Test
  void promote_checksPassByNow_saysWhatRefusedIt() {
    registry.refusal = refusal("CHECKS_NOT_PASSED", shortened(report(false)));
    registry.report = report(true);

    assertThat(models("promote", "digits/3")).isEqualTo(1);

    assertThat(out.toString())
        .isEqualTo(
            """
            digits/3: not all checks passed
              failed   quality against version 2: not good enough
            """);
  }

  @Test
  void promote_needsApproval_saysHowToAskForIt() {
    registry.refusal = refusal("APPROVAL_REQUIRED", Any.getDefaultInstance());

    assertThat(models("promote", "digits/3", "--to", "staging")).isEqualTo(1);

    assertThat(err.toString())
        .contains("reason: APPROVAL_REQUIRED")
        .endsWith("  ask for it: slipway models request digits/3 --to staging\n");
  }

  @Test
  void promote_auto_movesOnlyWhereChecksGuardTheStage() {
    registry.refusal = refusal("NO_CHECKS", Any.getDefaultInstance());

    assertThat(models("promote", "digits", "--auto")).isEqualTo(1);
    assertThat(err.toString()).contains("digits/3 stays in Staging: no check guards Production");
    assertThat(registry.moved.getRequireChecks()).isTrue();

    registry.refusal = null;

    assertThat(models("promote", "digits", "--auto")).as(err.toString()).isZero();
    assertThat(out.toString())
        .startsWith("digits/3: all checks passed\n")
        .endsWith("digits/3 is in Production.\ndigits/2 went to Archived.\n");

    registry.staged = false;

    assertThat(models("promote", "digits", "--auto")).isZero();
    assertThat(out.toString()).startsWith("No version is in Staging");
  }

  @Test
  void request_andApprove_tellWhereTheRequestStands() {
    assertThat(models("request", "digits/3", "--keep-existing", "--comment", "better"))
        .as(err.toString())
        .isZero();

    assertThat(registry.requested)
        .isEqualTo(
            CreateTransitionRequestRequest.newBuilder()
                .setName("digits")
                .setVersion(3)
                .setStage(Stage.STAGE_PRODUCTION)
                .setComment("better")
                .build());
    assertThat(out.toString())
        .isEqualTo(
            """
            Request %s: digits/3 from Staging to Production, open
              asked      1970-01-01T00:00:00Z by ada: "better"
              needs      2 of 2 approvals more, until 1970-01-02T00:00:00Z
            """
                .formatted(ID));

    assertThat(models("approve", ID, "--comment", "fine")).isZero();

    assertThat(out.toString())
        .contains("  approved   1970-01-01T00:00:01Z by bob: \"fine\"\n", "needs      1 of 2");
    assertThat(models("request", "digits")).isEqualTo(2);
    assertThat(models("reject", ID)).isEqualTo(2);
  }

  @Test
  void check_exitCodeIsTheVerdict() {
    registry.report = report(true);
    assertThat(models("check", "digits@staging")).isZero();
    registry.report = report(false);
    assertThat(models("check", "digits@staging", "--json")).isEqualTo(1);

    assertThat(out.toString()).startsWith("{\"name\":\"digits\"").hasLineCount(1);
  }

  @Test
  void policy_isSetFromFlagsAndShown() {
    assertThat(
            models(
                "policy",
                "set",
                "digits",
                "--stage=staging",
                "--approvals=1",
                "--approver-roles=lead,boss",
                "--force-roles=oncall",
                "--check=signature=backward",
                "--check=metrics=metrics.a >= 0.9",
                "--request-lifetime=2h",
                "--allow-multiple-versions"))
        .as(err.toString())
        .isZero();

    assertThat(out.toString())
        .isEqualTo(
            """
            digits, Staging
              moved by   request
              approvals  1, by lead, boss, but the one who asked
              open for   2 hours
              forced by  oncall
              checks     signature: signature=backward
                         metrics: metrics=metrics.a >= 0.9
              several    versions may be there
              set        1970-01-01T00:00:00Z by ada
            """);
    assertThat(models("policy", "show", "digits")).isZero();
    assertThat(models("policy", "set", "--check=nonsense")).isEqualTo(2);
  }

  private static CheckReport report(boolean passed) {
    return CheckReport.newBuilder()
        .setName("digits")
        .setVersion(3)
        .setPassed(passed)
        .addResults(
            CheckResult.newBuilder()
                .setCheckName("quality")
                .setOutcome(
                    passed ? CheckOutcome.CHECK_OUTCOME_PASSED : CheckOutcome.CHECK_OUTCOME_FAILED)
                .setComparedWithVersion(2)
                .setLeftOut(passed ? 0 : 12)
                .setSummary(passed ? "good" : "not good\nenough")
                .addComparisons(
                    CheckComparison.newBuilder()
                        .setSubject("val_accuracy")
                        .setExpected(">= 0.95")
                        .setActual(passed ? "0.96" : "0.942")
                        .setPassed(passed))
                .setSignatureDiff(
                    SignatureDiff.newBuilder()
                        .addDifferences(
                            SignatureDifference.newBuilder()
                                .setPath("inputs[age]")
                                .setKind(SignatureDifference.Kind.KIND_TYPE_NARROWED)
                                .setOlder("long")
                                .setNewer("integer")
                                .setForwardCompatible(true))))
        .build();
  }

  /** Returns what a status has room for. */
  private static CheckReport shortened(CheckReport report) {
    CheckReport.Builder shortened = report.toBuilder();
    shortened
        .getResultsBuilderList()
        .forEach(r -> r.clearComparisons().clearSignatureDiff().clearLeftOut());
    return shortened.build();
  }

  private static StatusRuntimeException refusal(String reason, Message detail) {
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(Code.FAILED_PRECONDITION_VALUE)
            .setMessage("no")
            .addDetails(Any.pack(ErrorInfo.newBuilder().setReason(reason).build()))
            .addDetails(Any.pack(detail))
            .build());
  }

  /** Answers what it is told to, about version 3 of digits in Staging. */
  private static final class GuardedRegistry extends RegistryServiceGrpc.RegistryServiceImplBase {
    private static final ModelVersion VERSION =
        ModelVersion.newBuilder()
            .setName("digits")
            .setVersion(3)
            .setStage(Stage.STAGE_STAGING)
            .build();

    private volatile StatusRuntimeException refusal;
    private volatile boolean staged = true;
    private volatile StagePolicy policy;
    private volatile CheckReport report;
    private volatile TransitionStageRequest moved;
    private volatile CreateTransitionRequestRequest requested;

    @Override
    public void resolveVersion(
        ResolveVersionRequest request, StreamObserver<ResolveVersionResponse> observer) {
      if (staged) {
        answer(observer, ResolveVersionResponse.newBuilder().setModelVersion(VERSION).build());
      } else {
        observer.onError(refusal("STAGE_EMPTY", Any.getDefaultInstance()));
      }
    }

    @Override
    public void getStagePolicy(
        GetStagePolicyRequest request, StreamObserver<StagePolicy> observer) {
      answer(observer, policy);
    }

    @Override
    public void setStagePolicy(
        SetStagePolicyRequest request, StreamObserver<StagePolicy> observer) {
      policy =
          request.getPolicy().toBuilder()
              .setUpdateTime(Timestamp.getDefaultInstance())
              .setUpdatedBy("ada")
              .build();
      answer(observer, policy);
    }

    @Override
    public void transitionStage(
        TransitionStageRequest request, StreamObserver<TransitionStageResponse> observer) {
      moved = request;
      if (refusal != null) {
        observer.onError(refusal);
        return;
      }
      answer(
          observer,
          TransitionStageResponse.newBuilder()
              .setModelVersion(VERSION.toBuilder().setStage(request.getStage()))
              .addArchivedVersions(VERSION.toBuilder().setVersion(2))
              .setCheckReport(report(true))
              .build());
    }

    @Override
    public void checkTransition(
        CheckTransitionRequest request, StreamObserver<CheckReport> observer) {
      answer(observer, report);
    }

    @Override
    public void createTransitionRequest(
        CreateTransitionRequestRequest request, StreamObserver<TransitionRequest> observer) {
      requested = request;
      answer(observer, open(request.getComment()).build());
    }

    @Override
    public void approveTransitionRequest(
        ApproveTransitionRequestRequest request, StreamObserver<TransitionRequest> observer) {
      answer(
          observer,
          open("better")
              .addDecisions(
                  TransitionDecision.newBuilder()
                      .setActor("bob")
                      .setApproved(true)
                      .setComment(request.getComment())
                      .setDecisionTime(Timestamp.newBuilder().setSeconds(1)))
              .build());
    }

    private static TransitionRequest.Builder open(String comment) {
      return TransitionRequest.newBuilder()
          .setTransitionRequestId(ID)
          .setName("digits")
          .setVersion(3)
          .setFromStage(Stage.STAGE_STAGING)
          .setToStage(Stage.STAGE_PRODUCTION)
          .setComment(comment)
          .setState(TransitionRequestState.TRANSITION_REQUEST_STATE_OPEN)
          .setRequestedBy("ada")
          .setCreateTime(Timestamp.getDefaultInstance())
          .setExpireTime(Timestamp.newBuilder().setSeconds(86_400))
          .setRequiredApprovals(2);
    }

    private static <T> void answer(StreamObserver<T> observer, T message) {
      observer.onNext(message);
      observer.onCompleted();
    }
  }
}
